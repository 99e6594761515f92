-- Whatever a mart counts or adds by dimension is its total again, in every dimension: no document stands outside one.
-- Tags overlap and leave out, so they are apart; so are customers, counted once in each value. A total that is unknown
-- (a cohort not of age yet, months without history) is compared with nothing.
{%- set balances = ['gross_mxn', 'overdue_mxn', 'disputed_mxn', 'unapplied_mxn', 'net_mxn', 'by_invoice_num', 'by_invoice_den',
    'over_30_num', 'over_90_num', 'by_amount_excl_disputed_num', 'by_amount_excl_disputed_den', 'unvalued_items'] %}
{%- set cei = ['cei_num', 'cei_den', 'cei_excl_write_offs_num', 'cei_excl_write_offs_den'] %}
{%- set cohorts = ['collected_30d_num', 'collected_30d_den', 'collected_60d_num', 'collected_60d_den', 'collected_90d_num', 'collected_90d_den'] %}
{%- set marts = [
    ('morosidad', ['as_of'], balances + bucket_columns()),
    ('morosidad_reduction', ['as_of'], ['start_num', 'start_den', 'now_num', 'now_den']),
    ('billed_vs_collected', ['month'], ['invoices_issued', 'billed_gross_mxn', 'cancelled_mxn', 'credit_notes_mxn', 'billed_net_mxn', 'collected_mxn']),
    ('collected_on_time', ['due_month'], ['matured_invoices', 'paid_by_due', 'matured_mxn', 'on_time_mxn']),
    ('collection_speed', ['month'], ['gross_mxn', 'current_mxn', 'unapplied_mxn', 'net_mxn', 'net_credit_sales_1m', 'net_credit_sales_3m',
        'net_credit_sales_12m'] + cei),
    ('cei_quarters', ['quarter'], ['beginning_mxn', 'net_credit_sales_mxn', 'gross_mxn', 'current_mxn', 'write_offs_mxn'] + cei),
    ('collection_time', ['as_of'], ['closed_invoices', 'payment_weighted_den']),
    ('vintage', ['issue_month'], ['invoices', 'billed_net_mxn'] + cohorts),
    ('issuance', ['issue_month'], ['issued', 'on_time_num', 'on_time_den', 'strict_on_time_num', 'strict_on_time_den', 'sent_on_time_num',
        'sent_on_time_den', 'not_sent', 'not_invoiced_sales']),
    ('dispute_board', ['as_of'], ['open_count', 'open_amount_mxn', 'closed_count', 'accepted_count']),
    ('incident_board', ['as_of'], ['open_count', 'closed_count']),
    ('kpi_figures', ['kpi', 'period'], ['numerator', 'denominator']),
] %}
{%- set boards = {'dispute_board': ['reason', 'owner'], 'incident_board': ['type', 'area', 'owner']} %}
{%- for mart, keys, columns in marts %}
select '{{ mart }}' as mart, cast(coalesce(t.{{ keys[-1] }}, s.{{ keys[-1] }}) as string) as period,
    coalesce(d.dimension, s.dimension) as dimension
from (
    select {{ keys | join(', ') }}, {{ columns | join(', ') }} from {{ ref(mart) }} where dimension = 'total'
) as t
cross join (
    {%- for dimension in boards.get(mart) or (cut_columns() | map('replace', 'company_rfc', 'company')) %}
    select '{{ dimension }}' as dimension{{ ' union all' if not loop.last }}
    {%- endfor %}
) as d
full join (
    select {{ keys | join(', ') }}, dimension, {% for column in columns %}sum({{ column }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ ref(mart) }}
    where dimension not in ('total', 'tag')
    group by {{ keys | join(', ') }}, dimension
) as s on {% for key in keys %}t.{{ key }} = s.{{ key }} and {% endfor %}d.dimension = s.dimension
where
    (
        t.{{ keys[0] }} is null
        {%- for column in columns %}
        or t.{{ column }} <> coalesce(s.{{ column }}, 0)
        {%- endfor %}
    )
    {%- if mart == 'kpi_figures' %}
    and coalesce(s.kpi, t.kpi) <> 'morosidad_by_customer_pct'
    and coalesce(s.kpi, t.kpi) in (select kpi from {{ ref(mart) }} where dimension <> 'total')
    {%- endif %}
{{ 'union all' if not loop.last }}
{%- endfor %}
