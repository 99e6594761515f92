-- The disputed part of each open item on each report date, per basis: the invoice's open disputes, never more than
-- what is open, laid on the oldest instalment first. Only invoices that were ever disputed, by a known amount.
with

disputes as (select invoice_key, opened_date, closed_date, disputed_ccy from {{ ref('int_disputes') }} where disputed_ccy is not null),

disputed as (
    select d.invoice_key, r.as_of, sum(d.disputed_ccy) as disputed_ccy
    from disputes as d
    inner join {{ ref('dim_report_dates') }} as r
        on d.opened_date <= r.as_of and (d.closed_date is null or d.closed_date > r.as_of)
    group by d.invoice_key, r.as_of
),

items as (
    select
        x.as_of,
        b.basis,
        b.invoice_key,
        b.instalment,
        b.currency,
        b.due_date,
        b.open_ccy,
        x.disputed_ccy,
        sum(b.open_ccy) over (
            partition by x.as_of, b.basis, b.invoice_key order by b.due_date, b.instalment
            rows between unbounded preceding and current row
        ) - b.open_ccy as older_open_ccy
    from disputed as x
    inner join {{ ref('balance_intervals') }} as b
        on x.invoice_key = b.invoice_key and b.valid_from <= x.as_of and x.as_of < b.valid_to
),

valued as (
    select
        as_of,
        basis,
        invoice_key,
        instalment,
        currency,
        {{ days_between('due_date', 'as_of') }} as days_past_due,
        {{ money('greatest(least(open_ccy, disputed_ccy - older_open_ccy), 0)') }} as disputed_open_ccy
    from items
),

final as (
    select v.*, i.cut_key, {{ pesos('v.disputed_open_ccy', 'r.rate') }} as disputed_open_mxn
    from valued as v
    inner join {{ ref('int_invoice_cuts') }} as i on v.invoice_key = i.invoice_key
    inner join {{ ref('int_report_rates') }} as r on v.as_of = r.as_of and v.currency = r.currency
    where v.disputed_open_ccy > 0
)

select * from final
