"""The whole stretch from inbox to raw: `collect` reads what is new into a delivery file, `commit` keeps it.

Between the two stands gate 1, which may hold a kind back. Both are safe to repeat after a kill: a file is
known only once the ledger has taken it over, and raw rows are replaced by content.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from cartera.calendar import utc_now
from cartera.home import HomePaths
from cartera.progress import Reporter
from cartera.settings import Settings
from cartera.warehouse import attach, first_row, writable
from ingestion import archive, delivery, inbox
from ingestion.contracts import FULL_DELIVERIES_SQL, RAW_TABLES
from ingestion.decide import decide
from ingestion.intake import Intake, reader_keys
from ingestion.ledger import Ledger
from ingestion.readers import Readers
from ingestion.routing import Collector
from ingestion.tables.mapping import load_mappings

NO_DATA = ["total_row", "repeated_header"]  # refusals of rows that are no data


def collect(
    paths: HomePaths,
    settings: Settings,
    reporter: Reporter,
    *,
    full_refresh: bool = False,
    scheduled: bool = False,
    settle: bool = True,
) -> Intake:
    """Read everything new of the inbox into `delivery.duckdb`. Raises only for the home's own faults."""
    mappings = load_mappings(paths.mappings)
    keys = reader_keys(mappings)
    reporter.step("Buscando archivos nuevos")
    paths.delivery_file.parent.mkdir(parents=True, exist_ok=True)
    delivery.discard(paths)
    with Ledger.open(paths) as ledger, Readers(settings.ingest.workers) as readers:
        known, known_bytes = ledger.known_files()
        listing = inbox.scan(
            paths.inbox, lambda files, size: readers.expect(files - known, size - known_bytes)
        )
        full_refresh = full_refresh or not _warehouse_matches(paths, ledger.token)
        unread = listing.files if full_refresh else ledger.unread(listing.files, list(keys.values()))
        seconds = settings.ingest.settle_seconds if settle else 0
        unread, moving = _settled(
            unread, paths.inbox, listing.real, seconds, wait=not scheduled, reporter=reporter
        )
        ledger.mark_pending(unread, utc_now())
        archive.delete_leftovers(paths.ledger_file.parent, ledger.packs())
        with writable(paths.delivery_file) as delivered:
            run = Collector(paths, readers, mappings, keys, ledger, delivered, reporter)
            run.read(unread, listing.real, full_refresh=full_refresh)
    with writable(paths.delivery_file) as delivered:
        decide(delivered, paths.ledger_file, keys, moving, forget=full_refresh)
        delivery.take_parts(delivered, delivery.parts_folder(paths))
        intake = delivery.summary(delivered)
    intake.inbox_state = listing.state if not len(moving) else ""
    return intake


def commit(paths: HomePaths, held_kinds: dict[str, str], reporter: Reporter) -> dict[str, int]:
    """Move the delivery into raw and the ledger, but for the kinds that gate 1 holds (kind -> reason).

    Returns the files by status of this intake. Safe to repeat: raw rows are replaced by content.
    """
    reporter.step("Guardando lo leído")
    with Ledger.open(paths) as ledger:
        token, withdrawn = ledger.token, ledger.withdrawn_contents()
    with writable(paths.delivery_file) as delivered:
        for kind, reason in held_kinds.items():
            delivery.hold(delivered, kind, reason)
    with writable(paths.warehouse_file) as warehouse:
        duplicates = _into_raw(warehouse, paths.delivery_file, token)
        purge(warehouse, withdrawn)  # again: a kill may have come between the ledger and raw
    with writable(paths.delivery_file) as delivered:
        counts = delivery.settle(delivered, duplicates)
    with Ledger.open(paths) as ledger:
        ledger.merge(paths.delivery_file, utc_now())
    delivery.discard(paths)
    return counts


