"""Publishing: the candidate marts become a complete snapshot, after this module's own last look.

Whatever the scheduler thinks of its checks, nothing is published here that breaks a law.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb

from cartera import snapshot
from cartera.calendar import utc_now
from cartera.errors import GateRefused, WarehouseError
from cartera.warehouse import attach, first_row, writable
from ingestion import forecasts
from ingestion.ledger import Ledger
from orchestration.context import Check, RunContext, store_run
from orchestration.fingerprint import code_version
from orchestration.transform import PROJECT, manifest_file

SEEDS_IN_META = ("kpis", "exception_rules", "buckets")

# law -> (SQL that counts what breaks it, words). L1-L3: files and rows; L4: money.
LAWS = {
    "L1_L2_files": (
        "select count(*) from meta.files where status not in ('loaded', 'quarantined', 'duplicate', 'pending', "
        "'withdrawn')",
        "hay archivos sin estado",
    ),
    "L3_rows": (
        "select count(*) from meta.files where rows_read <> rows_loaded + rows_quarantined + rows_duplicate",
        "hay archivos cuyas filas leídas no suman cargadas + apartadas + repetidas",
    ),
    "L4_open": (
        "select count(*) from (select invoice_id, sum(amount_ccy) as s from marts.fct_movements group by 1) m "
        "full join (select invoice_id, open_ccy from marts.fct_invoices) i using (invoice_id) "
        "where abs(coalesce(s, 0) - coalesce(open_ccy, 0)) >= 0.005",
        "hay facturas cuyo saldo no es la suma de sus movimientos",
    ),
    "L4_payments": (
        "select count(*) from marts.fct_payments where reversed_date is null "
        "and abs(amount_ccy - applied_ccy - unapplied_ccy) >= 0.005",
        "hay pagos cuyo importe no es lo aplicado más lo no aplicado",
    ),
    "buckets": (
        "select count(*) from marts.aging_by_customer where current_mxn + d1_30_mxn + d31_60_mxn + d61_90_mxn "
        "+ d91_120_mxn + d120_plus_mxn <> gross_mxn or gross_mxn - unapplied_mxn <> net_mxn",
        "hay clientes cuyos rangos no suman su cartera",
    ),
}


def publish(run: RunContext) -> Path:
    """Assemble, audit and publish. Raises GateRefused where a check refuses and nothing was accepted."""
    run.reporter.step("Publicando")
    # gate 1 has already had its say: what it held is pending, and the run goes on without it
    refusals = [check for check in run.checks if check.refuses and check.gate != "delivery"]
    if refusals and not run.request.accept:
        _refuse(refusals)
    candidate = run.paths.snapshots / f".{run.run_id}.candidate"
    try:
        assemble(run, candidate)
        broken = [check for check in run.checks if check.gate == "publish" and check.refuses]
        if broken:
            _refuse(broken)
        moves = _moves_pointer(run)
        if (
            moves
        ):  # before the file stands in its place: a kill between the two loses no forecast that was seen
            forecasts.keep(run.paths, candidate, run.run_id, run.request.as_of)
        path = snapshot.publish_file(run.paths, candidate, run.run_id, move_pointer=moves)
    except duckdb.Error as error:
        raise WarehouseError(
            f"no se pudo armar la publicación ({str(error).splitlines()[0][:200]})",
            str(candidate),
            "Vuelve a correr",
        ) from error
    finally:
        candidate.unlink(missing_ok=True)
    run.status = "published" if moves else "kept"
    run.published = path
    if not moves:
        run.say(
            f"La publicación {run.run_id} (corte {run.request.as_of}) se guardó sin ponerla al frente, porque la "
            "actual es de un corte posterior; para ponerla al frente usa --publish"
        )
    snapshot.prune(run.paths, run.settings.publish.keep)
    return path


def _refuse(checks: list[Check]) -> None:
    words = "; ".join(check.message or check.check_name for check in checks[:3])
    more = f" y {len(checks) - 3} más" if len(checks) > 3 else ""
    raise GateRefused(
        f"no se publicó: {words}{more}",
        "",
        'Lo publicado antes sigue vigente. Revisa «Calidad» o corre con --accept "motivo" si es correcto',
    )


def assemble(run: RunContext, candidate: Path) -> None:
    """Copy the marts file and add `meta` and the macros."""
    snapshot.copy_file(run.paths.marts_file, candidate)
    published_at = utc_now()
    with Ledger.open(run.paths) as ledger:
        run.status = "published"
        store_run(ledger, run, published_at)
    with writable(candidate) as c:
        c.execute("create schema if not exists marts; create schema if not exists meta")
        for path, alias in ((run.paths.ledger_file, "ledger"), (run.paths.warehouse_file, "warehouse")):
            attach(c, path, alias)
        c.execute(
            "create table meta.files as select * exclude (mtime_ns, reader_key) from ledger.files "
            "order by path, member"
        )
        c.execute(
            "create table meta.quarantine as select q.quarantine_id, q.file_id, f.path, f.member, f.kind, "
            "q.row_number, q.location, q.code, q.reason, q.raw_text, q.first_seen_at, q.status "
            "from ledger.quarantine q "
            "join ledger.files f using (file_id) order by f.path, f.member, q.row_number"
        )
        for table in ("runs", "checks"):
            c.execute(f"create table meta.{table} as from ledger.{table} order by run_id")
        for seed in SEEDS_IN_META:
            c.execute(f"create table meta.{seed} as from warehouse.seeds.{seed}")
        _dictionary(c, manifest_file(run.paths))
        _identity(c, run, published_at)
        c.execute("detach ledger; detach warehouse")
        c.execute((PROJECT / "macros_snapshot.sql").read_text(encoding="utf-8"))
        _check_laws(c, run)
        c.execute("checkpoint")


def _dictionary(c: duckdb.DuckDBPyConnection, manifest_file: Path) -> None:
    """meta.columns: every published column with its description, from the models' own YAML."""
    described: dict[tuple[str, str], str] = {}
    if manifest_file.is_file():
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
        for node in manifest["nodes"].values():
            for column in node.get("columns", {}).values():
                described[(node.get("alias") or node["name"], column["name"])] = column.get("description", "")
    rows = c.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'marts' "
        "and database_name = current_database() order by table_name, column_index"
    ).fetchall()
    c.execute(
        "create table meta.columns (table_name varchar, column_name varchar, description varchar, data_type varchar)"
    )
    if rows:
        c.executemany(
            "insert into meta.columns values (?, ?, ?, ?)",
            [[table, column, described.get((table, column), ""), kind] for table, column, kind in rows],
        )


