-- Incidents on every report date: how many are open and how old, and how long those closed by then took. By type, area
-- and owner, and in total. Opened and closed on one day took 0 days; reopened is a new case.
with

known as (
    select
        r.as_of,
        i.type,
        i.area,
        i.owner,
        i.resolved_date is null or i.resolved_date > r.as_of as is_open,
        {{ days_between('i.opened_date', 'r.as_of') }} as age_days,
        {{ days_between('i.opened_date', 'i.resolved_date') }} as resolution_days
    from {{ ref('incidents') }} as i
    inner join {{ ref('dim_report_dates') }} as r on i.opened_date <= r.as_of
),

dimensioned as (
    select 'total' as dimension, 'total' as value, known.* from known
    {%- for column in ['type', 'area', 'owner'] %}
    union all
    select '{{ column }}', {{ column }}, known.* from known
    {%- endfor %}
),

sums as (
    select
        as_of,
        dimension,
        value,
        sum(case when is_open then 1 else 0 end) as open_count,
        max(case when is_open then age_days end) as oldest_days,
        sum(case when is_open then age_days end) as open_days,
        sum(case when not is_open then 1 else 0 end) as closed_count,
        sum(case when not is_open then resolution_days end) as resolution_days,
        {{ median_of('case when not is_open then resolution_days end') }} as median_resolution_days
    from dimensioned
    group by as_of, dimension, value
),

-- a total on every report date, also where no incident was ever opened
grid as (
    select as_of, dimension, value from sums
    union
    select as_of, 'total', 'total' from {{ ref('dim_report_dates') }}
),

final as (
    select
        g.as_of,
        g.dimension,
        g.value,
        cast(coalesce(s.open_count, 0) as integer) as open_count,
        cast(s.oldest_days as integer) as oldest_days,
        {{ ratio('s.open_days', 's.open_count') }} as mean_open_days,
        cast(coalesce(s.closed_count, 0) as integer) as closed_count,
        {{ ratio('s.resolution_days', 's.closed_count') }} as mean_resolution_days,
        cast(s.median_resolution_days as decimal(18, 4)) as median_resolution_days
    from grid as g
    left join sums as s on g.as_of = s.as_of and g.dimension = s.dimension and g.value = s.value
)

select * from final
order by as_of, dimension, value
