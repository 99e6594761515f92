"""Marts of twenty invoices that tie to the cent, built by SQL, to be broken one thing at a time."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import duckdb

from data_quality.grains import GRAINS
from tests.dashboards import mart_columns

STATEMENTS = """
create temp table days as select * from (values
    (date '2026-04-30', true, false, false), (date '2026-05-31', true, true, false),
    (date '2026-06-28', false, true, false), (date '2026-06-30', true, false, true)) v(d, m, s, r);
insert into marts.dim_report_dates select d, m, s, r, date_trunc('month', d) from days;
insert into marts.dim_customers by name
    select 'C' || range as customer_id, 'Cliente ' || range as customer_name, 'RFC' || range as rfc from range(4);
-- invoices of 1,000 a week since January; every third one is paid in full, every fourth half
create temp table inv as
    select 'F' || range as invoice_id, 'C' || range % 4 as customer_id, 1000.00::decimal(18,2) as total,
        date '2026-01-05' + (range * 7)::integer as issued, date '2026-02-04' + (range * 7)::integer as due,
        case when range % 3 = 0 then 1000.00 when range % 4 = 0 then 500.00 else 0 end::decimal(18,2) as paid
    from range(20);
insert into marts.fct_movements by name
    select invoice_id, customer_id, 1 as instalment, 0 as movement_number, 'billed' as kind,
        issued as effective_date, issued as recorded_date, total as amount_ccy, 'MXN' as currency,
        total as amount_mxn_issue, 'f1' as source_file_id from inv
    union all by name
    select invoice_id, customer_id, 1 as instalment, 2 as movement_number, 'payment' as kind,
        issued + 20 as effective_date, issued + 20 as recorded_date, -paid as amount_ccy, 'MXN' as currency,
        -paid as amount_mxn_issue, 'f2' as source_file_id from inv where paid > 0;
insert into marts.fct_invoices by name
    select invoice_id, printf('00000000-0000-4000-8000-%012d', rowid) as uuid, 'A-' || rowid as folio_label,
        customer_id, 'MXN' as currency, issued as issue_date, due as due_date, total as total_ccy,
        total - paid as open_ccy, total - paid as open_mxn_closing, total - paid as open_mxn_issue,
        case when paid = total then 'paid' else 'open' end as status from inv;
insert into marts.fct_payments by name
    select 'P' || invoice_id as payment_id, customer_id, issued + 20 as payment_date, 'MXN' as currency,
        paid as amount_ccy, paid as applied_ccy, 0 as unapplied_ccy, 'applied' as status from inv where paid > 0;
insert into marts.aging_open_items by name
    select d as as_of, 'effective' as basis, invoice_id, 1 as instalment, customer_id, 'MXN' as currency,
        sum(amount_ccy) as open_ccy, sum(amount_ccy) as open_mxn_closing,
        sum(amount_ccy) as open_mxn_issue, due as due_date, (d - due)::integer as days_past_due
    from days join marts.fct_movements on effective_date <= d join inv using (invoice_id, customer_id)
    group by all having sum(amount_ccy) > 0;
create temp table cells as
    select as_of, customer_id, open_mxn_closing as m, greatest(0, least(5, ceil(days_past_due / 30.0)))::integer as k
    from marts.aging_open_items;
insert into marts.aging_by_cut by name
    select as_of, customer_id, 'MXN' as currency, coalesce(sum(m) filter (k = 0), 0) as current_mxn,
        coalesce(sum(m) filter (k = 1), 0) as d1_30_mxn, coalesce(sum(m) filter (k = 2), 0) as d31_60_mxn,
        coalesce(sum(m) filter (k = 3), 0) as d61_90_mxn, coalesce(sum(m) filter (k = 4), 0) as d91_120_mxn,
        coalesce(sum(m) filter (k = 5), 0) as d120_plus_mxn, sum(m) as gross_mxn,
        coalesce(sum(m) filter (k > 0), 0) as overdue_mxn, 0 as unapplied_mxn, sum(m) as net_mxn
    from cells group by all;
insert into marts.aging_by_customer by name
    select * exclude (company, branch, segment, salesperson, account_owner, currency, gross_ccy), 'effective' as basis
    from marts.aging_by_cut;
