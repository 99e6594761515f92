-- Every dispute open on each report date with its part of what its invoice has open: disputes of one invoice share
-- the balance in the order in which they were opened. Effective basis, closing rate (null without one). Of an unknown
-- amount there is none.
with

items as (
    select as_of, invoice_key, sum(disputed_open_ccy) as disputed_open_ccy, max(currency) as currency
    from {{ ref('int_disputed_items') }}
    where basis = 'effective'
    group by as_of, invoice_key
),

shared as (
    select
        r.as_of,
        d.dispute_id,
        d.invoice_key,
        d.disputed_ccy,
        sum(d.disputed_ccy) over (
            partition by r.as_of, d.invoice_key order by d.opened_date, d.dispute_id
            rows between unbounded preceding and current row
        ) - d.disputed_ccy as earlier_ccy
    from {{ ref('int_disputes') }} as d
    inner join {{ ref('dim_report_dates') }} as r
        on d.opened_date <= r.as_of and (d.closed_date is null or d.closed_date > r.as_of)
    where d.disputed_ccy is not null
),

valued as (
    select
        s.as_of,
        s.dispute_id,
        s.invoice_key,
        {{ money('greatest(least(s.disputed_ccy, coalesce(i.disputed_open_ccy, 0) - s.earlier_ccy), 0)') }} as disputed_open_ccy,
        i.currency
    from shared as s
    left join items as i on s.as_of = i.as_of and s.invoice_key = i.invoice_key
),

final as (
    select
        v.as_of,
        v.dispute_id,
        v.disputed_open_ccy,
        case when v.disputed_open_ccy = 0 then 0 else {{ pesos('v.disputed_open_ccy', 'r.rate') }} end as disputed_open_mxn
    from valued as v
    left join {{ ref('int_report_rates') }} as r on v.as_of = r.as_of and v.currency = r.currency
)

select * from final