def ensure_raw(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the raw tables, and add columns that a newer contract has."""
    connection.execute("create schema if not exists raw")
    connection.execute(f"create table if not exists raw.full_deliveries ({FULL_DELIVERIES_SQL})")
    have: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from information_schema.columns where table_schema = 'raw'"
    ).fetchall():
        have.setdefault(table, set()).add(column)
    for table in RAW_TABLES.values():
        if table.name not in have:
            connection.execute(f"create table raw.{table.name} ({table.create_sql})")
            continue
        for column, definition in zip(table.all_columns, table.create_sql.split(", "), strict=True):
            if column.name not in have[table.name]:
                connection.execute(f"alter table raw.{table.name} add column {definition}")


def refill(paths: HomePaths, table: str, schema: str, select: str, parameters: Sequence[object] = ()) -> None:
    """Make the raw table `table` again from what the ledger file keeps beside its files.

    `schema` makes the ledger's own table where it is missing; `select` reads it from `ledger`.
    """
    with writable(paths.ledger_file) as ledger:
        ledger.execute(schema)
    with writable(paths.warehouse_file) as warehouse:
        ensure_raw(warehouse)
        attach(warehouse, paths.ledger_file, "ledger")
        warehouse.execute(f"begin; delete from raw.{table}")
        warehouse.execute(f"insert into raw.{table} by name {select}", list(parameters))
        warehouse.execute("commit")


def _note_full_deliveries(warehouse: duckdb.DuckDBPyConnection) -> None:
    """What this delivery says it holds whole. A file with unreadable rows does not: a row set aside is not gone."""
    warehouse.execute(
        "delete from raw.full_deliveries where source_file_id in (select content_id from delivery.intake.contents)"
    )
    warehouse.execute(
        "insert into raw.full_deliveries select distinct substr(flag, 15), delivery_date, content_id from ("
        "select unnest(string_split(flags, ' ')) as flag, delivery_date, content_id, file_id "
        "from delivery.intake.files where status = 'loaded') f where flag like 'delivery_full:%' and not exists ("
        "select 1 from delivery.intake.quarantine q where q.file_id = f.file_id and q.code not in ?)",
        [NO_DATA],
    )


def purge(warehouse: duckdb.DuckDBPyConnection, content_ids: list[str]) -> None:
    """Take the raw rows of withdrawn contents out."""
    if content_ids:
        for name in RAW_TABLES:
            warehouse.execute(f"delete from raw.{name} where source_file_id in ?", [content_ids])
        warehouse.execute("delete from raw.full_deliveries where source_file_id in ?", [content_ids])


def _settled(listed: pa.Table, inbox_folder: Path, real: dict[str, str], seconds: int, *, wait: bool,
             reporter: Reporter) -> tuple[pa.Table, pa.Table]:  # fmt: skip
    """Part files that rest from files that may still be being written."""
    now = time.time_ns()
    age = pc.subtract(pa.scalar(now, pa.int64()), listed["mtime_ns"])
    young = pc.and_(pc.greater_equal(age, 0), pc.less(age, seconds * 1_000_000_000))
    if not seconds or not pc.any(young).as_py():
        return listed, listed.schema.empty_table()
    if wait:
        reporter.note(f"Hay archivos recién copiados: se espera {seconds} s a que terminen")
        time.sleep(max(seconds - pc.min(age.filter(young)).as_py() / 1e9, 0))
        changed = [
            is_young and _changed(inbox_folder / real.get(path, path), size, mtime_ns)
            for is_young, path, size, mtime_ns in zip(
                *(column.to_pylist() for column in (young, *listed.columns[:3])), strict=True)
        ]  # fmt: skip
        young = pa.array(changed, pa.bool_())
    return listed.filter(pc.invert(young)), listed.filter(young)


def _changed(location: Path, size: int, mtime_ns: int) -> bool:
    try:
        status = location.stat()
    except OSError:
        return True
    return (status.st_size, status.st_mtime_ns) != (size, mtime_ns)


def _warehouse_matches(paths: HomePaths, token: str) -> bool:
    """Whether raw was derived from this ledger; a lost or foreign warehouse is rebuilt from the archive."""
    with writable(paths.warehouse_file) as warehouse:
        warehouse.execute(
            "create schema if not exists raw; create table if not exists raw._derived_from (token varchar)"
        )
        found = first_row(warehouse, "select token from raw._derived_from")
    return found is not None and found[0] == token


def _into_raw(warehouse: duckdb.DuckDBPyConnection, delivery_file: Path, token: str) -> list[tuple[str, int]]:
    """Replace raw rows by content, in one transaction. Returns rows already known, by content."""
    ensure_raw(warehouse)
    warehouse.execute("create table if not exists raw._derived_from (token varchar)")
    attach(warehouse, delivery_file, "delivery")
    duplicates: dict[str, int] = {}
    warehouse.execute("begin")
    try:
        for name, table in RAW_TABLES.items():
            warehouse.execute(
                f"delete from raw.{name} where source_file_id in (select content_id from delivery.intake.contents)"
            )
            if not table.name.startswith("cfdi__"):
                for content_id, rows in warehouse.execute(
                    f"select source_file_id, count(*) from delivery.delivery.{name} d where exists "
                    f"(select 1 from raw.{name} r where r.row_hash = d.row_hash) group by 1"
                ).fetchall():
                    duplicates[content_id] = duplicates.get(content_id, 0) + rows
            warehouse.execute(f"insert into raw.{name} by name select * from delivery.delivery.{name}")
        _note_full_deliveries(warehouse)
        warehouse.execute("delete from raw._derived_from")
        warehouse.execute("insert into raw._derived_from values (?)", [token])
        warehouse.execute("commit")
    except BaseException:
        warehouse.execute("rollback")
        raise
    warehouse.execute("detach delivery")
    return sorted(duplicates.items())
