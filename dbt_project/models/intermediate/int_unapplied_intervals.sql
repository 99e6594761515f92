-- What of each payment and credit note is applied to nothing, as intervals of dates in both bases, in its currency.
-- Comes back when the invoice ends; ends when the document is reversed or cancelled. Excess counts as unapplied.
-- Inside, one integer says which document it is (a payment's key doubled, a note's doubled and one), and one more which
-- basis: a text to group by costs as much again.
{%- set bases = ['effective', 'as_recorded'] %}
with documents as (
    select payment_key * 2 as document, 'payment' as doc_type, payment_key as doc_key, customer_key, company_rfc, currency, fx_rate,
        payment_date as doc_date, reversed_date as undo_date, amount_ccy
    from {{ ref('int_payments') }}
    union all
    select cn_key * 2 + 1, 'credit_note', cn_key, customer_key, company_rfc, currency, fx_rate, issue_date, cancel_date, total_ccy
    from {{ ref('int_credit_notes') }}
),

events as (
    select
        case when doc_type = 'payment' then doc_key * 2 else doc_key * 2 + 1 end * 2
        + case when basis = '{{ bases[0] }}' then 0 else 1 end as line, invoice_key, event_date, net_doc_ccy
    from (
        select basis, doc_type, doc_key, invoice_key, event_date, net_doc_ccy from {{ ref('int_applied_events') }}
        union all
        select basis, doc_type, doc_key, invoice_key, event_date, net_doc_ccy from {{ ref('int_reallocations') }}
    ) as e
    where doc_type <> 'write_off'
),

changes as (
    {%- for basis in bases %}
    select document * 2 + {{ loop.index0 }} as line, doc_date as day, amount_ccy from documents
    union all
    {%- endfor %}
    select line, event_date, -net_doc_ccy from events
    union all
    select e.line, i.end_date, e.net_doc_ccy
    from events as e
    inner join {{ ref('int_invoice_attributes') }} as i on e.invoice_key = i.invoice_key
    where i.end_date <= {{ as_of() }}
),

-- most documents are applied whole on their day: nothing changes, and nothing is left to sort
by_day as (
    select line, day, sum(amount_ccy) as amount_ccy
    from changes
    group by line, day
    having sum(amount_ccy) <> 0
),

running as (
    select
        line, {{ quotient('line', 2) }} as document, day as valid_from,
        lead(day, 1, {{ forever() }}) over w as valid_to,
        cast(sum(amount_ccy) over w as decimal(18, 2)) as unapplied_ccy
    from by_day
    window w as (partition by line order by day)
)

select
    cast(case when r.line = r.document * 2 then '{{ bases[0] }}' else '{{ bases[1] }}' end as string) as basis,
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
