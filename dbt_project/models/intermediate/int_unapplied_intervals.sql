-- What of each payment and credit note is applied to nothing, as intervals of dates in both bases, in its currency.
-- Comes back when the invoice ends; ends when the document is reversed or cancelled. Excess counts as unapplied.
-- Inside, a note's key is negative: one integer says which document it is.
with documents as (
    select payment_key as document, 'payment' as doc_type, payment_key as doc_key, customer_key, company_rfc, currency, fx_rate,
        payment_date as doc_date, reversed_date as undo_date, amount_ccy
    from {{ ref('int_payments') }}
    union all
    select -cn_key, 'credit_note', cn_key, customer_key, company_rfc, currency, fx_rate, issue_date, cancel_date, total_ccy
    from {{ ref('int_credit_notes') }}
),

events as (
    select
        basis, case when doc_type = 'payment' then doc_key else -doc_key end as document, invoice_key, event_date, net_doc_ccy
    from {{ ref('int_applied_events') }}
    where doc_type <> 'write_off'
),

changes as (
    select b.basis, d.document, d.doc_date as day, d.amount_ccy
    from documents as d
    cross join (select 'effective' as basis union all select 'as_recorded') as b
    union all
    select basis, document, event_date, -net_doc_ccy from events
    union all
    select e.basis, e.document, i.end_date, e.net_doc_ccy
    from events as e
    inner join {{ ref('int_invoice_attributes') }} as i on e.invoice_key = i.invoice_key
    where i.end_date <= {{ as_of() }}
),

-- most documents are applied whole on their day: nothing changes, and nothing is left to sort
by_day as (
    select basis, document, day, sum(amount_ccy) as amount_ccy
    from changes
    group by basis, document, day
    having sum(amount_ccy) <> 0
),

running as (
    select
        basis, document, day as valid_from,
        lead(day, 1, {{ forever() }}) over w as valid_to,
        cast(sum(amount_ccy) over w as decimal(18, 2)) as unapplied_ccy
    from by_day
    window w as (partition by basis, document order by day)
)

select
    cast(r.basis as string) as basis,
    d.doc_type,
    d.doc_key,
    d.customer_key,
    d.company_rfc,
    d.currency,
    d.doc_date,
    d.fx_rate,
    r.valid_from,
    least(r.valid_to, coalesce(d.undo_date, {{ forever() }})) as valid_to,
    r.unapplied_ccy
from running as r
inner join documents as d on r.document = d.document
where r.unapplied_ccy > 0 and r.valid_from < least(r.valid_to, coalesce(d.undo_date, {{ forever() }}))
