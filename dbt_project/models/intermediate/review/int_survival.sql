-- Kaplan-Meier per dimension value and report date: for every day from issue with a payment or a censoring, how many
-- were at risk, paid and censored, and the share still unpaid after it. Open and written-off invoices are censored at
-- their age of that date; on a tied day payments come before censoring.
with

-- open or written off, by issue date: runs of periods with the same count, so that only numbers are expanded
steps as (
    select d.dim_key, s.issue_date, p.period, sum(s.step) as step
    from (
        select cut_key, issue_date, state_from as day, 1 as step
        from {{ ref('int_invoice_states') }} where state in ('open', 'written_off')
        union all
        select cut_key, issue_date, state_to, -1
        from {{ ref('int_invoice_states') }} where state in ('open', 'written_off')
    ) as s
    inner join {{ ref('int_report_periods') }} as p on s.day = p.day
    inner join {{ ref('int_cut_dimensions') }} as d on s.cut_key = d.cut_key
    group by d.dim_key, s.issue_date, p.period
),

runs as (
    select
        dim_key,
        issue_date,
        period as from_period,
        lead(period, 1, 1000000) over by_date as to_period,
        sum(step) over by_date as waiting
    from steps
    where step <> 0
    window by_date as (partition by dim_key, issue_date order by period)
),

periods as (select period, as_of from {{ ref('int_report_periods') }} where is_report_date),

days as (
    select dim_key, as_of, days, events as paid, 0 as censored
    from {{ ref('int_collection_histograms') }}
    where events > 0
    union all
    select r.dim_key, p.as_of, {{ days_between('r.issue_date', 'p.as_of') }}, 0, r.waiting
    from runs as r
    inner join periods as p on r.from_period <= p.period and p.period < r.to_period
    where r.waiting > 0
),

per_day as (
    select dim_key, as_of, days, sum(paid) as paid, sum(censored) as censored
    from days
    group by dim_key, as_of, days
),

at_risk as (
    select
        *,
        sum(paid + censored) over (
            partition by dim_key, as_of order by days desc rows between unbounded preceding and current row
        ) as at_risk
    from per_day
),

final as (
    select
        dim_key,
        as_of,
        days,
        cast(at_risk as bigint) as at_risk,
        cast(paid as bigint) as paid,
        cast(censored as bigint) as censored,
        round(exp(sum(case when paid < at_risk then ln(1 - cast(paid as double) / cast(at_risk as double)) else -1e6 end) over (
            partition by dim_key, as_of order by days rows between unbounded preceding and current row
        )), 9) as survival
    from at_risk
)

select * from final
