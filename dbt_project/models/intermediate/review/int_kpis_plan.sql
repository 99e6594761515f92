-- The KPIs of the forecast, the plan and the bank, by month and in total; null where nothing was forecast, planned or
-- received. A forecast counts in the month in which its week ended, up to four weeks ahead.
with

months as (select month, month_end from {{ ref('int_months') }}),

forecasts as (
    select {{ month_start('week_end_date') }} as month, sum(expected_mxn) as expected_mxn, sum(actual_mxn) as actual_mxn,
        sum({{ forecast_error('expected_mxn', 'actual_mxn') }}) as error_sum,
        count({{ forecast_error('expected_mxn', 'actual_mxn') }}) as error_weeks
    from {{ ref('forecast_accuracy') }}
    where horizon_weeks <= 4 and actual_mxn is not null
    group by {{ month_start('week_end_date') }}
),

receipts as (
    select {{ month_start('p.payment_date') }} as month, count(*) as receipts, sum(case when b.status = 'matched' then 1 else 0 end) as matched
    from {{ ref('fct_payments') }} as p
    inner join {{ ref('bank_reconciliation') }} as b on p.payment_id = b.payment_id and b.kind = 'payment'
    where p.is_cash
    group by {{ month_start('p.payment_date') }}
),

figures as (
    {%- for kpi, num in [('forecast_accuracy_pct', 'f.actual_mxn'), ('forecast_bias_pct', 'f.actual_mxn - f.expected_mxn')] %}
    select '{{ kpi }}' as kpi, m.month_end as as_of, cast({{ pct('(' ~ num ~ ')', 'f.expected_mxn') }} as decimal(18, 4)) as value,
        cast({{ num }} as decimal(18, 2)) as numerator, cast(f.expected_mxn as decimal(18, 2)) as denominator
    from months as m left join forecasts as f on m.month = f.month
    union all
    {%- endfor %}
    select 'forecast_mape_pct', m.month_end, {{ ratio('f.error_sum', 'f.error_weeks') }}, f.error_sum, f.error_weeks
    from months as m left join forecasts as f on m.month = f.month
    {%- for kpi, column in [('billed_vs_plan_pct', 'billed'), ('collected_vs_plan_pct', 'collected')] %}
    union all
    select '{{ kpi }}', m.month_end, p.{{ column }}_pct, p.{{ column }}_num, p.{{ column }}_den
    from months as m left join {{ ref('plan_vs_actual') }} as p on m.month = p.month and p.customer_id = 'total'
    {%- endfor %}
    union all
    select 'bank_tie_out_pct', m.month_end, {{ pct('r.matched', 'r.receipts') }}, coalesce(r.matched, 0), coalesce(r.receipts, 0)
    from months as m left join receipts as r on m.month = r.month
)

{{ kpi_rows('figures', cadence="'month'", dimension="'total'", dimension_value="'total'") }}
