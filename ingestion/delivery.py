"""The delivery: what one intake read, between the inbox and raw, where gate 1 judges it.

A file of its own with the new rows (`delivery`) and what came (`intake`). The rows of CFDIs stay in the Parquet parts
that the readers wrote, seen through views, so that they are copied only once. Disposable: a killed run starts again.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa

from cartera.home import HomePaths
from cartera.warehouse import first_row
from ingestion import bulk
from ingestion.archive import PLACES
from ingestion.contracts import CFDI_TABLES, MAIN_TABLES, RAW_TABLES
from ingestion.intake import Intake


def parts_folder(paths: HomePaths) -> Path:
    """Where the Parquet parts of this intake lie."""
    return paths.delivery_file.with_suffix(".parts")


def discard(paths: HomePaths) -> None:
    """Take away the delivery and its parts."""
    paths.delivery_file.unlink(missing_ok=True)
    shutil.rmtree(parts_folder(paths), ignore_errors=True)


def prepare(delivery: duckdb.DuckDBPyConnection, parts: Path) -> None:
    """Empty tables and an empty folder."""
    parts.mkdir(parents=True)
    delivery.execute("create schema delivery; create schema intake")
    for table in RAW_TABLES.values():
        delivery.execute(f"create table delivery.{table.name} ({table.create_sql})")
    for name, schema in (("arrived", bulk.ARRIVED), ("refused", bulk.REFUSED), ("places", PLACES)):
        delivery.register("empty", schema.empty_table())
        delivery.execute(f"create table intake.{name} as from empty")
        delivery.unregister("empty")


def insert(delivery: duckdb.DuckDBPyConnection, target: str, table: pa.Table) -> None:
    """Add Arrow rows to a table."""
    delivery.register("rows_to_insert", table)
    delivery.execute(f"insert into {target} by name select * from rows_to_insert")
    delivery.unregister("rows_to_insert")


def take_parts(delivery: duckdb.DuckDBPyConnection, parts: Path) -> None:
    """Show the parts as tables; where a content was read twice, its first reading alone."""
    found = first_row(delivery, "select count(*) from intake.surplus")
    for name in (table.name for table in CFDI_TABLES.values()):
        files = sorted(str(path) for path in parts.glob(f"{name}.*.parquet"))
        if not files:
            continue
        listed = ", ".join(
            "'" + re.sub(r"([*?\[])", r"[\1]", file).replace("'", "''") + "'" for file in files
        )
        delivery.execute(f"drop table delivery.{name}")
        if not found or not found[0]:
            delivery.execute(f"create view delivery.{name} as select * from read_parquet([{listed}])")
            continue
        delivery.execute(
            f"create table delivery.{name} as select * exclude (filename) "
            f"from read_parquet([{listed}], filename = true) r where not exists (select 1 from intake.surplus s "
            "where s.content_id = r.source_file_id and r.filename like '%.' || s.part || '.parquet')"
        )


def hold(delivery: duckdb.DuckDBPyConnection, kind: str, reason: str) -> None:
    """Keep a kind's rows out: its files wait as `pending` with the reason."""
    delivery.execute(
        f"create or replace temp table held as select distinct source_file_id from delivery.{MAIN_TABLES[kind].name}"
    )
    cfdis = [table.name for table in CFDI_TABLES.values()]
    for name, table in RAW_TABLES.items():
        if name not in cfdis:
            delivery.execute(f"delete from delivery.{name} where source_file_id in (from held)")
        elif kind == "cfdi":  # a view cannot lose rows
            view = first_row(delivery, "select 1 from duckdb_views() where view_name = ?", [name])
            delivery.execute(f"drop {'view' if view else 'table'} delivery.{name}")
            delivery.execute(f"create table delivery.{name} ({table.create_sql})")
    delivery.execute(
        "update intake.files set status = 'pending', reason = ?, rows_read = 0, rows_loaded = 0, "
        "rows_quarantined = 0, rows_duplicate = 0 where content_id in (from held)",
        [reason],
    )
    delivery.execute(
        "delete from intake.quarantine where file_id in (select file_id from intake.files where status = 'pending')"
    )


def settle(delivery: duckdb.DuckDBPyConnection, duplicates: list[tuple[str, int]]) -> dict[str, int]:
    """Count the rows that raw already had, by content, and sum the ZIPs. Returns the files by status."""
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
    return dict(
        delivery.execute("select status, count(*) from intake.files group by 1 order by 1").fetchall()
    )


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


def summary(delivery: duckdb.DuckDBPyConnection) -> Intake:
    """What the intake found: counts for people, and what gate 1 needs."""
    intake = Intake()
    intake.files_by_status = dict(
        delivery.execute("select status, count(*) from intake.files group by 1 order by 1").fetchall()
    )
    intake.files_new = sum(intake.files_by_status.values())
    refused = "intake.quarantine q join intake.files f using (file_id)"
    intake.refused_rows = dict(
        delivery.execute(f"select kind, count(*) from {refused} group by 1 order by 1").fetchall()
    )
    for path, member, row_number, location, reason in delivery.execute(
        f"select path, member, row_number, location, q.reason from {refused} order by path, member, row_number, "
        "quarantine_id limit 5"
    ).fetchall():
        name = f"{path} › {member}" if member else path
        place = "" if row_number is None else f", {location}"
        intake.problems.append(f"{name}{place}: {reason.removeprefix(name + ': ')}")
    for name, table in RAW_TABLES.items():
        amount = next((c.name for c in table.columns if c.name in {"total", "amount", "monto"}), None)
        total = f"sum({amount})" if amount else "null"
        found = first_row(delivery, f"select count(*), {total} from delivery.{name}")
        if found and found[0]:
            intake.delivered_rows[name] = found[0]
            intake.delivered_totals[name] = str(found[1]) if amount else ""
    return intake
