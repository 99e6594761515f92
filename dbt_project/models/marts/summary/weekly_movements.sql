-- The figures of each week (Monday to Sunday) with the ids behind them, sorted and joined by |. Every metric has a
-- row every week, 0 where nothing happened and null where nothing of it has a rate; `unvalued_items` counts what the pesos
-- of the week and of its end leave out.
{%- set counted = [
    ('billed_mxn', 'billed', 'value'), ('invoices_issued', 'billed', 'items'), ('collected_mxn', 'collected', 'value'),
    ('payments', 'payments', 'items'), ('newly_overdue_mxn_closing', 'new_overdue', 'value'),
    ('newly_overdue_invoices', 'new_overdue', 'items'), ('due_next_week_mxn_closing', 'due_next', 'value'),
    ('cured_mxn_issue_rate', 'cured', 'value'), ('cured_invoices', 'cured', 'items'), ('disputes_opened', 'disputes_opened', 'items'),
    ('disputes_closed', 'disputes_closed', 'items'), ('promises_due', 'promises_due', 'items'),
    ('promises_due_next_week', 'promises_due_next_week', 'items'), ('incidents_opened', 'incidents_opened', 'items'),
    ('incidents_resolved', 'incidents_resolved', 'items')] %}
{%- set balances = [
    'gross_ar_start_mxn_closing', 'gross_ar_end_mxn_closing', 'overdue_start_mxn_closing', 'overdue_end_mxn_closing',
    'fx_effect_on_opening_balance_mxn'] %}
with

items as (
    select week_end, what, {{ known_total('sum(value)', 'count(*) - count(value)') }} as value, count(*) as items, count(*) - count(value) as unvalued, {{ join_text('id', distinct=false) }} as ids
    from {{ ref('int_week_items') }}
    group by week_end, what
),

balances as (
    select
        week_end,
        {{ known_balance('sum(start_mxn)', 'sum(start_unvalued)') }} as gross_ar_start_mxn_closing,
        {{ known_balance('sum(end_mxn)', 'sum(end_unvalued)') }} as gross_ar_end_mxn_closing,
        {{ known_balance('sum(start_overdue_mxn)', 'sum(start_unvalued_overdue)') }} as overdue_start_mxn_closing,
        {{ known_balance('sum(end_overdue_mxn)', 'sum(end_unvalued_overdue)') }} as overdue_end_mxn_closing,
        {{ known_total('sum(' ~ wide('start_ccy') ~ ' * (end_rate - start_rate))', 'sum(start_unvalued)') }} as fx_effect_on_opening_balance_mxn,
        sum(end_unvalued) as unvalued
    from {{ ref('int_week_balances') }}
    group by week_end
),

figures as (
    {%- for metric, what, column in counted %}
    select week_end, '{{ metric }}' as metric, {{ column }} as value, ids from items where what = '{{ what }}'
    union all
    {%- endfor %}
    {%- for metric in balances %}
    select week_end, '{{ metric }}', {{ metric }}, null from balances
    union all
    {%- endfor %}
    select week_end, 'unvalued_items', sum(unvalued), null
    from (select week_end, unvalued from items union all select week_end, unvalued from balances) as u
    group by week_end
    union all
    select week_end, 'collected_applied_mxn', -value_mxn, null from {{ ref('weekly_bridge') }} where line = 'collected_applied'
),

metrics as (
    select 'collected_applied_mxn' as metric
    union all
    select 'unvalued_items'
    {%- for metric in (counted | map('first') | list) + balances %}
    union all
    select '{{ metric }}'
    {%- endfor %}
),

final as (
    select w.week_end, m.metric, {{ money('case when f.metric is null then 0 else f.value end') }} as value, f.ids
    from {{ ref('int_weeks') }} as w
    cross join metrics as m
    left join figures as f on w.week_end = f.week_end and m.metric = f.metric
)

select * from final
order by week_end, metric
