-- What was collected of each invoice in the window after its first delivered post-due reminder, against what it owed
-- on the eve. One count an invoice; a payment that bounced does not count. A debt without a rate is unknown, and no case.
with

contacts as (
    select a.invoice_key, min(r.sent_date) as first_intervention
    from {{ log_rows(ref('stg_register__reminders'), ['reminder_id'], 'sent_date') }} as r
    inner join {{ ref('int_invoice_aliases') }} as a on a.alias = {{ invoice_alias('r.invoice_id') }}
    where r.stage = 'post_due' and coalesce(r.delivered, true)
    group by a.invoice_key
),

windows as (
    select *, {{ add_days('first_intervention', -1) }} as eve, {{ add_days('first_intervention', var('conversion_window_days')) }} as window_end
    from contacts
),

debts as (
    select w.invoice_key, sum({{ pesos('b.open_ccy', 'b.fx_issue_rate') }}) as debt_mxn,
        sum(case when b.fx_issue_rate is null then 1 else 0 end) as unvalued
    from windows as w
    inner join {{ ref('balance_intervals') }} as b on w.invoice_key = b.invoice_key and b.valid_from <= w.eve and w.eve < b.valid_to
    where b.basis = 'effective'
    group by w.invoice_key
),

receipts as (
    select w.invoice_key, sum(-m.amount_mxn_issue) as collected_mxn,
        sum(case when m.amount_mxn_issue is null then 1 else 0 end) as unvalued
    from windows as w
    inner join {{ ref('int_movements') }} as m on w.invoice_key = m.invoice_key and m.effective_date between w.first_intervention and w.window_end
    inner join {{ ref('int_payments') }} as p on m.doc_key = p.payment_key
    where m.doc_type = 'payment' and m.flow = 'payment' and m.is_cash and p.reversed_date is null
    group by w.invoice_key
),

judged as (
    select
        i.invoice_id,
        c.customer_id,
        w.first_intervention,
        w.window_end,
        w.window_end <= {{ as_of() }} as window_complete,
        {{ money(known_total('d.debt_mxn', 'd.unvalued')) }} as debt_mxn_issue,
        {{ money(known_total('r.collected_mxn', 'r.unvalued')) }} as collected_mxn,
        cast(coalesce(d.unvalued, 0) + coalesce(r.unvalued, 0) as integer) as unvalued_items
    from windows as w
    inner join {{ ref('int_invoices_unified') }} as i on w.invoice_key = i.invoice_key
    left join {{ ref('int_customers') }} as c on i.customer_key = c.customer_key
    left join debts as d on w.invoice_key = d.invoice_key
    left join receipts as r on w.invoice_key = r.invoice_key
),

final as (
    select
        invoice_id,
        customer_id,
        first_intervention,
        window_end,
        window_complete,
        debt_mxn_issue,
        collected_mxn,
        {{ pct('collected_mxn', 'debt_mxn_issue') }} as pct,
        case when debt_mxn_issue > 0 then collected_mxn >= debt_mxn_issue end as is_converted,
        unvalued_items
    from judged
)

select * from final
