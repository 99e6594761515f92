"""What dbt compiles of the project for one set of variables, kept on disk by the hash of its sources.

dbt reads and compiles once for each change of the project; every process after that reads the result. The day of
the reading is a date that stands nowhere else, so that whoever runs the SQL can put another in its place.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb

from cartera.home import FOLDERS, HomePaths
from orchestration import transform
from orchestration.transform import PROJECT
from tests.dbt.raw_home import Raw, write_warehouse

SENTINEL = "2026-02-03"
KEPT = PROJECT / "target" / "straight"  # of no version control, and `make clean` removes it


@dataclass(frozen=True)
class Node:
    """One model or test: `sql` makes the model's table, or finds the test's breaks."""

    name: str
    folder: str  # models/marts/core
    parents: tuple[str, ...]
    sql: str
    is_test: bool


@dataclass(frozen=True)
class Project:
    """The whole project; the models stand after their parents."""

    nodes: tuple[Node, ...]
    seeds: dict[str, Any]  # relation: Arrow table


@functools.cache
def project(**variables: Any) -> Project:
    """The project for these variables, compiled by whoever asks first. Lists are given as tuples."""
    with _locked() as folder:
        seeds = folder / "loaded.duckdb"
        file = folder / f"{hashlib.sha256(repr(sorted(variables.items())).encode()).hexdigest()[:16]}.json"
        if not file.is_file():
            nodes = _compile(seeds, variables)
            file.with_suffix(".tmp").write_text(
                json.dumps([asdict(node) for node in nodes]), encoding="utf-8"
            )
            file.with_suffix(".tmp").replace(file)
        rows = json.loads(file.read_text(encoding="utf-8"))
        nodes = [Node(**row | {"parents": tuple(row["parents"])}) for row in rows]
        return Project(tuple(nodes), _seeds(str(seeds)))


@contextmanager
def _locked() -> Iterator[Path]:
    """The folder of the project as it is now, for one process at a time; what other versions left is removed."""
    with _lock("lock"):
        folder = KEPT / fingerprint()
        for other in KEPT.iterdir():
            if other.is_dir() and other != folder:
                shutil.rmtree(other)
        folder.mkdir(exist_ok=True)
        yield folder


@contextmanager
def _lock(name: str) -> Iterator[None]:
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@functools.cache
def fingerprint() -> str:
    """A hash of everything that decides what dbt compiles."""
    digest = hashlib.sha256("".join(version(name) for name in ("dbt-core", "dbt-duckdb", "duckdb")).encode())
    sources = [
        p for p in PROJECT.rglob("*") if p.suffix in {".sql", ".yml", ".csv"} and "target" not in p.parts
    ]
    for path in sorted([*sources, Path(__file__)]):
        digest.update(str(path.relative_to(PROJECT.parent)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def dbt(paths: HomePaths, *arguments: str, **variables: Any) -> list[Any]:
    """Run dbt itself on a home's warehouse; its results, all of them good."""
    with patch.dict(os.environ, DO_NOT_TRACK="1"):  # and the paths that dbt reads there are put back
        with _lock("manifest.lock"):
            manifest = transform.parsed_project(paths)
        done = transform.invoke(paths, [*arguments, "--vars", json.dumps(variables)], manifest=manifest)
    results = list(done.result.results) if done.result else []
    assert done.success, [f"{r.node.name}: {r.message}" for r in results if r.message] or done.exception
    return results


def write_home(folder: Path, raw: Raw) -> HomePaths:
    """A home whose warehouse holds this company."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    paths = HomePaths(folder)
    write_warehouse(raw, paths.warehouse_file)
    return paths


def _compile(seeds: Path, variables: dict[str, Any]) -> list[Node]:
    """Compiling asks nothing but the seeds: they are loaded by dbt once, into the file kept."""
    with tempfile.TemporaryDirectory() as name:
        paths = write_home(Path(name) / "home", Raw())
        if seeds.is_file():
            shutil.copy2(seeds, paths.warehouse_file)
        else:
            dbt(paths, "seed")
            shutil.copy2(paths.warehouse_file, seeds.with_suffix(".tmp")).replace(seeds)
        results = dbt(paths, "compile", as_of=SENTINEL, **variables)
    nodes = {r.node.unique_id: r.node for r in results if r.node.resource_type in {"model", "test"}}
    order = TopologicalSorter(
        {key: sorted(set(node.depends_on.nodes) & set(nodes)) for key, node in nodes.items()}
    )
    return [_node(nodes[key]) for key in order.static_order()]


def _node(node: Any) -> Node:
    parents = tuple(key.rsplit(".", 1)[-1] for key in node.depends_on.nodes if key.startswith("model."))
    is_test, sql = node.resource_type == "test", node.compiled_code
    if not is_test:  # as macros/materializations.sql does
        kind = "view" if node.config.materialized == "view" else "table"
        sql = f"create {kind} {node.relation_name} as {sql}"
    return Node(node.name, os.path.dirname(node.original_file_path), parents, sql, is_test)  # noqa: PTH120


@functools.cache
def _seeds(file: str) -> dict[str, Any]:
    with duckdb.connect(file, read_only=True) as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'seeds'"
        ).fetchall()
        return {
            f"warehouse.seeds.{name}": connection.sql(f"from seeds.{name}").to_arrow_table()
            for (name,) in sorted(names)
        }
