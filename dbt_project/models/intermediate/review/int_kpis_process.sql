-- The KPIs of the process (METRICS section 4), one row a figure, period and dimension value. What is counted by month stands on every month, null where its denominator is 0.
{%- set issuances = [
    ('issued_on_time_pct', 'on_time_pct', 'on_time_num', 'on_time_den'), ('sent_on_time_pct', 'sent_on_time_pct', 'sent_on_time_num', 'sent_on_time_den'),
    ('issued_strict_on_time_pct', 'strict_on_time_pct', 'strict_on_time_num', 'strict_on_time_den'), ('days_to_send', 'mean_days_to_send', none, none),
    ('days_to_send_median', 'median_days_to_send', none, none), ('days_to_issue', 'mean_days_to_issue', none, none),
    ('days_to_issue_median', 'median_days_to_issue', none, none)] %}
{%- set boards = [
    ('disputes_open', 'open_count', 'dispute_board'), ('disputes_oldest_days', 'oldest_days', 'dispute_board'),
    ('disputes_mean_resolution_days', 'mean_resolution_days', 'dispute_board'),
    ('disputes_median_resolution_days', 'median_resolution_days', 'dispute_board'),
    ('incidents_open', 'open_count', 'incident_board'), ('incidents_oldest_days', 'oldest_days', 'incident_board'),
    ('incidents_mean_resolution_days', 'mean_resolution_days', 'incident_board'),
    ('incidents_median_resolution_days', 'median_resolution_days', 'incident_board')] %}
with

months as (select month, month_end from {{ ref('int_months') }}),

grid as (
    select m.month, m.month_end, d.dim_key, d.dimension, d.value from months as m cross join {{ ref('int_dimensions') }} as d
),

-- a sale to invoice may be of a value that no document has
issuance_grid as (
    select month, month_end, dimension, value from grid
    union
    select m.month, m.month_end, i.dimension, i.value
    from months as m cross join (select distinct dimension, value from {{ ref('issuance') }} where not_invoiced_sales > 0) as i
),

promises as (
    select as_of, sum(case when status = 'kept' then 1 else 0 end) as kept, count(*) as matured,
        sum(paid_by_deadline_mxn) as paid_mxn, sum(amount_mxn) as promised_mxn
    from {{ ref('promises') }}
    where status <> 'pending'
    group by as_of
),

-- interventions by the month in which their window closed
conversions as (
    select {{ month_start('c.window_end') }} as month, d.dim_key, sum(c.collected_mxn) as collected_mxn, sum(c.debt_mxn_issue) as debt_mxn,
        sum(case when c.is_converted then 1 else 0 end) as converted, count(c.is_converted) as windows
    from {{ ref('debt_conversion') }} as c
    inner join {{ ref('int_invoices_unified') }} as u on c.invoice_id = u.invoice_id
    inner join {{ ref('int_invoice_cuts') }} as i on u.invoice_key = i.invoice_key
    inner join {{ ref('int_cut_dimensions') }} as d on i.cut_key = d.cut_key
    where c.window_complete
    group by {{ month_start('c.window_end') }}, d.dim_key
),

quarters as (
    select cast(date_trunc('quarter', month) as date) as quarter, max(month_end) as quarter_end from months group by date_trunc('quarter', month)
),

