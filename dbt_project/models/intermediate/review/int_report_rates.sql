-- The closing rate of each currency on each report date: the last one on or before it. The report currency is 1.
with

dates as (select as_of from {{ ref('dim_report_dates') }}),

rates as (select date, currency, mxn_per_unit from {{ ref('fx_rates_daily') }} where currency <> 'MXN'),

currencies as (select distinct currency from {{ ref('int_cuts') }}),

latest as (
    select d.as_of, r.currency, max(r.date) as rate_date
    from dates as d inner join rates as r on r.date <= d.as_of
    group by d.as_of, r.currency
),

final as (
    select
        d.as_of,
        c.currency,
        cast(case when c.currency = 'MXN' then 1 else r.mxn_per_unit end as decimal(18,6)) as rate
    from dates as d
    cross join currencies as c
    left join latest as l on d.as_of = l.as_of and c.currency = l.currency
    left join rates as r on l.currency = r.currency and l.rate_date = r.date
)

select * from final
