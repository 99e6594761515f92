-- Report dates numbered, and for every day the first report date on or after it: what happened on that day shows from
-- that period on. Days after the run's as_of have no row.
with

dates as (
    select
        as_of,
        cast(row_number() over (order by as_of) as integer) as period,
        lag(as_of) over (order by as_of) as previous_as_of
    from {{ ref('dim_report_dates') }}
),

first_day as (select min(month) as first_day, max(as_of) as last_day from {{ ref('dim_report_dates') }}),

days as (
    {{ date_spine('first_day', 'last_day', 'first_day', 'day') }}
),

final as (
    select d.day, p.period, p.as_of, p.as_of = d.day as is_report_date
    from days as d
    inner join dates as p on d.day <= p.as_of and (p.previous_as_of is null or d.day > p.previous_as_of)
)

select * from final
