"""Publishes a small snapshot for the app's tests, full or empty, with every mart and meta table.

The figures come from `fixture_company` by plain SQL: enough to be consistent, not the project's rules
(those are dbt's). Use `make_home` in tests; `build` for the file alone.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cartera import lastrun, snapshot
from cartera.home import FOLDERS, HomePaths
from tests.dashboards import fixture_marts, mart_columns
from tests.dashboards.fixture_company import AS_OF, CLOSING_RATE, FIRST, OWN_RFCS, RATE, Company, cents, make

RUN_ID = "20260630T131200"
PUBLISHED = dt.datetime(2026, 6, 30, 13, 12)  # noqa: DTZ001 - naive UTC, as in meta.snapshot


def make_home(
    folder: Path,
    *,
    empty: bool = False,
    hostile: bool = False,
    copies: int = 1,
    published: dt.datetime = PUBLISHED,
) -> HomePaths:
    """A home whose current snapshot is the small company's."""
    paths = HomePaths(folder)
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    candidate = paths.snapshots / "candidate.tmp"
    build(candidate, empty=empty, hostile=hostile, copies=copies, published=published)
    snapshot.publish_file(paths, candidate, RUN_ID, move_pointer=True)
    lastrun.write(paths.last_run_file, {
        "run_id": RUN_ID, "status": "published", "as_of": AS_OF.isoformat(), "finished_at": published.isoformat(),
    })  # fmt: skip
    return paths


