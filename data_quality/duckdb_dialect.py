"""The SQLAlchemy dialect `duckdb+gx://` through which Great Expectations reads a DuckDB file.

Stock duckdb-engine fails under Great Expectations on DuckDB 2: rows are read after its transaction
was rolled back, and reflection asks for catalogue tables that DuckDB does not have. Only what gates
need is mended here: reading, always read-only. Nothing else in Cartera talks to DuckDB by SQLAlchemy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb_engine
import sqlalchemy
from sqlalchemy import types
from sqlalchemy.dialects import registry

from data_quality.opening import open_readonly

URL_SCHEME = "duckdb+gx"

TYPES: tuple[tuple[str, type[types.TypeEngine[Any]]], ...] = (
    ("DECIMAL", types.Numeric),
    ("BIGINT", types.BigInteger),
    ("INTEGER", types.Integer),
    ("BOOLEAN", types.Boolean),
    ("DATE", types.Date),
    ("TIMESTAMP", types.DateTime),
    ("DOUBLE", types.Float),
)

_opened: list[Any] = []


class ReadOnlyDialect(duckdb_engine.Dialect):  # type: ignore[misc]  # the base is untyped
    """Reads a DuckDB file, and others attached read-only beside it; never writes, never begins."""

    driver = "gx"
    supports_statement_cache = False

    def connect(self, *_: Any, **arguments: Any) -> Any:
        """Open `file`, and the other files of `attach`, read-only."""
        attach = {alias: Path(path) for alias, path in arguments["attach"].items()}
        connection = open_readonly(Path(arguments["file"]), attach)
        _opened.append(connection)
        return duckdb_engine.ConnectionWrapper(connection)

    def do_begin(self, connection: Any) -> None:
        """Nothing: a transaction would end before its rows are read."""

    def do_rollback(self, connection: Any) -> None:
        """Nothing: see do_begin."""

    def do_commit(self, connection: Any) -> None:
        """Nothing: see do_begin."""

    def get_columns(
        self, connection: Any, table_name: str, schema: str | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        """Read the columns from DuckDB's own catalogue, of the main file only."""
        rows = connection.execute(
            sqlalchemy.text(
                "select column_name, data_type, is_nullable from duckdb_columns() "
                "where database_name = current_database() and schema_name = :schema and table_name = :name "
                "order by column_index"
            ),
            {"schema": schema or "main", "name": table_name},
        ).fetchall()
        return [
            {"name": name, "type": _type(kind), "nullable": bool(nullable), "default": None}
            for name, kind, nullable in rows
        ]


def close_opened() -> None:
    """Close every connection this dialect opened, so that the file locks go whatever the caller kept."""
    while _opened:
        _opened.pop().close()


def _type(name: str) -> types.TypeEngine[Any]:
    for start, kind in TYPES:
        if name.startswith(start):
            return kind()
    return types.String()


def register() -> None:
    """Make `duckdb+gx://` known to SQLAlchemy (harmless when repeated)."""
    registry.register("duckdb.gx", __name__, "ReadOnlyDialect")
