-- What is expected in each of the 13 weeks after as_of, later, without a date, and held by disputes. All of them stand
-- on every date, also with nothing in them; together they are the gross receivables of that date.
with

dates as (
    select as_of from {{ ref('aging_open_items') }}
    union
    select as_of from {{ ref('dim_report_dates') }} where is_run_as_of
),

-- the first week is that of the day after as_of
first_weeks as (
    select as_of, {{ add_days('as_of', '2 - ' ~ weekday(add_days('as_of', 1))) }} as first_monday from dates
),

slots as (
    {%- for week in range(13) %}
    select as_of, {{ week + 1 }} as position, {{ add_days('first_monday', 7 * week) }} as monday,
        cast({{ add_days('first_monday', 7 * week) }} as string) as week_start
    from first_weeks
    union all
    {%- endfor %}
    select as_of, 14, cast(null as date), 'later' from dates
    union all
    select as_of, 15, null, 'overdue_no_date' from dates
    union all
    select as_of, 16, null, 'disputed_hold' from dates
),

lines as (
    select
        l.*,
        case when l.expected_date >= {{ add_days('f.first_monday', 91) }} then 'later' else l.bucket end as week_start
    from {{ ref('cash_forecast_lines') }} as l
    inner join first_weeks as f on l.as_of = f.as_of
),

sums as (
    select as_of, week_start, sum(expected_mxn) as expected_mxn,
        sum(case when reason = 'promise' then expected_mxn end) as promised_mxn,
        count(distinct invoice_id) as invoices,
        sum(case when expected_mxn is null then 1 else 0 end) as unvalued_items
    from lines
    group by as_of, week_start
),

final as (
    select
        s.as_of,
        s.week_start,
        s.position,
        s.monday as week_start_date,
        {{ money('coalesce(x.expected_mxn, 0)') }} as expected_mxn,
        {{ money('coalesce(x.promised_mxn, 0)') }} as promised_mxn,
        cast(coalesce(x.invoices, 0) as integer) as invoices,
        cast(coalesce(x.unvalued_items, 0) as integer) as unvalued_items
    from slots as s
    left join sums as x on s.as_of = x.as_of and s.week_start = x.week_start
)

select * from final
order by as_of, position
