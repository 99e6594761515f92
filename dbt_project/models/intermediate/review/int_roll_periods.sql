-- The whole months and weeks over which balances are followed: from the close of one to the close of the next. The first
-- ones start from nothing.
with

spans as (
    select 'month' as cadence, {{ add_days('month', -1) }} as from_date, as_of as to_date
    from {{ ref('dim_report_dates') }} where is_month_end
    union all
    select 'week', week_start, week_end from {{ ref('int_weeks') }}
),

final as (
    select cast(row_number() over (order by cadence, to_date) as integer) as span_key, cadence, from_date, to_date from spans
)

select * from final
