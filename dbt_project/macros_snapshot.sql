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
with open_items as (
    select
        customer_id,
        count(distinct invoice_id) as open_invoices,
        sum(case when bucket_due = 'current' then open_mxn_closing else 0 end) as current_mxn,
        sum(case when bucket_due = '1-30' then open_mxn_closing else 0 end) as d1_30_mxn,
        sum(case when bucket_due = '31-60' then open_mxn_closing else 0 end) as d31_60_mxn,
        sum(case when bucket_due = '61-90' then open_mxn_closing else 0 end) as d61_90_mxn,
        sum(case when bucket_due = '91-120' then open_mxn_closing else 0 end) as d91_120_mxn,
        sum(case when bucket_due = '120+' then open_mxn_closing else 0 end) as d120_plus_mxn,
        sum(coalesce(open_mxn_closing, 0)) as gross_mxn,
        sum(case when days_past_due > 0 then open_mxn_closing else 0 end) as overdue_mxn,
        sum(open_mxn_issue) as gross_mxn_issue,
        count(distinct case when days_past_due > 0 then invoice_id end) as overdue_invoices,
        sum(case when open_mxn_closing is null then 1 else 0 end) as unvalued_items,
        max(days_past_due) as oldest_days
    from marts.open_items_as_of(d, basis := basis)
    group by customer_id
),
disputed_invoices as (
    select
        i.customer_id,
        cast(round(sum(i.disputed_open_ccy) * max(i.open_mxn_closing / i.open_ccy), 2) as decimal(18, 2)) as disputed_mxn
    from marts.open_items_as_of(d, basis := basis) as i
    where i.disputed_open_ccy > 0
    group by i.customer_id, i.invoice_id
),
disputed as (
    select customer_id, sum(disputed_mxn) as disputed_mxn from disputed_invoices group by customer_id
),
unapplied as (
    select
        c.customer_id,
        sum(coalesce(cast(round(u.unapplied_ccy * r.mxn_per_unit, 2) as decimal(18, 2)), 0)) as unapplied_mxn
    from marts.unapplied_intervals as u
    inner join marts.dim_customers as c on u.customer_key = c.customer_key
    left join marts.fx_rates_daily as r
        on u.currency = r.currency and r.date = least(cast(d as date), (select max(date) from marts.fx_rates_daily))
    where u.basis = basis and u.valid_from <= cast(d as date) and u.valid_to > cast(d as date)
    group by c.customer_id
)
select
    cast(d as date) as as_of,
    basis as basis,
    coalesce(o.customer_id, u.customer_id) as customer_id,
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
from open_items as o
full join unapplied as u on o.customer_id = u.customer_id
left join disputed as x on o.customer_id = x.customer_id;
