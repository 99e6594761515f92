-- Every forecast of an earlier day against the cash that came: received in the week by payment date, applied or not,
-- at each payment's own rate, less what was reversed in it. Of a day published twice the latest counts; a day of
-- cash_forecast that never was published is there too, as today's data forecasts it, and says so. A week is measured
-- once it is over, the first one from the day after the forecast; what had no date is not measured.
with

ranked as (
    select *, dense_rank() over (partition by as_of order by published_at desc, run_id desc) as place
    from {{ ref('stg_log__published_forecasts') }}
    where as_of < {{ as_of() }}
),

published as (select * from ranked where place = 1),

rebuilt as (
    select f.*
    from {{ ref('cash_forecast') }} as f
    left join (select distinct as_of from published) as p on f.as_of = p.as_of
    where p.as_of is null and f.as_of < {{ as_of() }}
),

forecasts as (
    select as_of, week_start, week_start_date, expected_mxn, promised_mxn, true as is_published from published
    union all
    select as_of, week_start, week_start_date, expected_mxn, promised_mxn, false from rebuilt
),

weeks as (
    select
        *,
        {{ add_days('week_start_date', 6) }} as week_end_date,
        greatest(week_start_date, {{ add_days('as_of', 1) }}) as first_day,
        {{ add_days('week_start_date', 6) }} <= {{ as_of() }} as is_over
    from forecasts
),

cash as (
    select day, sum(collected_mxn) as collected_mxn from {{ ref('int_collected_shares') }} group by day
),

collected as (
    select w.as_of, w.week_start, sum(c.collected_mxn) as collected_mxn
    from weeks as w inner join cash as c on w.first_day <= c.day and c.day <= w.week_end_date
    where w.is_over
    group by w.as_of, w.week_start
),

measured as (
    select
        w.*,
        {{ money('w.expected_mxn') }} as forecast_mxn,
        case when w.is_over then {{ money('coalesce(c.collected_mxn, 0)') }} end as actual_mxn
    from weeks as w left join collected as c on w.as_of = c.as_of and w.week_start = c.week_start
),

final as (
    select
        as_of,
        week_start,
        week_start_date,
        week_end_date,
        cast(({{ days_between(add_days('as_of', '2 - ' ~ weekday(add_days('as_of', 1))), 'week_start_date') }}) / 7 as integer) + 1 as horizon_weeks,
        is_published,
        forecast_mxn as expected_mxn,
        {{ money('promised_mxn') }} as promised_mxn,
        actual_mxn,
        {{ money('actual_mxn - forecast_mxn') }} as error_mxn,
        {{ pct('actual_mxn', 'forecast_mxn') }} as accuracy_pct,
        actual_mxn as accuracy_num,
        case when actual_mxn is not null then forecast_mxn end as accuracy_den,
        {{ pct('abs(actual_mxn - forecast_mxn)', 'greatest(actual_mxn, 0)') }} as abs_error_pct,
        {{ money('abs(actual_mxn - forecast_mxn)') }} as abs_error_num,
        case when actual_mxn is not null then {{ money('greatest(actual_mxn, 0)') }} end as abs_error_den
    from measured
)

select * from final
order by as_of, week_start
