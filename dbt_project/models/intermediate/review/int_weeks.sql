-- The closed weeks of the report: each Sunday with the Sunday before it, and the day after its seven next ones. The
-- first Sunday of a home starts from nothing.
with

sundays as (select as_of as week_end from {{ ref('dim_report_dates') }} where is_sunday),

first_date as (select min(as_of) as first_date from {{ ref('dim_report_dates') }}),

final as (
    select
        s.week_end,
        {{ add_days('s.week_end', -7) }} as week_start,
        {{ add_days('s.week_end', 7) }} as next_week_end
    from sundays as s
    cross join first_date as f
    left join sundays as p on p.week_end = {{ add_days('s.week_end', -7) }}
    where
        p.week_end is not null
        or ({{ add_days('s.week_end', -7) }} < f.first_date and {{ add_days('s.week_end', -7) }} > {{ add_days(as_of(), -728) }})
)

select * from final
