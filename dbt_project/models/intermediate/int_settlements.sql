-- Every event that settles an invoice or undoes it, dated in both bases. A document of a substituted invoice follows
-- it along the chain (rehomed): it stands on each later invoice from the day that one takes over. Cash that followed
-- is cash of its new invoice too, collected already: the flow tells (`rehomed`; what came after is a `payment`).
-- A view: int_applied_events alone reads it, whole.
{{ config(materialized='view') }}
with rehomed as (
    select
        d.doc_type, d.doc_key, s.new_key as invoice_key, d.application_key, d.amount_ccy, d.amount_doc_ccy, d.undo_date, d.kind,
        d.is_cash, d.is_explicit, d.source_kind, d.source_file_id,
        greatest(d.effective_date, s.from_date) as effective_date,
        greatest(d.recorded_date, s.from_date) as recorded_date,
        d.effective_date >= s.from_date as is_new_money
    from {{ ref('int_document_applications') }} as d
    inner join {{ ref('int_invoice_substitutions') }} as s on d.invoice_key = s.old_key and s.depth > 0
    where
        d.doc_type <> 'write_off'
        and d.source_kind <> 'assumed'
        and (d.undo_date is null or d.undo_date > greatest(d.effective_date, s.from_date))
),

homes as (
    select
        doc_type, doc_key, invoice_key, application_key, amount_ccy, amount_doc_ccy, undo_date, kind, kind as flow, is_cash,
        is_explicit, source_kind, source_file_id, effective_date, recorded_date
    from {{ ref('int_document_applications') }}
    union all
    select
        doc_type, doc_key, invoice_key, application_key, amount_ccy, amount_doc_ccy, undo_date, 'rehomed',
        case when is_new_money then kind else 'rehomed' end, is_cash, is_explicit, source_kind,
        source_file_id, effective_date, recorded_date
    from rehomed
)

select
    invoice_key, doc_type, doc_key, application_key, kind, flow, effective_date, recorded_date, amount_ccy, amount_doc_ccy,
    is_cash, is_explicit, source_kind, source_file_id, false as is_undo
from homes
union all
select
    h.invoice_key, h.doc_type, h.doc_key, h.application_key,
    case when h.doc_type = 'payment' then 'payment_reversed' else 'credit_note_cancelled' end,
    case when h.doc_type = 'payment' then 'payment_reversed' else 'credit_note_cancelled' end,
    greatest(h.undo_date, h.effective_date), greatest(h.undo_date, h.recorded_date), -h.amount_ccy, -h.amount_doc_ccy,
    case when h.doc_type = 'payment' then p.is_cash else false end, h.is_explicit, h.source_kind, h.source_file_id, true
from homes as h
left join {{ ref('int_payments') }} as p on h.doc_type = 'payment' and h.doc_key = p.payment_key
where h.undo_date is not null
