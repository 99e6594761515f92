-- Keys of the forecast, process and fiscal marts; and what must add up: the forecast is the gross receivables of its
-- date, every payment and bank line is reconciled once, and the sales book holds every document.
{%- set keys = {
    'cash_forecast_lines': 'as_of, invoice_id, reason', 'cash_forecast': 'as_of, week_start', 'incidents': 'incident_id',
    'dispute_rates': 'issue_month', 'reminder_response': 'month, stage, channel', 'debt_conversion': 'invoice_id',
    'punctual_retention': 'quarter', 'collection_calendar': 'invoice_id, action', 'issuance': 'issue_month, dimension, value', 'sales_book': 'document_id, tipo',
    'receipts_by_day': 'date, method, customer_id', 'rep_compliance': 'invoice_id, payment_id', 'plan_vs_actual': 'month, customer_id'} %}
{%- for mart, key in keys.items() %}
select '{{ mart }}' as fault from (select {{ key }} from {{ ref(mart) }} group by {{ key }} having count(*) > 1) as k{{ loop.index }}
union all
{%- endfor %}
select 'payments reconciled twice' from (
    select payment_id, kind from {{ ref('bank_reconciliation') }} where payment_id is not null group by payment_id, kind having count(*) > 1
) as p
union all
select 'forecast is not the receivables'
from (select as_of, sum(expected_mxn) as expected_mxn from {{ ref('cash_forecast') }} group by as_of) as f
left join (
    select as_of, sum(gross_mxn) as gross_mxn from {{ ref('aging_by_customer') }} where basis = 'effective' group by as_of
) as g on f.as_of = g.as_of
where f.expected_mxn <> coalesce(g.gross_mxn, 0)
union all
select 'a document is not in the sales book'
from (select count(*) as n from {{ ref('sales_book') }}) as b
cross join (select count(*) as n from {{ ref('fct_invoices') }} where coalesce(sources, '') <> 'opening') as i
cross join (select count(*) as n from {{ ref('fct_credit_notes') }}) as c
where b.n <> i.n + c.n