insert into marts.morosidad by name
    select as_of, 'total' as dimension, 'total' as value, 100 * sum(overdue_mxn) / sum(gross_mxn) as by_amount_pct
    from marts.aging_by_customer group by all;
insert into marts.collection_speed by name
    select month, as_of as month_end, 'total' as dimension, 'total' as value, 45.5 as dso_simple,
        44 as dso_rolling_3m, 47 as dso_countback from marts.dim_report_dates where is_month_end;
insert into marts.billed_vs_collected by name
    select month, 'total' as dimension, 'total' as value from marts.dim_report_dates where is_month_end;
insert into marts.kpis by name
    select 'gross_ar' as kpi, '2026-06-30' as period, 'total' as dimension, 'total' as dimension_value, 1 as value;
insert into marts.worklist by name select customer_id from marts.dim_customers;
insert into marts.exceptions by name select 'FOLIO_GAP' as rule, 'A-113' as entity_id;
insert into marts.disputes by name select 'D1' as dispute_id;
insert into marts.dispute_board by name
    select date '2026-06-30' as as_of, 'total' as dimension, 'total' as value, 50 as accepted_pct;
insert into marts.weekly_bridge values
    ('2026-06-28', 'start', 1, 100), ('2026-06-28', 'billed', 2, 50), ('2026-06-28', 'collected_applied', 3, -30),
    ('2026-06-28', 'credit_notes', 4, -5), ('2026-06-28', 'cancelled', 5, 0), ('2026-06-28', 'write_offs', 6, 0),
    ('2026-06-28', 'other', 7, 0), ('2026-06-28', 'fx', 8, 2), ('2026-06-28', 'rounding', 9, 0.01),
    ('2026-06-28', 'end', 10, 117.01), ('2026-06-28', 'residual', 11, 0);
"""

# the other marts: one row of key and percentages, and the amounts that must add up
AMOUNTS = {
    "roll_forward": "beginning billed cancelled payments_applied payments_reversed credit_notes_applied write_offs "
    "ending unvalued_items",
    "cash_forecast": "expected_mxn",
    "provision": "gross_mxn expected_loss_mxn",
    "provision_by_segment": "gross_mxn expected_loss_mxn",
}
FILLED = """
insert into marts.roll_forward values ('2026-06-01', 100, 50, 5, 30, 10, 6, 4, 115, 0);
insert into marts.cash_forecast
    select as_of, 'later', sum(gross_mxn) from marts.aging_by_customer where basis = 'effective' group by as_of;
insert into marts.provision
    select as_of, 'current', sum(gross_mxn), 1 from marts.aging_by_customer where basis = 'effective' group by as_of;
insert into marts.provision_by_segment select as_of, s, b, gross_mxn / 2, 0.5
    from (select as_of, bucket as b, gross_mxn from marts.provision) cross join (values ('A'), ('B')) v(s);
"""


def _other_marts(connection: duckdb.DuckDBPyConnection) -> None:
    for name, (key, percentages) in GRAINS.items():
        numbers = (*percentages, *AMOUNTS.get(name, "").split())
        kinds = [f'"{c}" {"DATE" if c in {"as_of", "month"} else "VARCHAR"}' for c in key]
        columns = [*kinds, *(f'"{c}" DECIMAL(18,2)' for c in numbers)]
        if not connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'marts' and table_name = ?", [name]
        ).fetchall():
            connection.execute(f"create table marts.{name} ({', '.join(columns)})")
            if name not in AMOUNTS:
                values = ["'2026-06-30'"] * len(key) + ["50"] * len(numbers)
                connection.execute(f"insert into marts.{name} values ({', '.join(values)})")
    connection.execute(FILLED)


def build(path: Path, change: str = "") -> Path:
    """A candidate file; attached under another name, for a file called marts.duckdb holds a schema marts."""
    path.write_bytes(_good())
    if change:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as made; use made")
            connection.execute(change)
    return path


@cache
def _good() -> bytes:
    """The file of the good marts, made once a session."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.duckdb"
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as made; use made; create schema marts")
            for name, columns in mart_columns.tables(mart_columns.MARTS).items():
                spec = ", ".join(f'"{column}" {kind}' for column, kind in columns)
                connection.execute(f"create table marts.{name} ({spec})")
            connection.execute(STATEMENTS)
            _other_marts(connection)
        return path.read_bytes()
