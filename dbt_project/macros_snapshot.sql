-- Table macros of the published snapshot: the receivables at any date, not only report dates. The publish step runs
-- this file on the snapshot. A date after the snapshot's as_of shows what is known at as_of, aged to that date.

create or replace macro marts.open_items_as_of(d, basis := 'effective') as table
with rates as (
    select currency, mxn_per_unit
    from marts.fx_rates_daily
    where date = least(cast(d as date), (select max(date) from marts.fx_rates_daily))
),
disputed as (
    select invoice_id, sum(disputed_amount_ccy) as disputed_ccy
    from marts.disputes
    where opened_date <= cast(d as date) and (closed_date is null or closed_date > cast(d as date))
    group by invoice_id
),
items as (
    select
        i.invoice_id, b.instalment, i.customer_id, b.currency, b.open_ccy, b.fx_issue_rate, r.mxn_per_unit, b.issue_date,
        b.due_date, x.disputed_ccy, cast(d as date) - b.due_date as days_past_due, cast(d as date) - b.issue_date as age_days,
        sum(b.open_ccy) over (partition by b.invoice_key order by b.instalment) - b.open_ccy as older_open_ccy
    from marts.balance_intervals as b
    inner join marts.fct_invoices as i on b.invoice_key = i.invoice_key
    left join rates as r on b.currency = r.currency
    left join disputed as x on i.invoice_id = x.invoice_id
    where b.basis = basis and b.valid_from <= cast(d as date) and b.valid_to > cast(d as date)
)
select
    cast(d as date) as as_of,
    basis as basis,
    t.invoice_id,
    t.instalment,
    t.customer_id,
    t.currency,
    t.open_ccy,
    cast(round(t.open_ccy * t.fx_issue_rate, 2) as decimal(18, 2)) as open_mxn_issue,
    cast(round(t.open_ccy * t.mxn_per_unit, 2) as decimal(18, 2)) as open_mxn_closing,
    t.issue_date,
    t.due_date,
    cast(t.days_past_due as integer) as days_past_due,
    u.bucket as bucket_due,
    v.bucket as bucket_issue,
    cast(greatest(least(t.open_ccy, coalesce(t.disputed_ccy, 0) - t.older_open_ccy), 0) as decimal(18, 2)) as disputed_open_ccy
from items as t
inner join meta.buckets as u on t.days_past_due between u.min_days and u.max_days
inner join meta.buckets as v on t.age_days between v.min_days and v.max_days;

