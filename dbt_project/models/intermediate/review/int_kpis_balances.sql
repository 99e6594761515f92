-- The KPIs of balances and of the speed of collection, one row a figure, period and dimension value. `cadence` says what
-- the figure is of: a date, the month, week or quarter that ends on as_of. int_kpis_process holds the others.
{%- set stocks = [
    ('gross_ar', 'gross_mxn'), ('current_ar', 'current_mxn'), ('overdue_ar', 'overdue_mxn'), ('overdue_1_30_ar', 'd1_30_mxn'),
    ('overdue_31_60_ar', 'd31_60_mxn'), ('overdue_61_90_ar', 'd61_90_mxn'), ('overdue_91_120_ar', 'd91_120_mxn'),
    ('overdue_120_plus_ar', 'd120_plus_mxn'), ('over_90_ar', 'over_90_num'), ('unapplied_ar', 'unapplied_mxn'),
    ('net_ar', 'net_mxn'), ('disputed_ar', 'disputed_mxn'), ('open_invoices', 'by_invoice_den')] %}
{%- set speeds = [
    ('dso_simple', 'gross_mxn', 'net_credit_sales_1m'), ('dso_rolling_3m', 'gross_mxn', 'net_credit_sales_3m'),
    ('dso_rolling_12m', 'gross_mxn', 'net_credit_sales_12m'), ('dso_countback', 'gross_mxn', 'null'),
    ('dso_ledger_3m', 'net_mxn', 'net_credit_sales_3m'), ('bpdso_1m', 'current_mxn', 'net_credit_sales_1m'),
    ('bpdso_3m', 'current_mxn', 'net_credit_sales_3m'), ('add_1m', 'gross_mxn - current_mxn', 'net_credit_sales_1m'),
    ('add_3m', 'gross_mxn - current_mxn', 'net_credit_sales_3m'), ('cei_pct', 'cei_num', 'cei_den'),
    ('cei_excl_write_offs_pct', 'cei_excl_write_offs_num', 'cei_excl_write_offs_den'),
    ('net_credit_sales_1m', 'null', 'null')] %}
{%- set times = [
    ('closed_mean_days', 'mean_days'), ('closed_median_days', 'median_days'), ('closed_weighted_days', 'weighted_days'),
    ('payment_weighted_days', 'payment_weighted_days'), ('km_median_days', 'km_median_days'),
    ('mean_days_vs_due', 'mean_days_vs_due'), ('mean_days_late', 'mean_days_late'),
    ('weighted_days_vs_due', 'weighted_days_vs_due'), ('weighted_days_late', 'weighted_days_late')] %}
with

exceeded as (select as_of, count(*) as customers from {{ ref('credit_use') }} where is_exceeded group by as_of),

losses as (
    select
        as_of,
        {%- for loss in ['expected_loss_mxn', 'estimated_loss_mxn'] %}
        {{ money('case when sum(gross_mxn) <> 0 or sum(unvalued_items) = 0 then sum(' ~ loss ~ ') end') }} as {{ loss }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('provision') }} group by as_of
),

unapplied as (
    select
        as_of,
        {{ money("sum(case when kind = 'payment' then unapplied_mxn end)") }} as payments_mxn,
        {{ money("sum(case when kind = 'credit_note' then unapplied_mxn end)") }} as credit_notes_mxn,
        max(case when kind = 'payment' then oldest_days end) as oldest_days
    from {{ ref('unapplied_credit') }} group by as_of
),

worse as (
    select to_date, sum(worse_num) as worse_mxn, sum(worse_den) as start_mxn
    from {{ ref('roll_rates') }} where cadence = 'month' group by to_date
),