def _identity(c: duckdb.DuckDBPyConnection, run: RunContext, published_at: dt.datetime) -> None:
    counts: dict[str, int] = dict(
        c.execute(
            "select table_name, estimated_size from duckdb_tables() where schema_name = 'marts' "
            "and database_name = current_database() order by 1"
        ).fetchall()
    )
    totals = first_row(
        c,
        "select coalesce(sum(gross_mxn), 0)::varchar, coalesce(sum(overdue_mxn), 0)::varchar, "
        "coalesce(sum(unapplied_mxn), 0)::varchar from marts.aging_by_customer "
        "where as_of = ? and basis = 'effective'",
        [run.request.as_of],
    ) or ("0", "0", "0")
    rfcs = [
        row[0]
        for row in c.execute(
            "select company_rfc from warehouse.intermediate.int_own_companies order by 1"
        ).fetchall()
    ]
    name = run.settings.company.name or _company_name(c, rfcs)
    c.execute(
        "create table meta.snapshot as select ?::varchar as run_id, ?::date as as_of, ?::timestamp as published_at, "
        "?::varchar as code_version, ?::varchar as fingerprint, ?::varchar as company_name, ?::varchar as own_rfcs, "
        "?::varchar as row_counts, ?::varchar as totals",
        [run.run_id, run.request.as_of, published_at, code_version(), run.fingerprint, name, ", ".join(rfcs),
         json.dumps(counts, sort_keys=True),
         json.dumps({"gross_mxn": totals[0], "overdue_mxn": totals[1], "unapplied_mxn": totals[2]})],
    )  # fmt: skip


def _company_name(c: duckdb.DuckDBPyConnection, rfcs: list[str]) -> str:
    found = first_row(
        c,
        "select emisor_nombre from warehouse.raw.cfdi__documents where emisor_rfc in ? and emisor_nombre <> '' "
        "group by 1 order by count(*) desc, 1 limit 1",
        [rfcs or [""]],
    )
    return str(found[0]) if found else ""


def _check_laws(c: duckdb.DuckDBPyConnection, run: RunContext) -> None:
    """Judge the assembled candidate; the verdicts stand in its own meta.checks."""
    for law, (sql, words) in LAWS.items():
        found = first_row(c, sql)
        broken = int(found[0]) if found else 0
        message = f"{words} ({broken})" if broken else ""
        status = "failed" if broken else "passed"
        run.checks.append(Check("publish", law, "", status, "critical", message, str(broken)))
        c.execute(
            "insert into meta.checks values (?, 'publish', ?, '', ?, 'critical', ?, ?)",
            [run.run_id, law, status, message, str(broken)],
        )


def _moves_pointer(run: RunContext) -> bool:
    """A past day never replaces a later one unless asked to."""
    current = snapshot.current(run.paths)
    return current is None or run.request.publish or run.request.as_of >= current.as_of


def last_comparable(run: RunContext) -> Path | None:
    """The last snapshot of an earlier or equal day: what gate 2 compares the candidate with."""
    for found in snapshot.list_all(run.paths):
        if found.as_of <= run.request.as_of:
            return found.path
    return None
