{{ config(alias='kpis') }}

-- Every KPI in one tidy table: figure, period, dimension. `previous` is the same figure one month earlier at a month
-- end, one week earlier on a Sunday, and the last month end for the run's own date. Balances and shares stand on every
-- report date; what is measured by month stands at month ends and at as_of. The table is marts.kpis; the model has another
-- name because the seed with the definitions is `kpis`.
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
    ('mean_days_vs_due', 'mean_days_vs_due'), ('mean_days_late', 'mean_days_late')] %}
{%- set flows = [('billed_gross', 'billed_gross_mxn'), ('billed_net', 'billed_net_mxn'), ('collected', 'collected_mxn'), ('invoices_issued', 'invoices_issued')] %}
{%- set boards = [
    ('disputes_open', 'open_count', 'null', 'null'), ('disputes_share_of_ar_pct', 'share_of_ar_pct', 'share_of_ar_num', 'share_of_ar_den'),
    ('disputes_oldest_days', 'oldest_days', 'null', 'null'), ('disputes_accepted_pct', 'accepted_pct', 'accepted_num', 'accepted_den'),
    ('disputes_mean_resolution_days', 'mean_resolution_days', 'null', 'null'),
    ('disputes_median_resolution_days', 'median_resolution_days', 'null', 'null')] %}
with

promises as (
    select as_of, sum(case when status = 'kept' then 1 else 0 end) as kept, sum(case when status <> 'pending' then 1 else 0 end) as matured
    from {{ ref('promises') }}
    group by as_of
),

exceeded as (select as_of, cast(count(*) as integer) as customers from {{ ref('credit_use') }} where is_exceeded group by as_of),

losses as (select as_of, {{ money('sum(expected_loss_mxn)') }} as expected_loss_mxn from {{ ref('provision') }} group by as_of),

grid as (
    select m.month, m.month_end, d.dimension, d.value from {{ ref('int_months') }} as m cross join {{ ref('int_dimensions') }} as d
),

figures as (
    {%- for kpi, column in stocks %}
    select '{{ kpi }}' as kpi, 'date' as cadence, as_of, dimension, value as dimension_value,
        cast({{ column }} as decimal(18, 4)) as value, cast(null as decimal(18, 2)) as numerator, cast(null as decimal(18, 2)) as denominator
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
    {%- for kpi, column in times %}
    select '{{ kpi }}', 'date', as_of, dimension, value, {{ column }}, null, null from {{ ref('collection_time') }}
    union all
    {%- endfor %}
    {%- for kpi, column in flows %}
    select '{{ kpi }}', 'month', m.month_end, b.dimension, b.value, b.{{ column }}, null, null
    from {{ ref('billed_vs_collected') }} as b inner join {{ ref('int_months') }} as m on b.month = m.month
    union all
    {%- endfor %}
    select 'collected_pct', 'month', m.month_end, b.dimension, b.value, b.collected_pct, b.collected_num, b.collected_den
    from {{ ref('billed_vs_collected') }} as b inner join {{ ref('int_months') }} as m on b.month = m.month
    {%- for kpi, column, num, den in boards %}
    union all
    select '{{ kpi }}', 'date', as_of, 'total', 'total', {{ column }}, {{ num }}, {{ den }} from {{ ref('dispute_board') }} where dimension = 'total'
    {%- endfor %}
    union all
    select 'collected_week', 'week', week_end, 'total', 'total', value, null, null from {{ ref('weekly_movements') }} where metric = 'collected_mxn'
    union all
    select 'promises_kept_pct', 'date', d.as_of, 'total', 'total', {{ pct('p.kept', 'p.matured') }}, coalesce(p.kept, 0), coalesce(p.matured, 0)
    from {{ ref('dim_report_dates') }} as d left join promises as p on d.as_of = p.as_of
    {%- for share in ['top1', 'top3'] %}
    union all
    select 'concentration_{{ share }}_pct', 'date', as_of, 'total', 'total', {{ share }}_share_pct, {{ share }}_share_num, {{ share }}_share_den
    from {{ ref('concentration') }}
    {%- endfor %}
    union all
    select 'expected_loss', 'date', as_of, 'total', 'total', expected_loss_mxn, null, null from losses
    union all
    select 'credit_limit_exceeded', 'date', d.as_of, 'total', 'total', coalesce(e.customers, 0), null, null
    from {{ ref('dim_report_dates') }} as d left join exceeded as e on d.as_of = e.as_of
    union all
    select 'cured_week_pct', 'week', to_date, 'total', 'total', by_amount_pct, by_amount_num, by_amount_den
    from {{ ref('cure_rates') }} where cadence = 'week'
    {%- for measure in ['count', 'amount'] %}
    union all
    select 'on_time_{{ measure }}_pct', 'month', m.month_end, c.dimension, c.value, c.{{ measure }}_pct, c.{{ measure }}_num, c.{{ measure }}_den
    from {{ ref('collected_on_time') }} as c inner join {{ ref('int_months') }} as m on c.due_month = m.month
    {%- endfor %}
    {%- for kpi, column in [('issued_on_time_pct', 'on_time'), ('issued_strict_on_time_pct', 'strict_on_time'), ('sent_on_time_pct', 'sent_on_time')] %}
    union all
    select '{{ kpi }}', 'month', g.month_end, g.dimension, g.value, i.{{ column }}_pct, coalesce(i.{{ column }}_num, 0), coalesce(i.{{ column }}_den, 0)
    from grid as g
    left join {{ ref('issuance') }} as i on g.month = i.issue_month and g.dimension = i.dimension and g.value = i.value
    {%- endfor %}
    union all
    select 'days_to_send', 'month', g.month_end, g.dimension, g.value, i.mean_days_to_send, null, null
    from grid as g
    left join {{ ref('issuance') }} as i on g.month = i.issue_month and g.dimension = i.dimension and g.value = i.value
    union all
    select 'disputed_invoices_pct', 'month', m.month_end, 'total', 'total', r.disputed_pct, r.disputed_num, r.disputed_den
    from {{ ref('dispute_rates') }} as r inner join {{ ref('int_months') }} as m on r.issue_month = m.month
    union all
    select 'reminder_response_pct', 'month', m.month_end, 'total', 'total', r.response_pct, coalesce(r.response_num, 0), coalesce(r.response_den, 0)
    from {{ ref('int_months') }} as m left join {{ ref('reminder_response') }} as r on m.month = r.month and r.stage = 'total'
),

dated as (
    select
        f.*,
        case
            when f.cadence = 'week' or (f.cadence = 'date' and d.is_sunday and not d.is_month_end) then {{ add_days('f.as_of', -7) }}
            else {{ add_days('d.month', -1) }}
        end as previous_as_of
    from figures as f inner join {{ ref('dim_report_dates') }} as d on f.as_of = d.as_of
),

final as (
    select
        f.kpi,
        cast(f.as_of as varchar(10)) as period,
        f.dimension,
        f.dimension_value,
        cast(f.value as decimal(18, 4)) as value,
        cast(f.numerator as decimal(18, 2)) as numerator,
        cast(f.denominator as decimal(18, 2)) as denominator,
        cast(p.value as decimal(18, 4)) as previous
    from dated as f
    left join dated as p
        on f.previous_as_of = p.as_of and f.kpi = p.kpi and f.dimension = p.dimension and f.dimension_value = p.dimension_value
)

select * from final
order by kpi, dimension, dimension_value, period