create or replace macro marts.aging_as_of(d, basis := 'effective') as table
with rates as (
    select currency, mxn_per_unit
    from marts.fx_rates_daily
    where date = least(cast(d as date), (select max(date) from marts.fx_rates_daily))
),
-- the upper bounds of the five first buckets, in one row
bounds as (
    select
        max(case when bucket = 'current' then max_days end) as b0,
        max(case when bucket = '1-30' then max_days end) as b30,
        max(case when bucket = '31-60' then max_days end) as b60,
        max(case when bucket = '61-90' then max_days end) as b90,
        max(case when bucket = '91-120' then max_days end) as b120
    from meta.buckets
),
items as (
    select
        b.customer_key, b.invoice_key, b.instalment, b.open_ccy, cast(d as date) - b.due_date as days_past_due,
        cast(round(b.open_ccy * b.fx_issue_rate, 2) as decimal(18, 2)) as open_mxn_issue,
        cast(round(b.open_ccy * r.mxn_per_unit, 2) as decimal(18, 2)) as open_mxn_closing
    from marts.balance_intervals as b
    left join rates as r on b.currency = r.currency
    where b.basis = basis and b.valid_from <= cast(d as date) and b.valid_to > cast(d as date)
),
aged as (
    select
        i.customer_key,
        count(distinct i.invoice_key) as open_invoices,
        sum(case when i.days_past_due <= u.b0 then i.open_mxn_closing else 0 end) as current_mxn,
        sum(case when i.days_past_due > u.b0 and i.days_past_due <= u.b30 then i.open_mxn_closing else 0 end) as d1_30_mxn,
        sum(case when i.days_past_due > u.b30 and i.days_past_due <= u.b60 then i.open_mxn_closing else 0 end) as d31_60_mxn,
        sum(case when i.days_past_due > u.b60 and i.days_past_due <= u.b90 then i.open_mxn_closing else 0 end) as d61_90_mxn,
        sum(case when i.days_past_due > u.b90 and i.days_past_due <= u.b120 then i.open_mxn_closing else 0 end) as d91_120_mxn,
        sum(case when i.days_past_due > u.b120 then i.open_mxn_closing else 0 end) as d120_plus_mxn,
        sum(coalesce(i.open_mxn_closing, 0)) as gross_mxn,
        sum(case when i.days_past_due > 0 then i.open_mxn_closing else 0 end) as overdue_mxn,
        sum(i.open_mxn_issue) as gross_mxn_issue,
        count(distinct case when i.days_past_due > 0 then i.invoice_key end) as overdue_invoices,
        sum(case when i.open_mxn_closing is null then 1 else 0 end) as unvalued_items,
        max(i.days_past_due) as oldest_days
    from items as i
    cross join bounds as u
    group by i.customer_key
),
disputed_then as (
    select f.invoice_key, sum(x.disputed_amount_ccy) as disputed_ccy
    from marts.disputes as x
    inner join marts.fct_invoices as f on x.invoice_id = f.invoice_id
    where x.opened_date <= cast(d as date) and (x.closed_date is null or x.closed_date > cast(d as date))
    group by f.invoice_key
),
disputed_items as (
    select
        i.customer_key, i.invoice_key, i.open_ccy, i.open_mxn_closing,
        least(
            i.open_ccy, x.disputed_ccy - (sum(i.open_ccy) over (partition by i.invoice_key order by i.instalment) - i.open_ccy)
        ) as disputed_open_ccy
    from items as i
    inner join disputed_then as x on i.invoice_key = x.invoice_key
),
disputed_invoices as (
    select
        customer_key,
        cast(round(
            sum(cast(disputed_open_ccy as decimal(18, 2))) * max(open_mxn_closing / open_ccy), 2
        ) as decimal(18, 2)) as disputed_mxn
    from disputed_items
    where disputed_open_ccy > 0
    group by customer_key, invoice_key
),
disputed as (
    select customer_key, sum(disputed_mxn) as disputed_mxn from disputed_invoices group by customer_key
),
unapplied as (
    select
        u.customer_key,
        sum(coalesce(cast(round(u.unapplied_ccy * r.mxn_per_unit, 2) as decimal(18, 2)), 0)) as unapplied_mxn
    from marts.unapplied_intervals as u
    left join rates as r on u.currency = r.currency
    where u.basis = basis and u.valid_from <= cast(d as date) and u.valid_to > cast(d as date)
    group by u.customer_key
)
select
    cast(d as date) as as_of,
    basis as basis,
    c.customer_id,
    cast(coalesce(o.open_invoices, 0) as integer) as open_invoices,
    cast(coalesce(o.current_mxn, 0) as decimal(18, 2)) as current_mxn,
    cast(coalesce(o.d1_30_mxn, 0) as decimal(18, 2)) as d1_30_mxn,
    cast(coalesce(o.d31_60_mxn, 0) as decimal(18, 2)) as d31_60_mxn,
    cast(coalesce(o.d61_90_mxn, 0) as decimal(18, 2)) as d61_90_mxn,
    cast(coalesce(o.d91_120_mxn, 0) as decimal(18, 2)) as d91_120_mxn,
    cast(coalesce(o.d120_plus_mxn, 0) as decimal(18, 2)) as d120_plus_mxn,
    cast(coalesce(o.gross_mxn, 0) as decimal(18, 2)) as gross_mxn,
    cast(coalesce(o.overdue_mxn, 0) as decimal(18, 2)) as overdue_mxn,
    cast(coalesce(u.unapplied_mxn, 0) as decimal(18, 2)) as unapplied_mxn,
    cast(coalesce(o.gross_mxn, 0) - coalesce(u.unapplied_mxn, 0) as decimal(18, 2)) as net_mxn,
    cast(coalesce(x.disputed_mxn, 0) as decimal(18, 2)) as disputed_mxn,
    cast(coalesce(o.gross_mxn_issue, 0) as decimal(18, 2)) as gross_mxn_issue,
    cast(coalesce(o.overdue_invoices, 0) as integer) as overdue_invoices,
    cast(coalesce(o.unvalued_items, 0) as integer) as unvalued_items,
    o.oldest_days
from aged as o
full join unapplied as u on o.customer_key = u.customer_key
inner join marts.dim_customers as c on coalesce(o.customer_key, u.customer_key) = c.customer_key
left join disputed as x on o.customer_key = x.customer_key;
