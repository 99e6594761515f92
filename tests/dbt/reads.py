"""Which marts a page or report reads, from its code: the query functions it calls, and what their SQL names."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLES = re.compile(r"\b(?:marts|meta)\.([a-z_0-9]+)")
SEEDS = {"kpis", "exception_rules", "buckets"}  # of `meta`, what dbt builds
MACROS = (ROOT / "dbt_project" / "macros_snapshot.sql").read_text(encoding="utf-8")


def macro_tables() -> dict[str, set[str]]:
    """The table macros of the snapshot, and the marts below each."""
    parts = re.split(r"create or replace macro marts\.(\w+)", MACROS)[1:]
    found = {name: set(TABLES.findall(body)) for name, body in zip(parts[::2], parts[1::2], strict=True)}
    while any(inner & set(found) for inner in found.values()):
        for name, inner in found.items():
            found[name] = set().union(*(found.get(table, {table}) for table in inner))
    return found


def named_in(text: str) -> set[str]:
    """The marts and seeds that a text of SQL reads; a macro counts as what it reads."""
    macros = macro_tables()
    known = {name for name in set(TABLES.findall(text)) if _is_built(name, text)}
    return set().union(*(macros.get(name, {name}) for name in known))


def _is_built(name: str, text: str) -> bool:
    return f"marts.{name}" in text or name in SEEDS


@cache
def _module(dotted: str) -> tuple[Path, ast.Module]:
    path = ROOT.joinpath(*dotted.split(".")).with_suffix(".py")
    return path, ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.Module, package: str) -> dict[str, str]:
    """Local name → module, of the modules imported from a package."""
    return {
        alias.asname or alias.name: f"{package}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == package
        for alias in node.names
    }


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """Every name that a module defines at its top."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    return found


def functions_read(dotted: str, names: set[str]) -> set[str]:
    """What these functions of a query module read, with everything of the module that they use."""
    path, tree = _module(dotted)
    definitions, text = _definitions(tree), path.read_text(encoding="utf-8")
    todo, seen = sorted(names & set(definitions)), set()
    while todo:
        name = todo.pop()
        seen.add(name)
        used = {node.id for node in ast.walk(definitions[name]) if isinstance(node, ast.Name)}
        todo += sorted((used & set(definitions)) - seen - set(todo))
    segments = (ast.get_source_segment(text, definitions[name]) or "" for name in seen)
    return named_in("\n".join(segments))


def view_reads(dotted: str, seen: frozenset[str] = frozenset(), *, inner: bool = True) -> set[str]:
    """What a view reads: its own calls to query modules, and (`inner`) the views that it draws inside itself."""
    _, tree = _module(dotted)
    queries = _imports(tree, "dashboards.queries")
    used: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in queries:
            used.setdefault(queries[node.value.id], set()).add(node.attr)
    read = set().union(*(functions_read(module, names) for module, names in used.items()))
    for view in _imports(tree, "dashboards.views").values() if inner else ():
        if view not in seen:
            read |= view_reads(view, seen | {dotted, view})
    return read


def files_read(paths: list[Path]) -> set[str]:
    """What the SQL of these files reads, whole."""
    return set().union(*(named_in(path.read_text(encoding="utf-8")) for path in paths))
