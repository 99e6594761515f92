-- The grain of every review mart, one test for all of them.
{%- set keys = {
    'aging_open_items': 'as_of, basis, invoice_id, instalment', 'aging_by_customer': 'as_of, basis, customer_id',
    'aging_by_cut': 'as_of, customer_id, company, branch, segment, salesperson, account_owner, currency',
    'morosidad': 'as_of, dimension, value', 'collection_speed': 'month, dimension, value', 'collection_time': 'as_of, dimension, value',
    'billed_vs_collected': 'month, dimension, value', 'disputes': 'dispute_id', 'dispute_board': 'as_of, dimension, value',
    'promises': 'as_of, promise_id', 'worklist': 'customer_id', 'exceptions': 'rule, entity_id', 'weekly_movements': 'week_end, metric',
    'weekly_bridge': 'week_end, line', 'kpi_figures': 'kpi, period, dimension, dimension_value', 'roll_forward': 'month',
    'concentration': 'as_of', 'credit_use': 'as_of, customer_id', 'provision': 'as_of, bucket', 'survival_curve': 'as_of, day',
    'roll_rates': 'from_date, to_date, from_bucket', 'cure_rates': 'from_date, to_date',
    'document_matches': 'entity_type, entity_id, left_id, right_id, right_file_id',
    'waiting_documents': 'kind, document_id, waits_for_kind, waits_for_id', 'collected_on_time': 'due_month, dimension, value',
    'vintage': 'issue_month, dimension, value', 'payment_behaviour': 'as_of, customer_id', 'forecast_accuracy': 'as_of, week_start',
    'forecast_accuracy_by_horizon': 'horizon_weeks', 'cei_quarters': 'quarter, dimension, value',
    'provision_by_segment': 'as_of, segment, bucket', 'unapplied_credit': 'as_of, kind', 'morosidad_reduction': 'as_of, dimension, value',
    'incident_board': 'as_of, dimension, value', 'reported_payments': 'report_id',
    'cfdi_checks': 'uuid, check_name', 'cfdi_checks_summary': 'check_name'} %}
{%- for mart, key in keys.items() %}
select '{{ mart }}' as mart from (select {{ key }} from {{ ref(mart) }} group by {{ key }} having count(*) > 1) as k{{ loop.index }}
{{ 'union all' if not loop.last }}
{%- endfor %}
