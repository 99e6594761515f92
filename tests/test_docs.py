"""The documents say what exists, and all of it: commands, settings, registers, files, messages, examples."""

from __future__ import annotations

import ast
import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cartera.settings import Settings
from data_quality.engine import in_number
from ingestion.contracts import REGISTERS
from ingestion.tables.mapping import load_mappings, parse_mappings
from ingestion.tables.names import normalise
from ingestion.tables.reader import read_table
from orchestration.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "guia.md").read_text(encoding="utf-8")
COOKBOOK = (ROOT / "docs" / "consultas.md").read_text(encoding="utf-8")
DOCUMENTS = {"README.md": README, "docs/guia.md": GUIDE, "docs/consultas.md": COOKBOOK}
CLI = typer.main.get_command(app)
FENCE = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DELIVERED = dt.date(2026, 7, 6)


def commands(node: Any = CLI, name: str = "cartera") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name."""
    children = getattr(node, "commands", {})
    if name != "cartera" and (not children or node.invoke_without_command):
        yield name, node
    for child, found in children.items():
        yield from commands(found, f"{name} {child}")


def options(command: Any) -> set[str]:
    return {o for p in command.params for o in (*p.opts, *p.secondary_opts) if o.startswith("--")}


def section(heading: str) -> str:
    """The guide's text below a heading, up to the next one of the same or a higher level."""
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(
        rf"^{re.escape(heading)}[^\n]*\n(.*?)(?=^#{{1,{level}}} |\Z)", GUIDE, re.MULTILINE | re.DOTALL
    )
    assert found, f"the guide has no heading {heading}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row, header rows aside."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = {i - 1 for i, row in enumerate(cells) if all(re.fullmatch(r"-+", c) for c in row)}
    return [row for i, row in enumerate(cells) if i not in heads and i - 1 not in heads]


def register_text(kind: str) -> str:
    """Where the guide names the columns of a register: a section of its own, or a row."""
    accepted = section("## Qué archivos acepta")
    heading = re.search(rf"^### [^\n]*\(`{kind}`\)$", accepted, re.MULTILINE)
    if heading:
        return section(heading[0])
    return next(" | ".join(row) for row in rows(accepted) if f"(`{kind}`)" in row[0])


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: str(value)[:40])
def test_guide_names_every_command_and_option(name: str, command: Any) -> None:
    row = next((r for r in rows(section("## Todos los comandos")) if f"`{name}`" in r[0]), None)
    assert row, f"{name} is not in «Todos los comandos»"
    assert options(command) - {"--help"} == set(re.findall(r"--[a-z-]+", row[1]))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_guide_names_every_setting_with_its_default(name: str) -> None:
    model: Any = Settings.model_fields[name].annotation
    told = {row[0].strip("`"): row[1].strip("`") for row in rows(section(f"### `[{name}]`"))}
    assert set(told) == {field.alias or key for key, field in model.model_fields.items()}
    values = tomllib.loads("\n".join(f"{key} = {value}" for key, value in told.items()))
    assert Settings.model_validate({name: values}) == Settings()


@pytest.mark.parametrize("kind", REGISTERS)
def test_guide_names_every_register_and_column(kind: str) -> None:
    text = register_text(kind)
    for column in REGISTERS[kind].columns:
        is_bold = f"**`{column.name}`**" in text
        assert is_bold == column.required, f"{kind}.{column.name}: obligatoria es {column.required}"
        assert f"`{column.name}`" in text, f"{kind}.{column.name} is not in the guide"


def test_spanish_headers_of_the_guide_are_understood() -> None:
    generic = {mapping.kind: mapping for mapping in load_mappings(None) if mapping.is_generic}
    for kind in REGISTERS:
        columns = {c.name for c in REGISTERS[kind].columns}
        for row in rows(register_text(kind)):
            name = row[0].strip("*`")
            if name in columns and len(row) == 3 and row[1]:
                assert normalise(row[1]) in generic[kind].synonyms[name], f"{kind}.{name}: {row[1]}"


