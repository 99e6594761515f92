-- What of each payment and credit note is applied to nothing, as intervals of dates in both bases, in its currency.
-- Comes back when the invoice ends; ends when the document is reversed or cancelled. Excess counts as unapplied.
with documents as (
    select 'payment' as doc_type, payment_key as doc_key, customer_key, company_rfc, currency, fx_rate,
        payment_date as doc_date, reversed_date as undo_date, amount_ccy
    from {{ ref('int_payments') }}
    union all
    select 'credit_note', cn_key, customer_key, company_rfc, currency, fx_rate, issue_date, cancel_date, total_ccy
    from {{ ref('int_credit_notes') }}
),

changes as (
    select b.basis, d.doc_type, d.doc_key, d.doc_date as day, d.amount_ccy
    from documents as d
    cross join (select 'effective' as basis union all select 'as_recorded') as b
    union all
    select basis, doc_type, doc_key, event_date, -net_doc_ccy
    from {{ ref('int_applied_events') }}
    where doc_type <> 'write_off'
    union all
    select e.basis, e.doc_type, e.doc_key, i.end_date, e.net_doc_ccy
    from {{ ref('int_applied_events') }} as e
    inner join {{ ref('int_invoice_attributes') }} as i on e.invoice_key = i.invoice_key
    where i.end_date <= {{ as_of() }} and e.doc_type <> 'write_off'
),

by_day as (
    select basis, doc_type, doc_key, day, sum(amount_ccy) as amount_ccy
    from changes
    group by basis, doc_type, doc_key, day
),

running as (
    select
        basis, doc_type, doc_key, day as valid_from,
        lead(day, 1, {{ forever() }}) over w as valid_to,
        cast(sum(amount_ccy) over w as decimal(18, 2)) as unapplied_ccy
    from by_day
    window w as (partition by basis, doc_type, doc_key order by day)
)

select
    cast(r.basis as string) as basis,
    r.doc_type,
    r.doc_key,
    d.customer_key,
    d.company_rfc,
    d.currency,
    d.doc_date,
    d.fx_rate,
    r.valid_from,
    least(r.valid_to, coalesce(d.undo_date, {{ forever() }})) as valid_to,
    r.unapplied_ccy
from running as r
inner join documents as d on r.doc_type = d.doc_type and r.doc_key = d.doc_key
where r.unapplied_ccy > 0 and r.valid_from < least(r.valid_to, coalesce(d.undo_date, {{ forever() }}))
