-- The ledger for people: int_movements with names instead of keys.
select
    i.invoice_id,
    c.customer_id,
    cast(m.instalment as integer) as instalment,
    cast(m.movement_order as integer) as movement_number,
    m.kind,
    m.flow,
    m.effective_date,
    m.recorded_date,
    m.amount_ccy,
    m.currency,
    m.amount_mxn_issue,
    coalesce(p.payment_id, n.cn_id, w.write_off_id, i.invoice_id) as document_id,
    m.is_cash and m.flow <> 'rehomed' as is_cash,
    m.source_kind,
    case when m.doc_type = 'invoice' then i.source_file_id else m.source_file_id end as source_file_id
from {{ ref('int_movements') }} as m
inner join {{ ref('int_invoice_attributes') }} as i on m.invoice_key = i.invoice_key
inner join {{ ref('int_customers') }} as c on m.customer_key = c.customer_key
left join {{ ref('int_payments') }} as p on m.doc_type = 'payment' and m.doc_key = p.payment_key
left join {{ ref('int_credit_notes') }} as n on m.doc_type = 'credit_note' and m.doc_key = n.cn_key
left join {{ ref('int_write_offs') }} as w on m.doc_type = 'write_off' and m.doc_key = w.write_off_key
