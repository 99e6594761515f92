-- The figures of each week (Monday to Sunday) with the ids behind them, sorted and joined by |. Every metric has a
-- row every week, 0 where nothing happened.
with

items as (
    select week_end, metric, sum(value) as value, count(*) as items, {{ join_text('id', distinct=false) }} as ids
    from {{ ref('int_week_items') }}
    group by week_end, metric
),

balances as (
    select
        week_end,
        sum(start_mxn) as gross_ar_start_mxn_closing,
        sum(end_mxn) as gross_ar_end_mxn_closing,
        sum(start_overdue_mxn) as overdue_start_mxn_closing,
        sum(end_overdue_mxn) as overdue_end_mxn_closing,
        sum(start_ccy * (end_rate - start_rate)) as fx_effect_on_opening_balance_mxn
    from {{ ref('int_week_balances') }}
    group by week_end
),

figures as (
    select week_end, metric, value, ids from items
    {%- for amount, number in [
        ('billed_mxn', 'invoices_issued'), ('newly_overdue_mxn_closing', 'newly_overdue_invoices'),
        ('cured_mxn_issue_rate', 'cured_invoices'),
    ] %}
    union all
    select week_end, '{{ number }}', items, ids from items where metric = '{{ amount }}'
    {%- endfor %}
    union all
    select week_end, 'collected_applied_mxn', -value_mxn, null from {{ ref('weekly_bridge') }} where line = 'collected_applied'
    {%- for metric in [
        'gross_ar_start_mxn_closing', 'gross_ar_end_mxn_closing', 'overdue_start_mxn_closing',
        'overdue_end_mxn_closing', 'fx_effect_on_opening_balance_mxn',
    ] %}
    union all
    select week_end, '{{ metric }}', {{ metric }}, null from balances
    {%- endfor %}
),

metrics as (
    {%- for metric in [
        'billed_mxn', 'invoices_issued', 'collected_mxn', 'payments', 'collected_applied_mxn', 'newly_overdue_mxn_closing',
        'newly_overdue_invoices', 'cured_mxn_issue_rate', 'cured_invoices', 'disputes_opened', 'disputes_closed',
        'promises_due', 'promises_due_next_week', 'incidents_opened', 'incidents_resolved', 'gross_ar_start_mxn_closing',
        'gross_ar_end_mxn_closing', 'overdue_start_mxn_closing', 'overdue_end_mxn_closing',
        'fx_effect_on_opening_balance_mxn', 'due_next_week_mxn_closing',
    ] %}
    {{ 'union all' if not loop.first }}
    select '{{ metric }}' as metric
    {%- endfor %}
),

final as (
    select w.week_end, m.metric, {{ money('coalesce(f.value, 0)') }} as value, f.ids
    from {{ ref('int_weeks') }} as w
    cross join metrics as m
    left join figures as f on w.week_end = f.week_end and m.metric = f.metric
)

select * from final
order by week_end, metric
