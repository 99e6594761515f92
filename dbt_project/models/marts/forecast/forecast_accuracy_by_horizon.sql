-- How good forecasts are by how far ahead they look, over every week that is over: bias (what came less what was
-- expected), accuracy (what came over what was expected) and MAPE (the plain mean of each week's absolute error over
-- what came; a week in which nothing came has none). Horizon 1 is the week that holds the day after the forecast.
with

sums as (
    select
        horizon_weeks,
        cast(count(*) as integer) as weeks,
        cast(sum(case when is_published then 1 else 0 end) as integer) as published_weeks,
        {{ money('sum(expected_mxn)') }} as expected_mxn,
        {{ money('sum(actual_mxn)') }} as actual_mxn,
        {{ money('sum(error_mxn)') }} as bias_mxn,
        sum({{ forecast_error('expected_mxn', 'actual_mxn') }}) as abs_error_sum,
        cast(count({{ forecast_error('expected_mxn', 'actual_mxn') }}) as integer) as abs_error_weeks
    from {{ ref('forecast_accuracy') }}
    where horizon_weeks is not null and actual_mxn is not null
    group by horizon_weeks
),

final as (
    select
        horizon_weeks,
        weeks,
        published_weeks,
        expected_mxn,
        actual_mxn,
        bias_mxn,
        {{ pct('bias_mxn', 'expected_mxn') }} as bias_pct,
        bias_mxn as bias_num,
        expected_mxn as bias_den,
        {{ pct('actual_mxn', 'expected_mxn') }} as accuracy_pct,
        actual_mxn as accuracy_num,
        expected_mxn as accuracy_den,
        {{ ratio('abs_error_sum', 'abs_error_weeks') }} as mape_pct,
        {{ figure('round(abs_error_sum, 4)') }} as mape_num,
        abs_error_weeks as mape_den
    from sums
)

select * from final
order by horizon_weeks
