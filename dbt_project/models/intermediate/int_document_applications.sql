-- What every document takes off an invoice, before any clamp: payments, credit notes, write-offs, with the day it
-- counts from in both bases and the day it is undone. A note over several invoices is split by their open balance
-- on its date, capped, in cents by largest remainder.
with firm as (
    select
        'payment' as doc_type, p.payment_key as doc_key, a.invoice_key, a.application_key, a.amount_ccy,
        a.amount_payment_ccy as amount_doc_ccy, p.payment_date as doc_date, a.applied_date, p.reversed_date as undo_date,
        'payment' as kind, p.is_cash, a.is_explicit, a.source_kind, a.source_file_id
    from {{ ref('int_payment_applications') }} as a
    inner join {{ ref('int_payments') }} as p on a.payment_key = p.payment_key
    where a.invoice_key is not null
    union all
    select
        'credit_note', n.cn_key, a.invoice_key, null, a.amount_ccy, a.amount_ccy, n.issue_date, a.applied_date, n.cancel_date,
        case when n.kind = 'anticipo' then 'advance_applied' else 'credit_note' end, false, a.allocation = 'explicit',
        case when n.sources = 'cfdi' then 'cfdi' else 'register' end, n.source_file_id
    from {{ ref('int_credit_note_applications') }} as a
    inner join {{ ref('int_credit_notes') }} as n on a.cn_key = n.cn_key
    inner join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key and n.currency = i.currency
    where a.amount_ccy is not null
    union all
    select
        'write_off', w.write_off_key, w.invoice_key, null, w.amount_ccy, w.amount_ccy, w.write_off_date, w.write_off_date, null,
        'write_off', false, true, 'register', w.source_file_id
    from {{ ref('int_write_offs') }} as w
),

shared as (
    select
        n.cn_key, a.invoice_key, n.total_ccy as note_ccy, n.issue_date, n.cancel_date, n.kind, n.sources, n.source_file_id,
        case when i.end_date <= n.issue_date then 0.00 else i.total_ccy end as total_ccy
    from {{ ref('int_credit_note_applications') }} as a
    inner join {{ ref('int_credit_notes') }} as n on a.cn_key = n.cn_key
    inner join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key and n.currency = i.currency
    where a.allocation = 'pro_rata'
),

open_then as (
    select
        s.cn_key, s.invoice_key, s.note_ccy, s.issue_date, s.cancel_date, s.kind, s.sources, s.source_file_id,
        cast(greatest(s.total_ccy - coalesce(sum(f.amount_ccy), 0), 0) as decimal(18, 2)) as open_ccy
    from shared as s
    left join firm as f
        on s.invoice_key = f.invoice_key and f.doc_date <= s.issue_date and (f.undo_date is null or f.undo_date > s.issue_date)
    group by s.cn_key, s.invoice_key, s.note_ccy, s.issue_date, s.cancel_date, s.kind, s.sources, s.source_file_id, s.total_ccy
),

weighted as (
    select
        *,
        least(note_ccy, sum(open_ccy) over (partition by cn_key)) as to_split,
        sum(open_ccy) over (partition by cn_key) as open_all
    from open_then
    where open_ccy > 0
),

floored as (
    select
        *,
        cast(floor(cast(to_split * 100 as decimal(20, 0)) * cast(open_ccy as decimal(18, 2)) / open_all) as decimal(18, 0)) as cents
    from weighted
),

split as (
    select
        *,
        row_number() over (
            partition by cn_key
            order by cast(to_split * 100 as decimal(20, 0)) * cast(open_ccy as decimal(18, 2)) / open_all - cents desc, invoice_key
        ) as place,
        cast(to_split * 100 as decimal(18, 0)) - sum(cents) over (partition by cn_key) as cents_left
    from floored
),

documents as (
    select * from firm
    union all
    select
        'credit_note', cn_key, invoice_key, null,
        cast((cents + case when place <= cents_left then 1 else 0 end) / 100 as decimal(18, 2)),
        cast((cents + case when place <= cents_left then 1 else 0 end) / 100 as decimal(18, 2)),
        issue_date, issue_date, cancel_date, case when kind = 'anticipo' then 'advance_applied' else 'credit_note' end,
        false, false, case when sources = 'cfdi' then 'cfdi' else 'register' end, source_file_id
    from split
)

select
    d.*,
    greatest(d.doc_date, i.issue_date) as effective_date,
    greatest(d.doc_date, coalesce(d.applied_date, d.doc_date), i.issue_date) as recorded_date
from documents as d
inner join {{ ref('int_invoice_attributes') }} as i on d.invoice_key = i.invoice_key
