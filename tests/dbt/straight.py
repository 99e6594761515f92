"""The project's SQL run straight on DuckDB, without dbt at each build: a small company in about a second.

What dbt compiled (models in order, tests, seeds) is run over each company in memory. tests/dbt/test_dbt.py holds
that dbt itself makes the same of the same company.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from cartera.warehouse import SAFE_SETTINGS
from tests.dbt.compiled import SENTINEL, Node, Project, project
from tests.dbt.raw_home import OWN_RFC, Raw, fill

CORE = ("marts/core",)


def build(
    raw: Raw | Path, as_of: date | str = "2026-06-30", only: Sequence[str] = CORE, **variables: Any
) -> duckdb.DuckDBPyConnection:
    """The marts asked for (by name or folder) with all below them, for a company that names no RFC of its own unless
    told; the project's own tests of them hold."""
    variables = {"own_rfcs": ()} | variables
    connection = run(raw, as_of, only, **variables)
    assert broken(connection, as_of, **variables) == {}
    return connection


def run(
    raw: Raw | Path, as_of: date | str, only: Sequence[str] = (), **variables: Any
) -> duckdb.DuckDBPyConnection:
    """The models over this company (or a home's warehouse), as it stood at `as_of`: all, or those asked for and what
    is below them. Marts are found by their bare names, the rest in `warehouse`."""
    compiled = _project(variables)
    connection = duckdb.connect(":memory:", config=SAFE_SETTINGS | {"threads": "1"})
    connection.execute("attach ':memory:' as warehouse; attach ':memory:' as marts_db; use warehouse")
    if isinstance(raw, Path):
        _copy(connection, raw)
    else:
        fill(connection, raw)
    for schema in ("staging", "intermediate", "seeds"):
        connection.execute(f"create schema warehouse.{schema}")
    connection.execute("create schema marts_db.marts")
    for relation, table in compiled.seeds.items():
        connection.register("seed_rows", table)
        connection.execute(f"create table {relation} as from seed_rows")
        connection.unregister("seed_rows")
    wanted = _needed(compiled, only)
    for node in compiled.nodes:
        if node.name in wanted and not node.is_test:
            connection.execute(node.sql.replace(SENTINEL, str(as_of)))
    connection.execute("use marts_db.marts")
    return connection


def _project(variables: dict[str, Any]) -> Project:
    given = {"own_rfcs": (OWN_RFC,)} | variables
    return project(
        **{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    )


def _copy(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    connection.execute(f"attach '{warehouse}' as home (read_only); create schema warehouse.raw")
    names = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'home' and schema_name = 'raw'"
    ).fetchall()
    for (name,) in names:
        connection.execute(f"create table warehouse.raw.{name} as from home.raw.{name}")
    connection.execute("detach home")


def _needed(compiled: Project, only: Sequence[str]) -> set[str]:
    """These models, folders of models or tests, with everything below them."""
    if not only:
        return {node.name for node in compiled.nodes}
    found: set[str] = set()
    for asked in only:
        named = {n.name for n in compiled.nodes if asked in (n.name, n.folder.removeprefix("models/"))}
        assert named, f"no model, folder or test is called {asked}"
        found |= named
    for node in reversed(compiled.nodes):  # each stands after its parents
        if node.name in found:
            found.update(node.parents)
    return found


def broken(
    connection: duckdb.DuckDBPyConnection, as_of: date | str, **variables: Any
) -> dict[str, list[Any]]:
    """The project's own tests (identities, keys, codes) that do not hold, with their first rows: all those whose
    models are there."""
    names = connection.execute(
        "select table_name, schema_name from duckdb_tables() "
        "union all select view_name, schema_name from duckdb_views()"
    ).fetchall()
    there = {name for name, _ in names}
    made = {name for name, schema in names if schema != "seeds"}
    nodes = _project(variables).nodes
    # a model's table may bear another name: kpi_figures makes kpis, which is also a seed's
    there |= {node.name for node in nodes if _relation(node) in made}
    found: dict[str, list[Any]] = {}
    for node in nodes:
        if node.is_test and there.issuperset(node.parents):
            sql = f"select * from ({node.sql.replace(SENTINEL, str(as_of))}) limit 3"
            rows = connection.execute(sql).fetchall()
            if rows:
                found[node.name] = rows
    return found


def _relation(node: Node) -> str:
    """What a model makes is called: `create table "marts_db"."marts"."kpis" as …`."""
    return "" if node.is_test else node.sql.split(" as ", 1)[0].rsplit(".", 1)[-1].strip('"')


def contents(connection: duckdb.DuckDBPyConnection, *, without: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Every mart's rows, sorted, without the columns named."""
    columns = connection.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = 'marts_db' group by 1 order by 1"
    ).fetchall()
    found = {}
    for mart, names in columns:
        chosen = ", ".join(f'"{name}"' for name in names if name not in without)
        found[mart] = connection.execute(
            f"select {chosen} from marts_db.marts.{mart} order by all"
        ).fetchall()
    return found