figures as (
    {%- for kpi, column, mart in boards %}
    select '{{ kpi }}' as kpi, 'date' as cadence, as_of, dimension, value as dimension_value, {{ figure(column) }} as value,
        cast(null as decimal(18, 2)) as numerator, cast(null as decimal(18, 2)) as denominator
    from {{ ref(mart) }} where dimension = 'total'
    union all
    {%- endfor %}
    {%- for kpi, column in [('disputes_share_of_ar_pct', 'share_of_ar'), ('disputes_accepted_pct', 'accepted')] %}
    select '{{ kpi }}', 'date', as_of, dimension, value, {{ column }}_pct, {{ column }}_num, {{ column }}_den
    from {{ ref('dispute_board') }} where dimension = 'total'
    union all
    {%- endfor %}
    {%- for kpi, column in [('billed_gross', 'billed_gross_mxn'), ('billed_net', 'billed_net_mxn'), ('collected', 'collected_mxn'), ('invoices_issued', 'invoices_issued')] %}
    select '{{ kpi }}', 'month', m.month_end, b.dimension, b.value, b.{{ column }}, null, null
    from {{ ref('billed_vs_collected') }} as b inner join months as m on b.month = m.month
    union all
    {%- endfor %}
    select 'collected_pct', 'month', m.month_end, b.dimension, b.value, b.collected_pct, b.collected_num, b.collected_den
    from {{ ref('billed_vs_collected') }} as b inner join months as m on b.month = m.month
    union all
    select 'collected_week', 'week', week_end, 'total', 'total', value, null, null from {{ ref('weekly_movements') }} where metric = 'collected_mxn'
    {%- for kpi, num, den in [('promises_kept_pct', 'kept', 'matured'), ('promises_kept_amount_pct', 'paid_mxn', 'promised_mxn')] %}
    union all
    select '{{ kpi }}', 'date', d.as_of, 'total', 'total', {{ pct('p.' ~ num, 'p.' ~ den) }}, coalesce(p.{{ num }}, 0), coalesce(p.{{ den }}, 0)
    from {{ ref('dim_report_dates') }} as d left join promises as p on d.as_of = p.as_of
    {%- endfor %}
    {%- for measure in ['count', 'amount'] %}
    union all
    select 'on_time_{{ measure }}_pct', 'month', m.month_end, c.dimension, c.value, c.{{ measure }}_pct, c.{{ measure }}_num, c.{{ measure }}_den
    from {{ ref('collected_on_time') }} as c inner join months as m on c.due_month = m.month
    {%- endfor %}
    {%- for kpi, column, num, den in issuances %}
    union all
    select '{{ kpi }}', 'month', g.month_end, g.dimension, g.value, i.{{ column }},
        {{ 'coalesce(i.' ~ num ~ ', 0)' if num else 'null' }}, {{ 'coalesce(i.' ~ den ~ ', 0)' if den else 'null' }}
    from issuance_grid as g
    left join {{ ref('issuance') }} as i on g.month = i.issue_month and g.dimension = i.dimension and g.value = i.value
    {%- endfor %}
    {%- for kpi, column in [('disputed_invoices_pct', 'disputed'), ('disputed_live_invoices_pct', 'live_disputed'), ('disputed_amount_pct', 'disputed_amount')] %}
    union all
    select '{{ kpi }}', 'month', m.month_end, 'total', 'total', r.{{ column }}_pct, r.{{ column }}_num, r.{{ column }}_den
    from {{ ref('dispute_rates') }} as r inner join months as m on r.issue_month = m.month
    {%- endfor %}
    {%- for kpi, column in [('reminder_response_pct', 'response'), ('reminder_customer_response_pct', 'customer_response')] %}
    union all
    select '{{ kpi }}', 'month', m.month_end, 'total', 'total', r.{{ column }}_pct, coalesce(r.{{ column }}_num, 0), coalesce(r.{{ column }}_den, 0)
    from months as m left join {{ ref('reminder_response') }} as r on m.month = r.month and r.stage = 'total'
    {%- endfor %}
    {%- for kpi, num, den in [('debt_conversion_pct', 'collected_mxn', 'debt_mxn'), ('debt_conversion_count_pct', 'converted', 'windows')] %}
    union all
    select '{{ kpi }}', 'month', g.month_end, g.dimension, g.value, {{ pct('c.' ~ num, 'c.' ~ den) }},
        case when c.month is null then 0 else c.{{ num }} end, case when c.month is null then 0 else c.{{ den }} end
    from grid as g left join conversions as c on g.month = c.month and g.dim_key = c.dim_key
    {%- endfor %}
    union all
    select 'punctual_retention_pct', 'quarter', q.quarter_end, 'total', 'total', r.retention_pct, coalesce(r.retention_num, 0), coalesce(r.retention_den, 0)
    from quarters as q left join {{ ref('punctual_retention') }} as r on q.quarter = r.quarter
)

{{ kpi_rows('figures') }}