def test_examples_of_the_guide_load() -> None:
    blocks = {(language, name): body for language, name, body in FENCE.findall(GUIDE) if name}
    own = parse_mappings(blocks.pop(("yaml", "mi-sistema.yml")).encode(), "mi-sistema.yml")
    mapped = blocks.pop(("csv", "ventas_2026-07-06.csv")).encode()
    shipped = load_mappings(None)
    kinds = set()
    for (_, name), body in blocks.items():
        reading = read_table(name, body.encode(), "0" * 16, DELIVERED, shipped)
        assert not reading.refusals, (name, reading.refusals)
        assert not reading.flags, (name, reading.flags)
        kinds.add(reading.kind)
    assert kinds >= {"invoices", "payments", "payment_applications", "customers", "credit_notes", "fx_rates",
                     "bank_lines", "disputes", "opening_balances"}  # fmt: skip
    assert read_table("ventas_2026-07-06.csv", mapped, "0" * 16, DELIVERED, shipped).file_refused
    reading = read_table("ventas_2026-07-06.csv", mapped, "0" * 16, DELIVERED, [*own, *shipped])
    loaded = reading.tables["register__invoices"].to_pylist()
    assert [(row["invoice_id"], row["customer_id"]) for row in loaded] == [
        ("A-1501", "000123"),
        ("A-1502", "000045"),
    ]
    assert [refusal.row_number for refusal in reading.refusals] == [6, 7]
    assert not reading.flags


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_written_exists(document: str) -> None:
    text = DOCUMENTS[document]
    lines = [line for _, _, body in FENCE.findall(text) for line in body.splitlines()]
    prose = FENCE.sub("", text).replace("\\|", "|")
    written = [m[1] for m in map(re.compile(r"(?:.*&& )?(?:\.venv/bin/)?(cartera .*)").fullmatch, lines) if m]
    written += re.findall(r"`(cartera [^`]+)`", prose)
    assert written
    for text_of_command in written:
        _exists(text_of_command)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in re.findall(r"`make (?:PYTHON=\S+ )?([a-z-]+)`", prose):
        assert target in targets, f"make {target} does not exist"


def _exists(written: str) -> None:
    """The words of a command as the documents write it: `a b|c [--option VALUE]`."""
    without_text = re.sub(r'"[^"]*"?', "", written.partition("#")[0])
    words = re.sub(r"[\[\]«»…]", " ", without_text).split()[1:]
    node: Any = CLI
    while words and hasattr(node, "commands") and not words[0].startswith("-"):
        names = words.pop(0).split("|")
        for name in names:
            assert name in node.commands, f"«{written}»: there is no «{name}»"
        node = node.commands[names[0]]
    for word in words:
        if word.startswith("--") and word != "--help":
            assert word in options(node), f"«{written}»: there is no {word}"


def test_files_named_in_the_readme_exist() -> None:
    missing = []
    for line in README.splitlines():
        folder = ""
        for word in re.findall(r"(?:[\w-]+/)*[\w-]*test[\w-]*(?:/[\w./-]*)?(?:\.py)?", line):
            path = word.rstrip("/.")
            if "/" in path:
                folder = path.rpartition("/")[0]
            elif path.startswith("test_") and path.endswith(".py"):
                path = f"{folder}/{path}"
            else:
                continue
            if not (ROOT / path).exists():
                missing.append(path)
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_resolve(document: str) -> None:
    text = DOCUMENTS[document]
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(([^)]+)\)", FENCE.sub("", text)):
        if target.startswith("#"):
            assert target[1:] in anchors, f"{document}: no heading {target}"
        elif not target.startswith("http"):
            path = (ROOT / document).parent / target.partition("#")[0]
            assert path.exists(), f"{document}: {target} does not exist"


def test_messages_of_the_guide_are_real() -> None:
    said = "\n".join(_texts())
    for row in rows(section("## Cuando algo falla")):
        for message in re.findall(r"«([^»]+)»", row[0]):
            assert message in said, f"nothing says «{message}»"


@cache
def _texts() -> tuple[str, ...]:
    """Every text in the code, in the plural: messages are among them."""
    folders = ("cartera", "ingestion", "data_quality", "orchestration", "dashboards")
    trees = (
        ast.parse(path.read_text(encoding="utf-8")) for f in folders for path in (ROOT / f).rglob("*.py")
    )
    return tuple(
        in_number(node.value, 2)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_readme_is_short() -> None:
    assert len(README.splitlines()) < 200
