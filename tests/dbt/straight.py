"""The project's SQL run straight on DuckDB, without dbt at each build: many small companies in a few seconds.

dbt builds once, over an empty home; what it compiled (models in order, tests, seeds) is kept and run over each
company in memory. The day of the reading is a date that stands nowhere else, so that it can be replaced.
"""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from cartera.warehouse import SAFE_SETTINGS
from tests.dbt.raw_home import OWN_RFC, Raw, fill, transform, write_warehouse

SENTINEL = "2026-02-03"
ALL = ("*", "--exclude-resource-type", "unit_test")  # unit tests have days of their own


@dataclass(frozen=True)
class Project:
    """What dbt compiled for one set of variables."""

    models: tuple[
        tuple[str, str, str], ...
    ]  # (relation, materialization, SQL) in the order that dbt built them
    tests: tuple[tuple[str, str], ...]  # (name, SQL): each row is a break
    seeds: tuple[tuple[str, Any], ...]  # (relation, Arrow table)


@functools.cache
def project(**variables: Any) -> Project:
    """Compile the whole project, once a session for each set of variables."""
    with tempfile.TemporaryDirectory() as folder:
        results: list[Any] = []
        warehouse, marts = Path(folder) / "warehouse.duckdb", Path(folder) / "marts.duckdb"
        write_warehouse(Raw(), warehouse)
        connection = transform(warehouse, marts, SENTINEL, ALL, collected=results, **_frozen(variables))
        nodes = [r.node for r in results]
        seeds = [
            (f"warehouse.{n.schema}.{n.alias}", connection.sql(f"from w.{n.schema}.{n.alias}").to_arrow_table())
            for n in nodes if n.resource_type == "seed"
        ]  # fmt: skip
        connection.close()
    models = [
        (n.relation_name, n.config.materialized, n.compiled_code) for n in nodes if n.resource_type == "model"
    ]
    tests = [(n.name, n.compiled_code) for n in nodes if n.resource_type == "test"]
    return Project(tuple(models), tuple(tests), tuple(seeds))


def _frozen(variables: dict[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in variables.items()}


def run(raw: Raw, as_of: date | str, **variables: Any) -> duckdb.DuckDBPyConnection:
    """Every model over this company, as it stood at `as_of`; marts are found by their bare names."""
    compiled = project(own_rfcs=(OWN_RFC,), **variables)
    connection = duckdb.connect(":memory:", config=SAFE_SETTINGS)
    connection.execute("attach ':memory:' as warehouse; attach ':memory:' as marts_db; use warehouse")
    fill(connection, raw)
    for schema in ("staging", "intermediate", "seeds"):
        connection.execute(f"create schema warehouse.{schema}")
    connection.execute("create schema marts_db.marts")
    for relation, table in compiled.seeds:
        connection.register("seed_rows", table)
        connection.execute(f"create table {relation} as from seed_rows")
        connection.unregister("seed_rows")
    for relation, materialization, sql in compiled.models:
        kind = "view" if materialization == "view" else "table"
        connection.execute(f"create {kind} {relation} as {sql.replace(SENTINEL, str(as_of))}")
    connection.execute("use marts_db.marts")
    return connection


def broken(
    connection: duckdb.DuckDBPyConnection, as_of: date | str, **variables: Any
) -> dict[str, list[Any]]:
    """The project's own tests (identities, keys, codes) that do not hold, with their first rows."""
    compiled = project(own_rfcs=(OWN_RFC,), **variables)
    found: dict[str, list[Any]] = {}
    for name, sql in compiled.tests:
        rows = connection.execute(f"select * from ({sql.replace(SENTINEL, str(as_of))}) limit 3").fetchall()
        if rows:
            found[name] = rows
    return found


def contents(connection: duckdb.DuckDBPyConnection, *, without: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Every mart's rows, sorted, without the columns named."""
    found = {}
    for (mart,) in connection.execute(
        "select table_name from information_schema.tables where table_catalog = 'marts_db' order by 1"
    ).fetchall():
        columns = [
            f'"{column}"' for (column,) in connection.execute(
                "select column_name from information_schema.columns where table_catalog = 'marts_db' "
                "and table_name = ? order by ordinal_position", [mart],
            ).fetchall() if column not in without
        ]  # fmt: skip
        found[mart] = connection.execute(
            f"select {', '.join(columns)} from marts_db.marts.{mart} order by all"
        ).fetchall()
    return found