-- Where nothing of the balance has a rate, its pesos are unknown.
-- values keep their four decimals only while no sum is wider than DECIMAL(18): a union takes the widest
figures as (
    {%- for kpi, column in stocks %}
    select '{{ kpi }}' as kpi, 'date' as cadence, as_of, dimension, value as dimension_value,
        {{ figure(column) if column in ('unapplied_mxn', 'by_invoice_den') else figure('case when gross_mxn <> 0 or unvalued_items = 0 then ' ~ column ~ ' end') }} as value,
        cast(null as decimal(18, 2)) as numerator, cast(null as decimal(18, 2)) as denominator
    from {{ ref('morosidad') }}
    union all
    {%- endfor %}
    {%- for share in ['by_amount', 'by_invoice', 'by_customer', 'over_30', 'over_90', 'by_amount_excl_disputed'] %}
    select 'morosidad_{{ share | replace('by_amount_excl', 'excl') }}_pct', 'date', as_of, dimension, value, {{ share }}_pct, {{ share }}_num, {{ share }}_den
    from {{ ref('morosidad') }}
    union all
    {%- endfor %}
    {%- for kpi, num, den in speeds %}
    select '{{ kpi }}', 'month', month_end, dimension, value, {{ kpi }}, {{ num }}, {{ den }} from {{ ref('collection_speed') }}
    union all
    {%- endfor %}
    {%- for kpi, column in [('cei_quarter_pct', 'cei'), ('cei_quarter_excl_write_offs_pct', 'cei_excl_write_offs')] %}
    select '{{ kpi }}', 'quarter', quarter_end, dimension, value, {{ column }}_pct, {{ column }}_num, {{ column }}_den from {{ ref('cei_quarters') }}
    union all
    {%- endfor %}
    {%- for kpi, column in times %}
    select '{{ kpi }}', 'date', as_of, dimension, value, {{ column }}, null, null from {{ ref('collection_time') }}
    union all
    {%- endfor %}
    {%- for kpi, column, num, den in [
        ('concentration_top1_pct', 'top1_share_pct', 'top1_share_num', 'top1_share_den'),
        ('concentration_top3_pct', 'top3_share_pct', 'top3_share_num', 'top3_share_den'), ('concentration_hhi', 'hhi', 'null', 'null')] %}
    select '{{ kpi }}', 'date', as_of, 'total', 'total', {{ column }}, {{ num }}, {{ den }} from {{ ref('concentration') }}
    union all
    {%- endfor %}
    {%- for kpi, column in [('expected_loss', 'expected_loss_mxn'), ('expected_loss_estimated', 'estimated_loss_mxn')] %}
    select '{{ kpi }}', 'date', as_of, 'total', 'total', {{ column }}, null, null from losses
    union all
    {%- endfor %}
    {%- for kpi, column in [
        ('unapplied_payments', 'payments_mxn'), ('unapplied_credit_notes', 'credit_notes_mxn'), ('unapplied_oldest_days', 'oldest_days')] %}
    select '{{ kpi }}', 'date', as_of, 'total', 'total', {{ column }}, null, null from unapplied
    union all
    {%- endfor %}
    {%- for kpi, column in [('morosidad_reduction_points', 'points'), ('morosidad_reduction_pct', 'pct')] %}
    select '{{ kpi }}', 'date', m.as_of, m.dimension, m.value, r.reduction_{{ column }}, null, null
    from {{ ref('morosidad') }} as m
    left join {{ ref('morosidad_reduction') }} as r on m.as_of = r.as_of and m.dimension = r.dimension and m.value = r.value
    union all
    {%- endfor %}
    select 'credit_limit_exceeded', 'date', d.as_of, 'total', 'total', coalesce(e.customers, 0), null, null
    from {{ ref('dim_report_dates') }} as d left join exceeded as e on d.as_of = e.as_of
    union all
    select 'cured_week_pct', 'week', to_date, 'total', 'total', by_amount_pct, by_amount_num, by_amount_den
    from {{ ref('cure_rates') }} where cadence = 'week'
    union all
    select 'cured_month_pct', 'month', m.month_end, 'total', 'total', c.by_amount_pct, c.by_amount_num, c.by_amount_den
    from {{ ref('int_months') }} as m left join {{ ref('cure_rates') }} as c on m.month_end = c.to_date and c.cadence = 'month'
    union all
    select 'rolled_worse_month_pct', 'month', m.month_end, 'total', 'total', {{ pct('w.worse_mxn', 'w.start_mxn') }}, w.worse_mxn, w.start_mxn
    from {{ ref('int_months') }} as m left join worse as w on m.month_end = w.to_date
)

{{ kpi_rows('figures') }}
