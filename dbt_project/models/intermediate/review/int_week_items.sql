{{ config(materialized='view') }}

-- What happened in each week, item by item: metric, the thing's id (once a metric and week) and its value. weekly_movements
-- adds it up and counts it (its only reader: a view, for with ids there are several rows an invoice).
with

weeks as (select * from {{ ref('int_weeks') }}),

invoices as (select invoice_key, invoice_id from {{ ref('int_invoices_unified') }}),

items as (
    select invoice_key, due_date, valid_from, valid_to, currency, open_ccy, fx_issue_rate
    from {{ ref('balance_intervals') }}
    where basis = 'effective'
),

billed as (
    select w.week_end, i.invoice_id as id, sum(m.amount_mxn_issue) as value
    from weeks as w
    inner join {{ ref('int_movements') }} as m on w.week_start < m.effective_date and m.effective_date <= w.week_end
    inner join invoices as i on m.invoice_key = i.invoice_key
    where m.flow = 'billed'
    group by w.week_end, i.invoice_id
),

receipts as (
    select w.week_end, p.payment_id as id, p.amount_mxn as value, 1 as is_receipt
    from weeks as w
    inner join {{ ref('fct_payments') }} as p on w.week_start < p.payment_date and p.payment_date <= w.week_end
    where p.is_cash
    union all
    select w.week_end, p.payment_id, -p.amount_mxn, 0
    from weeks as w
    inner join {{ ref('fct_payments') }} as p on w.week_start < p.reversed_date and p.reversed_date <= w.week_end
    where p.is_cash
),

newly_overdue as (
    select w.week_end, i.invoice_id as id, sum({{ pesos('b.open_ccy', 'r.rate') }}) as value
    from weeks as w
    inner join items as b
        on w.week_start <= b.due_date and b.due_date < w.week_end and b.valid_from <= w.week_end and w.week_end < b.valid_to
    inner join {{ ref('int_report_rates') }} as r on w.week_end = r.as_of and b.currency = r.currency
    inner join invoices as i on b.invoice_key = i.invoice_key
    group by w.week_end, i.invoice_id
),

due_next_week as (
    select w.week_end, i.invoice_id as id, sum({{ pesos('b.open_ccy', 'r.rate') }}) as value
    from weeks as w
    inner join items as b
        on w.week_end < b.due_date and b.due_date <= w.next_week_end and b.valid_from <= w.week_end and w.week_end < b.valid_to
    inner join {{ ref('int_report_rates') }} as r on w.week_end = r.as_of and b.currency = r.currency
    inner join invoices as i on b.invoice_key = i.invoice_key
    group by w.week_end, i.invoice_id
),

-- overdue at the start and ended within the week; cured when nothing of the invoice is open at its end
ended as (
    select w.week_end, b.invoice_key, sum({{ pesos('b.open_ccy', 'b.fx_issue_rate') }}) as value
    from weeks as w
    inner join items as b
        on b.due_date < w.week_start and b.valid_from <= w.week_start and w.week_start < b.valid_to and b.valid_to <= w.week_end
    group by w.week_end, b.invoice_key
),

still_open as (
    select distinct e.week_end, e.invoice_key
    from ended as e
    inner join items as b on e.invoice_key = b.invoice_key and b.valid_from <= e.week_end and e.week_end < b.valid_to
),

cured as (
    select e.week_end, i.invoice_id as id, e.value
    from ended as e
    inner join invoices as i on e.invoice_key = i.invoice_key
    left join still_open as s on e.week_end = s.week_end and e.invoice_key = s.invoice_key
    where s.invoice_key is null
),

cases as (
    select 'disputes_opened' as metric, opened_date as day, dispute_id as id from {{ ref('int_disputes') }}
    union all
    select 'disputes_closed', closed_date, dispute_id from {{ ref('int_disputes') }}
    union all
    select 'promises_due', promised_date, promise_id
    from {{ log_rows(ref('stg_register__promises'), ['promise_id'], 'made_date') }} as p
    union all
    select 'promises_due_next_week', {{ add_days('promised_date', -7) }}, promise_id
    from {{ log_rows(ref('stg_register__promises'), ['promise_id'], 'made_date') }} as p
    union all
    select 'incidents_opened', opened_date, incident_id
    from {{ log_rows(ref('stg_register__incidents'), ['incident_id'], 'opened_date') }} as i
    union all
    select 'incidents_resolved', {{ known_date('resolved_date') }}, incident_id
    from {{ log_rows(ref('stg_register__incidents'), ['incident_id'], 'opened_date') }} as i
),

final as (
    select week_end, 'billed_mxn' as metric, id, value from billed
    union all
    select week_end, 'collected_mxn', id, sum(value) from receipts group by week_end, id
    union all
    select week_end, 'payments', id, 1 from receipts where is_receipt = 1
    union all
    select week_end, 'newly_overdue_mxn_closing', id, value from newly_overdue
    union all
    select week_end, 'due_next_week_mxn_closing', id, value from due_next_week
    union all
    select week_end, 'cured_mxn_issue_rate', id, value from cured
    union all
    select w.week_end, c.metric, c.id, 1
    from weeks as w inner join cases as c on w.week_start < c.day and c.day <= w.week_end
)

select week_end, metric, id, cast(value as decimal(18, 2)) as value from final
