"""Every SELECT of the weekly review. They read a published snapshot and calculate nothing of their own.

`d` is the review's date. Where a mart holds that date it is read; any other date comes from the
snapshot's macros, which rebuild it from dated movements.
"""

from __future__ import annotations

SNAPSHOT = "select run_id, as_of, published_at, code_version, company_name from meta.snapshot"

QUALITY = """
    select (select count(*) from meta.checks where status <> 'passed'
            and run_id = (select run_id from meta.snapshot)) as notices,
           (select count(*) from meta.quarantine where status = 'open') as held_rows,
           (select count(*) from marts.exceptions) as exceptions
"""

FX_RATES = """
    select currency, max(date) as date, arg_max(mxn_per_unit, date) as mxn_per_unit
    from marts.fx_rates_daily
    where date <= $d and currency in (select currency from marts.open_items_as_of($d) where currency <> 'MXN')
    group by currency order by currency
"""

HAS_AGING = "select count(*) > 0 as has from marts.aging_by_customer where as_of = $d and basis = 'effective'"
AGING_TABLE = "(select * from marts.aging_by_customer where as_of = $d and basis = 'effective')"
AGING_MACRO = "marts.aging_as_of($d)"

# {aging}: one of the two above
CUSTOMERS = """
    with rates as (
        select currency, arg_max(mxn_per_unit, date) as rate from marts.fx_rates_daily where date <= $d group by 1
    ),
    paid as (
        select customer_id, max(payment_date) as last_payment from marts.fct_payments
        where payment_date <= $d and (reversed_date is null or reversed_date > $d) group by 1
    )
    select coalesce(c.customer_name, a.customer_id) as customer_name, a.customer_id, c.rfc, c.account_owner,
        c.branch, a.current_mxn, a.d1_30_mxn, a.d31_60_mxn, a.d61_90_mxn, a.d91_120_mxn, a.d120_plus_mxn,
        a.gross_mxn, (100 * a.gross_mxn / nullif(sum(a.gross_mxn) over (), 0))::decimal(18, 4) as share_pct,
        a.overdue_mxn, (100 * a.overdue_mxn / nullif(a.gross_mxn, 0))::decimal(18, 4) as overdue_pct,
        a.disputed_mxn, a.unapplied_mxn, a.net_mxn, a.oldest_days,
        case when c.credit_limit > 0 then (100 * a.net_mxn / nullif(c.credit_limit
            * case when coalesce(c.credit_limit_currency, 'MXN') = 'MXN' then 1 else r.rate end, 0))::decimal(18, 4)
        end as credit_use_pct,
        p.last_payment,
        case when $is_latest then w.last_contact_date end as last_contact_date,
        case when $is_latest then w.promise_date end as promise_date,
        case when $is_latest then w.next_action end as next_action
    from {aging} as a
    left join marts.dim_customers as c on c.customer_id = a.customer_id
    left join rates as r on r.currency = c.credit_limit_currency
    left join paid as p on p.customer_id = a.customer_id
    left join marts.worklist as w on w.customer_id = a.customer_id
    where a.gross_mxn <> 0 or a.unapplied_mxn <> 0
    order by a.overdue_mxn desc, a.gross_mxn desc, a.customer_id
"""

ITEMS = """
    select coalesce(f.customer_name, o.customer_id) as customer_name, f.customer_rfc, f.folio_label, f.uuid,
        f.purchase_order, f.issue_date, o.due_date, o.days_past_due, o.bucket_due, o.currency, f.total_ccy,
        o.open_ccy, o.open_mxn_closing, f.metodo_pago, o.instalment, o.disputed_open_ccy, f.contrarrecibo_folio,
        f.scheduled_payment_date, f.account_owner, f.branch, f.salesperson, o.invoice_id
    from marts.open_items_as_of($d) as o
    left join marts.fct_invoices as f on f.invoice_id = o.invoice_id
    order by o.days_past_due desc, o.open_mxn_closing desc, o.invoice_id, o.instalment
"""

# the totals of one date, for the cover
TOTALS = """
    select sum(gross_mxn) as gross_mxn, sum(overdue_mxn) as overdue_mxn,
        sum(d91_120_mxn + d120_plus_mxn) as over_90_mxn, sum(disputed_mxn) as disputed_mxn,
        count(*) filter (where overdue_mxn > 0) as overdue_customers,
        coalesce(sum(unvalued_items), 0)::integer as unvalued
    from {aging} as a
"""

BUCKETS = "select bucket, name_es from meta.buckets order by position"

# the latest published value of an indicator on or before a date
KPI_AT = """
    select max(period) as period, arg_max(value, period) as value from marts.kpis
    where kpi = $kpi and dimension = 'total' and dimension_value = 'total' and period <= $period
        and value is not null
"""

BRIDGE = """
    select line, value_mxn from marts.weekly_bridge
    where week_end = (select max(week_end) from marts.weekly_bridge where week_end <= $d) order by position
"""

WEEK = """
    select week_end, metric, value from marts.weekly_movements
    where week_end in ($week_end::date, $week_end::date - 7)
"""

WEEK_END = "select max(week_end) as week_end from marts.weekly_bridge where week_end <= $d"

# From each bucket at the start to each at the end, at the issue rate, so that rows add up to the cent.
MATRIX = """
    with a as (select * from marts.open_items_as_of($start)), b as (select * from marts.open_items_as_of($d))
    select coalesce(a.bucket_due, 'new') as from_bucket, b.bucket_due as to_bucket,
        sum(coalesce(a.open_mxn_issue, 0)) as before_mxn, sum(coalesce(b.open_mxn_issue, 0)) as after_mxn
    from a full join b on b.invoice_id = a.invoice_id and b.instalment = a.instalment
    group by all
"""

DEFINITIONS = "select section, name_es, formula_es, unit from meta.kpis order by section, name_es"

ROW_COUNTS = """
    select (select count(*) from marts.fct_invoices) as invoices,
        (select count(*) from marts.fct_payments) as payments,
        (select count(*) from marts.fct_credit_notes) as credit_notes,
        (select count(*) from marts.fct_movements) as movements,
        (select count(*) from marts.dim_customers) as customers,
        (select count(*) from meta.files) as files
"""
