"""Opening a DuckDB file for a gate: read-only, under a name of ours, others beside it.

A file called `marts.duckdb` that holds a schema `marts` makes `marts.fct_invoices` ambiguous to DuckDB,
so the file is attached as `checked` to an empty database in memory instead of being opened by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from cartera.warehouse import SAFE_SETTINGS

NAME = "checked"


def open_readonly(database: Path, attach: Mapping[str, Path] | None = None) -> duckdb.DuckDBPyConnection:
    """Connect to `database` as the default catalogue; `attach` names other files by alias."""
    connection = duckdb.connect(":memory:")
    for name, value in SAFE_SETTINGS.items():
        connection.execute(f"SET {name} = '{value}'")
    for alias, path in {NAME: database, **(attach or {})}.items():
        text = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{text}' AS {alias} (READ_ONLY)")
    connection.execute(f"USE {NAME}")
    return connection


def tables_of(database: Path, schema: str) -> dict[str, tuple[int, dict[str, str]]]:
    """The tables of a schema that have rows: how many, and the columns with their types."""
    if not database.exists():
        return {}
    columns: dict[str, dict[str, str]] = {}
    with open_readonly(database) as connection:
        rows = connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where schema_name = ? and database_name = ? order by table_name, column_index",
            [schema, NAME],
        ).fetchall()
        for table, column, kind in rows:
            columns.setdefault(table, {})[column] = kind
        counts = {
            table: connection.execute(f'select count(*) from {schema}."{table}"').fetchall()[0][0]
            for table in columns
        }
    return {table: (counts[table], columns[table]) for table in columns if counts[table]}
