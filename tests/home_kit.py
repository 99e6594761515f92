"""A home by hand, in this process: files put with their day, the real collect and commit, the models on what loaded.

Lighter than the command line (tests/end_to_end/conftest.py): for tests that need many deliveries or many orders.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from cartera.home import FOLDERS, HomePaths
from cartera.progress import Silent
from cartera.settings import Settings
from ingestion import load
from ingestion.contracts import MAIN_TABLES, RAW_TABLES
from tests.dbt import straight

DAY = dt.date(2026, 7, 1)


def make_home(folder: Path) -> HomePaths:
    """An empty home."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    return HomePaths(folder)


def put(paths: HomePaths, files: Mapping[str, bytes | str], day: dt.date = DAY) -> None:
    """Files into the inbox, last written at noon of `day`: their delivery date, unless their name has one."""
    moment = dt.datetime.combine(day, dt.time(18), dt.UTC).timestamp()
    for name, data in files.items():
        path = paths.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        os.utime(path, (moment, moment))


def ingest(paths: HomePaths, **options: bool) -> dict[str, int]:
    """One run's intake; gives the files by status."""
    load.collect(paths, Settings(), Silent(), settle=False, **options)
    return load.commit(paths, {}, Silent())


def ledger(paths: HomePaths, sql: str) -> list[tuple[Any, ...]]:
    """A query on the ledger."""
    with duckdb.connect(str(paths.ledger_file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def raw_hash(paths: HomePaths) -> dict[str, tuple[int, int]]:
    """Rows and a hash that no order changes, of every raw table."""
    with duckdb.connect(str(paths.warehouse_file), read_only=True) as connection:
        return {name: _hash(connection, f"raw.{name}") for name in RAW_TABLES}


def marts(paths: HomePaths, as_of: str, only: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """The marts of what is loaded now, for a company that names no RFC of its own."""
    return straight.run(paths.warehouse_file, as_of, only, own_rfcs=())


def mart_hash(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Rows and a hash that no order changes, of every mart."""
    names = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts'"
    ).fetchall()
    return {name: _hash(connection, f'marts_db.marts."{name}"') for (name,) in sorted(names)}


def _hash(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int]:
    grouped = f"select t, count(*) as n from {table} as t group by t"
    (found,) = connection.execute(
        f"select coalesce(sum(n), 0), coalesce(bit_xor(hash(t, n)), 0) from ({grouped})"
    ).fetchall()
    return int(found[0]), int(found[1])


def laws(paths: HomePaths, delivered: Mapping[str, bytes | str]) -> None:
    """L1, L2 and L3 of all that was ever put: each file, member and row has one end, and raw holds what loaded."""
    files = ledger(
        paths,
        "select path, member, content_id, status, rows_read, rows_loaded, rows_quarantined, rows_duplicate, kind, "
        "reason from files",
    )
    assert sorted(row[0] for row in files if row[1] == "") == sorted(delivered)
    assert {row[3] for row in files} <= {"loaded", "quarantined", "duplicate", "pending"}
    members = {name: sum(1 for row in files if row[0] == name and row[1]) for name in delivered}
    assert members == {name: _members(data) if members[name] else 0 for name, data in delivered.items()}
    assert all(row[4] == row[5] + row[6] + row[7] for row in files)
    # what a reader took is in raw; a copy of known bytes adds nothing
    kept = {
        row[2]: row[4] - row[6] for row in files if row[8] != "zip" and not row[9].startswith("Es idéntico")
    }
    assert {content: rows for content, rows in kept.items() if rows} == raw_rows(paths)
    aside = dict(ledger(paths, "select file_id, count(*) from quarantine where status = 'open' group by 1"))
    own = ledger(
        paths, "select file_id, rows_quarantined from files where rows_quarantined > 0 and kind <> 'zip'"
    )
    assert {file: aside.get(file) for file, _ in own} == dict(own)


def raw_rows(paths: HomePaths) -> dict[str, int]:
    """Rows of the main raw tables, by content."""
    counts: dict[str, int] = {}
    with duckdb.connect(str(paths.warehouse_file), read_only=True) as connection:
        for name in {table.name for table in MAIN_TABLES.values()}:
            sql = f"select source_file_id, count(*) from raw.{name} group by 1"
            for content, rows in connection.execute(sql).fetchall():
                counts[content] = counts.get(content, 0) + rows
    return counts


def _members(data: bytes | str) -> int:
    content = data if isinstance(data, bytes) else data.encode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return sum(1 for entry in archive.infolist() if not entry.is_dir())
