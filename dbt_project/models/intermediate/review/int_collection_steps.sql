-- How many closed and paid invoices of each age (days from issue) each period adds or takes back, per dimension value.
-- Sums of these steps up to a period are the histogram of that date.
with

steps as (
    select s.cut_key, p.period, s.days, s.days_vs_due, s.total_mxn_issue, s.has_cash, s.state = 'paid' as is_event, 1 as step
    from {{ ref('int_invoice_states') }} as s
    inner join {{ ref('int_report_periods') }} as p on s.state_from = p.day
    where s.state = 'paid' or s.has_cash
    union all
    select s.cut_key, p.period, s.days, s.days_vs_due, s.total_mxn_issue, s.has_cash, s.state = 'paid', -1
    from {{ ref('int_invoice_states') }} as s
    inner join {{ ref('int_report_periods') }} as p on s.state_to = p.day
    where s.state = 'paid' or s.has_cash
),

final as (
    select
        d.dim_key,
        s.period,
        s.days,
        cast(sum(case when s.is_event then s.step else 0 end) as integer) as events,
        cast(sum(case when s.has_cash then s.step else 0 end) as integer) as closed,
        cast(sum(case when s.has_cash then s.step * s.days_vs_due else 0 end) as bigint) as days_vs_due,
        cast(sum(case when s.has_cash then s.step * greatest(s.days_vs_due, 0) else 0 end) as bigint) as days_late,
        {{ money('sum(case when s.has_cash then s.step * s.total_mxn_issue else 0 end)') }} as closed_mxn,
        cast(sum(case when s.has_cash then s.step * s.days_vs_due * cast(s.total_mxn_issue as decimal(24, 2)) else 0 end) as decimal(38, 2)) as mxn_days_vs_due,
        cast(sum(case when s.has_cash then s.step * greatest(s.days_vs_due, 0) * cast(s.total_mxn_issue as decimal(24, 2)) else 0 end) as decimal(38, 2)) as mxn_days_late,
        cast(sum(case when s.has_cash and s.total_mxn_issue is null then s.step else 0 end) as integer) as unvalued
    from steps as s
    inner join {{ ref('int_cut_dimensions') }} as d on s.cut_key = d.cut_key
    group by d.dim_key, s.period, s.days
)

select * from final
