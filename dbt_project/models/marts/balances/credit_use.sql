-- How much of each customer's credit limit is in use on every report date: gross less unapplied credit at the closing
-- rate, against the limit in force that day (a change holds from its delivery on). No limit, or 0, or a balance
-- without a rate: no ratio. Stored by customer: from one date to the next little changes.
with

balances as (
    select a.as_of, a.customer_id, a.unvalued_items, c.customer_key,
        case when a.unvalued_items > 0 and a.gross_mxn = 0 and a.unapplied_mxn = 0 then null else a.net_mxn end as net_mxn
    from {{ ref('aging_by_customer') }} as a
    left join {{ ref('dim_customers') }} as c on a.customer_id = c.customer_id
    where a.basis = 'effective'
),

limits as (
    select
        b.as_of,
        b.customer_id,
        b.net_mxn,
        b.unvalued_items,
        t.credit_limit,
        t.credit_limit_currency,
        case
            when t.credit_limit_currency = '{{ var("report_currency") }}' then t.credit_limit
            else {{ pesos('t.credit_limit', 'r.mxn_per_unit') }}
        end as limit_mxn
    from balances as b
    left join {{ ref('int_customer_terms') }} as t
        on b.customer_key = t.customer_key and t.valid_from <= b.as_of and b.as_of < t.valid_to
    left join {{ ref('fx_rates_daily') }} as r on b.as_of = r.date and t.credit_limit_currency = r.currency
),

final as (
    select
        as_of,
        customer_id,
        {{ money('net_mxn') }} as exposure_mxn,
        {{ money('limit_mxn') }} as limit_mxn,
        {{ pct('net_mxn', 'limit_mxn') }} as utilisation_pct,
        {{ money('net_mxn') }} as utilisation_num,
        {{ money('limit_mxn') }} as utilisation_den,
        coalesce(limit_mxn > 0 and net_mxn > limit_mxn, false) as is_exceeded,
        credit_limit as limit_ccy,
        case when credit_limit is not null then credit_limit_currency end as limit_currency,
        unvalued_items
    from limits
)

select * from final
order by customer_id, as_of