def build(
    path: Path,
    *,
    empty: bool = False,
    hostile: bool = False,
    copies: int = 1,
    published: dt.datetime = PUBLISHED,
) -> None:
    """Write the database file."""
    path.unlink(missing_ok=True)
    connection = duckdb.connect(str(path))
    for schema, text in (("marts", mart_columns.MARTS), ("meta", mart_columns.META)):
        connection.execute(f"create schema {schema}")
        for name, columns in mart_columns.tables(text).items():
            spec = ", ".join(f'"{column}" {kind}' for column, kind in columns)
            connection.execute(f"create table {schema}.{name} ({spec})")
    company = Company() if empty else make(hostile, copies)
    if not empty:
        _facts(connection, company)
    _dates(connection, empty)
    _seeds(connection)
    connection.execute(fixture_marts.SNAPSHOT_MACROS.read_text(encoding="utf-8"))
    _items(connection)
    for statement in fixture_marts.STATEMENTS:
        connection.execute(statement)
    _meta(connection, published, empty)
    connection.execute("checkpoint")
    connection.close()


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert dictionaries by column name."""
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    given = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])
    connection.register("given_rows", given)
    connection.execute(f"insert into {table} by name select * from given_rows")
    connection.unregister("given_rows")


def _facts(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    by_invoice: dict[str, list[dict[str, Any]]] = {}
    for application in company.applications:
        by_invoice.setdefault(application["invoice_id"], []).append(application)
    movements: list[dict[str, Any]] = []
    intervals: list[dict[str, Any]] = []
    disputed = {row["invoice_id"]: row["disputed_amount_ccy"] for row in fixture_marts.disputes(company)}
    for invoice in company.invoices:
        paid = sorted(by_invoice.get(invoice["invoice_id"], []), key=lambda row: row["effective_date"])
        _finish_invoice(invoice, paid, disputed)
        movements += _movements(invoice, paid)
        intervals += _intervals(invoice, paid)
    for customer in company.customers:
        customer["customer_key"] = _key(customer["customer_id"])
    insert(connection, "marts.dim_customers", company.customers)
    insert(connection, "marts.fct_invoices", company.invoices)
    insert(connection, "marts.fct_payments", company.payments)
    insert(
        connection,
        "marts.fct_payment_applications",
        [row | {"is_invoice_known": True} for row in company.applications],
    )
    insert(connection, "marts.fct_credit_notes", company.credit_notes)
    insert(connection, "marts.fct_movements", movements)
    insert(connection, "marts.balance_intervals", intervals)
    insert(connection, "marts.disputes", [
        row | {"invoice_key": _key(row["invoice_id"]), "disputed_invoice_ccy": row["disputed_amount_ccy"]}
        for row in fixture_marts.disputes(company)
    ])  # fmt: skip
    days = [FIRST + dt.timedelta(days=n) for n in range((AS_OF - FIRST).days + 1)]
    insert(connection, "marts.fx_rates_daily", [
        {"date": day, "currency": currency, "mxn_per_unit": rate, "source": "DOF"}
        for day in days
        for currency, rate in (("MXN", Decimal(1)), ("USD", CLOSING_RATE if day == AS_OF else RATE))
    ])  # fmt: skip
    insert(connection, "marts.unapplied_intervals", [
        {"basis": basis, "doc_type": "payment", "doc_key": 1, "customer_key": _key(row["customer_id"]),
         "currency": row["currency"], "doc_date": row["payment_date"], "valid_from": row["payment_date"],
         "valid_to": dt.date(9999, 12, 31), "unapplied_ccy": row["unapplied_ccy"]}
        for row in company.payments if row["unapplied_ccy"] > 0
        for basis in ("effective", "as_recorded")
    ])  # fmt: skip


def _key(code: str) -> int:
    """C007 -> 7, F00012 -> 12: the marts join by whole numbers."""
    return int(code[1:])


def _finish_invoice(
    invoice: dict[str, Any], paid: list[dict[str, Any]], disputed: dict[str, Decimal]
) -> None:
    total_paid = sum((row["amount_ccy"] for row in paid), Decimal(0))
    cancelled = invoice.get("cancel_date") is not None
    still = Decimal(0) if cancelled else invoice["total_ccy"] - total_paid
    closing = CLOSING_RATE if invoice["currency"] == "USD" else Decimal(1)
    days = (AS_OF - invoice["due_date"]).days
    is_open = still > 0
    settled = paid[-1]["effective_date"] if paid and not is_open and not cancelled else None
    invoice |= {
        "invoice_key": _key(invoice["invoice_id"]),
        "total_mxn_issue": cents(invoice["total_ccy"] * invoice["fx_rate"]), "open_ccy": still,
        "open_mxn_issue": cents(still * invoice["fx_rate"]), "open_mxn_closing": cents(still * closing),
        "fiscal_open_ccy": still, "paid_ccy": total_paid, "credited_ccy": Decimal(0),
        "disputed_open_ccy": min(still, disputed.get(invoice["invoice_id"], Decimal(0))),
        "status": "cancelled" if cancelled else ("open" if is_open else "paid"),
        "days_past_due": days if is_open else None,
        "oldest_open_due_date": invoice["due_date"] if is_open else None,
        "bucket_due": fixture_marts.bucket(days) if is_open else None,
        "bucket_issue": fixture_marts.bucket((AS_OF - invoice["issue_date"]).days) if is_open else None,
        "settled_date": settled, "days_to_pay": (settled - invoice["issue_date"]).days if settled else None,
    }  # fmt: skip


def _movements(invoice: dict[str, Any], paid: list[dict[str, Any]]) -> list[dict[str, Any]]:
    base = {key: invoice[key] for key in ("invoice_id", "customer_id", "currency")} | {"instalment": 1}
    issued = invoice["issue_date"]
    rows = [base | {
        "movement_number": 0, "kind": "billed", "effective_date": issued,
        "recorded_date": issued, "amount_ccy": invoice["total_ccy"], "amount_mxn_issue": invoice["total_mxn_issue"],
        "document_id": invoice["invoice_id"], "source_kind": "cfdi", "source_file_id": invoice["source_file_id"],
    }]  # fmt: skip
    for number, row in enumerate(paid, start=1):
        rows.append(base | {
            "movement_number": number, "kind": "payment", "is_cash": True,
            "effective_date": row["effective_date"], "recorded_date": row["recorded_date"],
            "amount_ccy": -row["amount_ccy"], "amount_mxn_issue": -row["amount_mxn_issue"],
            "document_id": row["payment_id"], "source_kind": "register", "source_file_id": row["source_file_id"],
        })  # fmt: skip
    return rows


def _intervals(invoice: dict[str, Any], paid: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    since, still = invoice["issue_date"], invoice["total_ccy"]
    last = invoice.get("cancel_date") or dt.date(9999, 12, 31)
    for day, amount in [(row["effective_date"], row["amount_ccy"]) for row in paid] + [(last, still)]:
        if day > since and still > 0:
            rows.append((since, min(day, last), still))
        since, still = day, still - amount
    base = {key: invoice[key] for key in ("currency", "issue_date", "due_date")} | {
        "invoice_key": _key(invoice["invoice_id"]), "customer_key": _key(invoice["customer_id"]), "instalment": 1,
        "fx_issue_rate": invoice["fx_rate"],
    }  # fmt: skip
    return [
        base | {"basis": basis, "valid_from": start, "valid_to": end, "open_ccy": amount}
        for start, end, amount in rows
        for basis in ("effective", "as_recorded")
    ]


def _dates(connection: duckdb.DuckDBPyConnection, empty: bool) -> None:
    start = AS_OF if empty else FIRST
    connection.execute(
        "insert into marts.dim_report_dates select d, d = last_day(d), dayofweek(d) = 0, d = $last, "
        "date_trunc('month', d) from (select unnest(generate_series($first::date, $last, interval 1 day))::date as d) "
        "where d = last_day(d) or dayofweek(d) = 0 or d = $last",
        {"first": start, "last": AS_OF},
    )


def _seeds(connection: duckdb.DuckDBPyConnection) -> None:
    """The project's own definitions, so that the screens are tested with the words that people will read."""
    for name in ("kpis", "exception_rules", "buckets"):
        file = fixture_marts.SEEDS / f"{name}.csv"
        connection.execute(
            f"insert into meta.{name} by name select * from read_csv('{file}', all_varchar = true)"
        )


def _items(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"create temp table items as {fixture_marts.ITEMS} limit 0", {"d": FIRST})
    for (day,) in connection.execute("select as_of from marts.dim_report_dates order by 1").fetchall():
        connection.execute(f"insert into items {fixture_marts.ITEMS}", {"d": day})


def _meta(connection: duckdb.DuckDBPyConnection, published: dt.datetime, empty: bool) -> None:
    for table, rows in fixture_marts.meta_rows(RUN_ID, AS_OF, published, empty).items():
        insert(connection, f"meta.{table}", rows)
    insert(connection, "meta.snapshot", [{
        "run_id": RUN_ID, "as_of": AS_OF, "published_at": published, "code_version": "0.1.0", "fingerprint": "f" * 64,
        "company_name": "Comercial Demo", "own_rfcs": "|".join(OWN_RFCS), "row_counts": json.dumps({}),
        "totals": json.dumps({}),
    }])  # fmt: skip
    connection.execute(
        "insert into meta.columns select schema_name || '.' || table_name, column_name, "
        "'Columna de prueba ' || column_name, data_type from duckdb_columns() where schema_name = 'marts'"
    )
