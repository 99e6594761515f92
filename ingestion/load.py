"""The whole stretch from inbox to raw: `collect` reads what is new into a delivery file, `commit` keeps it.

Between the two stands gate 1, which may hold a kind back. Both are safe to repeat after a kill: a file is
known only once the ledger has taken it over, and raw rows are replaced by content.
"""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from cartera.calendar import utc_now
from cartera.home import HomePaths
from cartera.progress import Reporter
from cartera.settings import Settings
from cartera.warehouse import attach, first_row, writable
from ingestion import archive, inbox
from ingestion.contracts import FULL_DELIVERIES_SQL, MAIN_TABLES, RAW_TABLES
from ingestion.intake import Intake, reader_keys
from ingestion.ledger import Ledger
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
    listed = inbox.scan(paths.inbox)
    now = utc_now()
    paths.delivery_file.parent.mkdir(parents=True, exist_ok=True)
    paths.delivery_file.unlink(missing_ok=True)
    with Ledger.open(paths) as ledger:
        full_refresh = full_refresh or not _warehouse_matches(paths, ledger.token)
        unread = list(listed) if full_refresh else ledger.unread(listed, list(keys.values()))
        seconds = settings.ingest.settle_seconds if settle else 0
        unread, moving = _settled(unread, seconds, reporter, wait=not scheduled)
        ledger.mark_pending(unread, now)
        archive.delete_leftovers(paths.ledger_file.parent, {p.pack for p in ledger.places()})
        with writable(paths.delivery_file) as delivery:
            run = Collector(paths, settings, mappings, keys, ledger, delivery, reporter)
            intake = run.read(unread, moving, full_refresh=full_refresh)
    intake.inbox_state = inbox.state_hash(listed) if not moving else ""
    return intake


def commit(paths: HomePaths, held_kinds: dict[str, str], reporter: Reporter) -> dict[str, int]:
    """Move the delivery into raw and the ledger, but for the kinds that gate 1 holds (kind -> reason).

    Returns the files by status of this intake. Safe to repeat: raw rows are replaced by content.
    """
    reporter.step("Guardando lo leído")
    with Ledger.open(paths) as ledger:
        token = ledger.token
        withdrawn = [row.content_id for row in ledger.withdrawn_rows()]
    with writable(paths.delivery_file) as delivery:
        for kind, reason in held_kinds.items():
            _hold(delivery, kind, reason)
    with writable(paths.warehouse_file) as warehouse:
        duplicates = _into_raw(warehouse, paths.delivery_file, token)
        purge(warehouse, withdrawn)  # again: a kill may have come between the ledger and raw
    with writable(paths.delivery_file) as delivery:
        for content_id, rows in duplicates:
            delivery.execute(
                "update intake.files set rows_duplicate = least(?, rows_loaded), rows_loaded = "
                "greatest(rows_loaded - ?, 0), status = case when rows_loaded - ? <= 0 and rows_quarantined = 0 "
                "then 'duplicate' else status end, reason = case when rows_loaded - ? <= 0 and "
                "rows_quarantined = 0 then 'Todas sus filas ya estaban cargadas' else reason end "
                "where content_id = ? and status = 'loaded'",
                [rows, rows, rows, rows, content_id],
            )
        _sum_archives(delivery)
        counts = dict(
            delivery.execute("select status, count(*) from intake.files group by 1 order by 1").fetchall()
        )
    with Ledger.open(paths) as ledger:
        ledger.merge(paths.delivery_file, utc_now())
    paths.delivery_file.unlink(missing_ok=True)
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


def _settled(
    files: list[inbox.InboxFile], seconds: int, reporter: Reporter, *, wait: bool
) -> tuple[list[inbox.InboxFile], list[inbox.InboxFile]]:
    """Part files that rest from files that may still be being written."""
    now = time.time()
    young = {f.path: f for f in files if seconds and 0 <= now - f.mtime_ns / 1e9 < seconds}
    if not young:
        return files, []
    if wait:
        reporter.note(f"Hay archivos recién copiados: se espera {seconds} s a que terminen")
        time.sleep(max(seconds - (now - max(f.mtime_ns for f in young.values()) / 1e9), 0))
        young = {path: f for path, f in young.items() if _changed(f)}
    return [f for f in files if f.path not in young], list(young.values())


def _changed(file: inbox.InboxFile) -> bool:
    try:
        status = file.location.stat()
    except OSError:
        return True
    return (status.st_size, status.st_mtime_ns) != (file.size_bytes, file.mtime_ns)


def _warehouse_matches(paths: HomePaths, token: str) -> bool:
    """Whether raw was derived from this ledger; a lost or foreign warehouse is rebuilt from the archive."""
    with writable(paths.warehouse_file) as warehouse:
        warehouse.execute(
            "create schema if not exists raw; create table if not exists raw._derived_from (token varchar)"
        )
        found = first_row(warehouse, "select token from raw._derived_from")
    return found is not None and found[0] == token


def _hold(delivery: duckdb.DuckDBPyConnection, kind: str, reason: str) -> None:
    """Keep a kind's rows out: its files wait as `pending` with the reason."""
    main = MAIN_TABLES[kind].name
    delivery.execute(
        f"create or replace temp table held as select distinct source_file_id from delivery.{main}"
    )
    for name in RAW_TABLES:
        delivery.execute(f"delete from delivery.{name} where source_file_id in (from held)")
    delivery.execute(
        "update intake.files set status = 'pending', reason = ?, rows_read = 0, rows_loaded = 0, "
        "rows_quarantined = 0, rows_duplicate = 0 where content_id in (from held)",
        [reason],
    )
    delivery.execute(
        "delete from intake.quarantine where file_id in (select file_id from intake.files where status = 'pending')"
    )


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


def _sum_archives(delivery: duckdb.DuckDBPyConnection) -> None:
    """A ZIP's own row sums its members."""
    delivery.execute(
        """update intake.files z set rows_read = s.rows_read, rows_loaded = s.rows_loaded,
             rows_quarantined = s.rows_quarantined, rows_duplicate = s.rows_duplicate,
             status = case when s.pending > 0 then 'pending' when s.rows_loaded > 0 or s.members = 0 then 'loaded'
                           when s.rows_duplicate > 0 then 'duplicate' else 'quarantined' end,
             reason = case when s.members = 0 then 'El ZIP no trae archivos' when s.rows_loaded = 0
                           then 'Ningún miembro se cargó; mira cada uno' else '' end
           from (select path, count(*) as members, sum(rows_read) as rows_read, sum(rows_loaded) as rows_loaded,
                        sum(rows_quarantined) as rows_quarantined, sum(rows_duplicate) as rows_duplicate,
                        count(*) filter (where status = 'pending') as pending
                 from intake.files where member <> '' group by path) s
           where z.member = '' and z.kind = 'zip' and z.path = s.path
             and z.status not in ('quarantined', 'withdrawn')"""
    )
