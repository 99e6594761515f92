{{ config(materialized='view') }}

-- What happened in each week, item by item: what, the thing's id (once in a week) and its value. weekly_movements adds it
-- up and counts it (its only reader: a view, for with ids there are several rows an invoice). Everything meets its week
-- by one day: the seven days of each week stand in a table. Names of up to 12 letters are hashed faster.
with

days as ({{ week_days(ref('int_weeks')) }}),

items as (
    select invoice_key, due_date, valid_from, valid_to, currency, open_ccy, fx_issue_rate
    from {{ ref('balance_intervals') }}
    where basis = 'effective'
),

billed as (
    select d.week_end, m.invoice_key, m.amount_mxn_issue as value
    from {{ ref('int_movements') }} as m inner join days as d on m.effective_date = d.day
    where m.flow = 'billed'
),

receipts as (
    select d.week_end, p.payment_id as id, p.amount_mxn as value, 1 as is_receipt
    from {{ ref('fct_payments') }} as p inner join days as d on p.payment_date = d.day
    where p.is_cash
    union all
    select d.week_end, p.payment_id, -p.amount_mxn, 0
    from {{ ref('fct_payments') }} as p inner join days as d on p.reversed_date = d.day
    where p.is_cash
),

-- due from the last Sunday to the Saturday of the week
newly_overdue as (
    select d.week_end, b.invoice_key, {{ pesos('b.open_ccy', 'r.rate') }} as value
    from items as b
    inner join days as d on {{ add_days('b.due_date', 1) }} = d.day and b.valid_from <= d.week_end and d.week_end < b.valid_to
    inner join {{ ref('int_report_rates') }} as r on d.week_end = r.as_of and b.currency = r.currency
),

due_next_week as (
    select d.week_end, b.invoice_key, {{ pesos('b.open_ccy', 'r.rate') }} as value
    from items as b
    inner join days as d on {{ add_days('b.due_date', -7) }} = d.day and b.valid_from <= d.week_end and d.week_end < b.valid_to
    inner join {{ ref('int_report_rates') }} as r on d.week_end = r.as_of and b.currency = r.currency
),

-- overdue at the start and ended within the week; cured when nothing of the invoice is open at its end
ended as (
    select d.week_end, b.invoice_key, {{ pesos('b.open_ccy', 'b.fx_issue_rate') }} as value
    from items as b
    inner join days as d on b.valid_to = d.day and b.due_date < d.week_start and b.valid_from <= d.week_start
),

still_open as (
    select distinct e.week_end, e.invoice_key
    from ended as e
    inner join items as b on e.invoice_key = b.invoice_key and b.valid_from <= e.week_end and e.week_end < b.valid_to
),

cured as (
    select e.week_end, e.invoice_key, e.value
    from ended as e
    left join still_open as s on e.week_end = s.week_end and e.invoice_key = s.invoice_key
    where s.invoice_key is null
),

line_items as (
    select week_end, 'billed' as what, invoice_key, value from billed
    union all
    select week_end, 'new_overdue', invoice_key, value from newly_overdue
    union all
    select week_end, 'due_next', invoice_key, value from due_next_week
    union all
    select week_end, 'cured', invoice_key, value from cured
),

-- instalments of one invoice are one item; an invoice of one line has nothing to add up
invoice_items as (
    select week_end, what, invoice_key, value from line_items
    where invoice_key not in (select invoice_key from {{ ref('int_invoice_lines') }} where not is_last)
    union all
    select week_end, what, invoice_key, sum(value) from line_items
    where invoice_key in (select invoice_key from {{ ref('int_invoice_lines') }} where not is_last)
    group by week_end, what, invoice_key
),

cases as (
    select 'disputes_opened' as what, opened_date as day, dispute_id as id from {{ ref('int_disputes') }}
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
    select u.week_end, u.what, i.invoice_id as id, u.value
    from invoice_items as u inner join {{ ref('int_invoice_attributes') }} as i on u.invoice_key = i.invoice_key
    union all
    select week_end, 'collected', id, sum(value) from receipts group by week_end, id
    union all
    select week_end, 'payments', id, 1 from receipts where is_receipt = 1
    union all
    select d.week_end, c.what, c.id, 1 from days as d inner join cases as c on d.day = c.day
)

select week_end, what, id, cast(value as decimal(18, 2)) as value from final
