-- Table macros of the published snapshot: the receivables at any date, not only report dates. The publish step runs
-- this file on the snapshot. On the dates that the marts hold, `open_items_as_of` says what aging_open_items says and
-- `aging_as_of` what aging_by_customer says, to the cent: the rules here are theirs. A date after the snapshot's as_of
-- shows what is known at as_of, aged to that date at its last rate.

-- amount × rate in pesos, rounded half up per row; null where there is no rate. Widened for the largest amounts, and
-- at a rate of 1, as nearly every row has, not multiplied at all.
create or replace macro marts.pesos_of(amount, rate) as
case
    when rate = 1 then amount
    else cast(round(cast(amount as decimal(20, 2)) * cast(rate as decimal(16, 6)), 2) as decimal(18, 2))
end;

-- The closing rate of each currency. A peso is a peso on any day, also before the first rate.
create or replace macro marts.closing_rates(d) as table
select currency, mxn_per_unit
from marts.fx_rates_daily
where date = least(cast(d as date), (select max(date) from marts.fx_rates_daily)) and currency <> 'MXN'
union all
select 'MXN', cast(1 as decimal(18, 6));

-- The upper bounds of the five first buckets, in one row.
create or replace macro marts.bucket_bounds() as table
select
    max(case when bucket = 'current' then max_days end) as b0,
    max(case when bucket = '1-30' then max_days end) as b30,
    max(case when bucket = '31-60' then max_days end) as b60,
    max(case when bucket = '61-90' then max_days end) as b90,
    max(case when bucket = '91-120' then max_days end) as b120
from meta.buckets;

create or replace macro marts.bucket_of(days, b0, b30, b60, b90, b120) as
case
    when days <= b0 then 'current'
    when days <= b30 then '1-30'
    when days <= b60 then '31-60'
    when days <= b90 then '61-90'
    when days <= b120 then '91-120'
    else '120+'
end;

-- The disputed part of each open item, in its currency: the invoice's open disputes, never more than what is open,
-- laid on the oldest instalment first.
create or replace macro marts.disputed_items_as_of(d, basis := 'effective') as table
with disputed as (
    select invoice_key, sum(disputed_invoice_ccy) as disputed_ccy
    from marts.disputes
    where disputed_invoice_ccy is not null and opened_date <= cast(d as date) and (closed_date is null or closed_date > cast(d as date))
    group by invoice_key
),
items as (
    select
        b.invoice_key, b.instalment, b.customer_key, b.currency, b.open_ccy, x.disputed_ccy,
        sum(b.open_ccy) over (
            partition by b.invoice_key order by b.due_date, b.instalment rows between unbounded preceding and current row
        ) - b.open_ccy as older_open_ccy
    from marts.balance_intervals as b
    inner join disputed as x on b.invoice_key = x.invoice_key
    where b.basis = basis and b.valid_from <= cast(d as date) and b.valid_to > cast(d as date)
)
select
    invoice_key, instalment, customer_key, currency,
    cast(greatest(least(open_ccy, disputed_ccy - older_open_ccy), 0) as decimal(18, 2)) as disputed_open_ccy
from items;

create or replace macro marts.open_items_as_of(d, basis := 'effective') as table
with items as (
    select
        i.invoice_id, i.customer_id, b.invoice_key, b.instalment, b.currency, b.open_ccy, b.issue_date, b.due_date,
        marts.pesos_of(b.open_ccy, b.fx_issue_rate) as open_mxn_issue,
        marts.pesos_of(b.open_ccy, r.mxn_per_unit) as open_mxn_closing,
        cast(cast(d as date) - b.due_date as integer) as days_past_due,
        cast(cast(d as date) - b.issue_date as integer) as age_days
    from marts.balance_intervals as b
    inner join marts.fct_invoices as i on b.invoice_key = i.invoice_key
    left join marts.closing_rates(d) as r on b.currency = r.currency
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
    t.open_mxn_issue,
    t.open_mxn_closing,
    t.issue_date,
    t.due_date,
    t.days_past_due,
    marts.bucket_of(t.days_past_due, u.b0, u.b30, u.b60, u.b90, u.b120) as bucket_due,
    marts.bucket_of(t.age_days, u.b0, u.b30, u.b60, u.b90, u.b120) as bucket_issue,
    coalesce(x.disputed_open_ccy, 0) as disputed_open_ccy
from items as t
cross join marts.bucket_bounds() as u
left join marts.disputed_items_as_of(d, basis := basis) as x
    on t.invoice_key = x.invoice_key and t.instalment = x.instalment;

create or replace macro marts.aging_as_of(d, basis := 'effective') as table
with items as (
    select
        b.customer_key, b.invoice_key, cast(cast(d as date) - b.due_date as integer) as days_past_due,
        marts.pesos_of(b.open_ccy, b.fx_issue_rate) as open_mxn_issue,
        marts.pesos_of(b.open_ccy, r.mxn_per_unit) as open_mxn_closing
    from marts.balance_intervals as b
    left join marts.closing_rates(d) as r on b.currency = r.currency
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
        sum(i.open_mxn_closing) as gross_mxn,
        sum(i.open_mxn_issue) as gross_mxn_issue,
        count(distinct case when i.days_past_due > 0 then i.invoice_key end) as overdue_invoices,
        sum(case when i.open_mxn_closing is null then 1 else 0 end) as unvalued_items,
        max(i.days_past_due) as oldest_days
    from items as i
    cross join marts.bucket_bounds() as u
    group by i.customer_key
),
disputed as (
    select x.customer_key, sum(marts.pesos_of(x.disputed_open_ccy, r.mxn_per_unit)) as disputed_mxn
    from marts.disputed_items_as_of(d, basis := basis) as x
    inner join marts.closing_rates(d) as r on x.currency = r.currency
    group by x.customer_key
),
unapplied as (
    select
        u.customer_key,
        sum(marts.pesos_of(u.unapplied_ccy, r.mxn_per_unit)) as unapplied_mxn,
        sum(case when r.mxn_per_unit is null then 1 else 0 end) as unvalued_items
    from marts.unapplied_intervals as u
    left join marts.closing_rates(d) as r on u.currency = r.currency
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
    cast(coalesce(o.gross_mxn, 0) - coalesce(o.current_mxn, 0) as decimal(18, 2)) as overdue_mxn,
    cast(coalesce(u.unapplied_mxn, 0) as decimal(18, 2)) as unapplied_mxn,
    cast(coalesce(o.gross_mxn, 0) - coalesce(u.unapplied_mxn, 0) as decimal(18, 2)) as net_mxn,
    cast(coalesce(x.disputed_mxn, 0) as decimal(18, 2)) as disputed_mxn,
    cast(coalesce(o.gross_mxn_issue, 0) as decimal(18, 2)) as gross_mxn_issue,
    cast(coalesce(o.overdue_invoices, 0) as integer) as overdue_invoices,
    cast(coalesce(o.unvalued_items, 0) + coalesce(u.unvalued_items, 0) as integer) as unvalued_items,
    o.oldest_days
from aged as o
full join unapplied as u on o.customer_key = u.customer_key
inner join marts.dim_customers as c on coalesce(o.customer_key, u.customer_key) = c.customer_key
left join disputed as x on o.customer_key = x.customer_key;
