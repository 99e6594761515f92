-- The closing rate of each currency of the home on each report date; null where there is none.
with

currencies as (select distinct currency from {{ ref('int_cuts') }}),

final as (
    select
        d.as_of,
        c.currency,
        case when c.currency = '{{ var("report_currency") }}' then cast(1 as decimal(18, 6)) else r.mxn_per_unit end as rate
    from {{ ref('dim_report_dates') }} as d
    cross join currencies as c
    left join {{ ref('fx_rates_daily') }} as r on r.date = d.as_of and r.currency = c.currency
)

select * from final
