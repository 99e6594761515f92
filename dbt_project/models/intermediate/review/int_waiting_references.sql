-- References of payments, notes and substitutes to a document that has not come: what waits, and for what. An invoice
-- dated after as_of has not come yet. Nothing here moves money; amounts are in the document's own currency.
with notes as (
    select n.*, c.customer_id as known_customer_id
    from {{ ref('int_credit_notes') }} as n
    inner join {{ ref('int_customers') }} as c on n.customer_key = c.customer_key
    where n.cancel_date is null
),

allocated as (select distinct cn_key from {{ ref('int_credit_note_applications') }}),

explicit_notes as (select distinct cn_key from {{ ref('int_credit_note_applications') }} where allocation = 'explicit'),

-- the related UUIDs that came neither as a CFDI, whatever its type, nor as a name of an invoice
missing as (
    select distinct r.related_uuid
    from {{ ref('stg_cfdi__related') }} as r
    left join {{ ref('stg_cfdi__documents') }} as d on r.related_uuid = d.uuid
    left join {{ ref('int_invoice_aliases') }} as a on r.related_uuid = a.alias
    where d.uuid is null and a.alias is null
),

found as (
    select
        case when d.source_kind = 'cfdi' then 'rep' else 'payment' end as kind, p.payment_id as document_id, c.customer_id,
        coalesce(d.amount_payment_ccy, d.amount_ccy) as amount_ccy, p.currency, p.fx_rate, 'invoice' as waits_for_kind,
        d.invoice_ref as waits_for_id, p.payment_date as since, d.source_file_id
    from {{ ref('int_application_documents') }} as d
    inner join {{ ref('int_payments') }} as p on d.payment_key = p.payment_key
    inner join {{ ref('int_customers') }} as c on p.customer_key = c.customer_key
    where d.invoice_key is null and p.reversed_date is null and p.sources <> 'assumed'
    union all
    -- a register that names REPs, in a home that has some
    select 'payment', p.payment_id, c.customer_id, null, null, null, 'rep', p.rep_uuid, p.payment_date, p.source_file_id
    from {{ ref('int_payments') }} as p
    inner join {{ ref('int_customers') }} as c on p.customer_key = c.customer_key
    left join {{ ref('stg_cfdi__documents') }} as d on p.rep_uuid = d.uuid
    where p.rep_uuid is not null and d.uuid is null and p.reversed_date is null and p.sources <> 'assumed'
        and exists (select 1 from {{ ref('int_rep_pagos') }})
    union all
    select 'payment_application', x.application_id, c.customer_id, x.amount_ccy, i.currency, i.fx_rate, 'payment', x.payment_id,
        x.applied_date, x.source_file_id
    from {{ ref('int_register_applications') }} as x
    left join {{ ref('stg_register__payments') }} as p on x.payment_id = p.payment_id
    left join {{ ref('int_invoice_attributes') }} as i on x.invoice_key = i.invoice_key
    left join {{ ref('int_customers') }} as c on i.customer_key = c.customer_key
    where x.register_key is null and p.payment_id is null
    union all
    select 'payment_reversal', reversal_id, null, amount_ccy, currency, null, 'payment', payment_id, reversed_date, source_file_id
    from {{ ref('int_payment_reversals') }} where problem = 'unknown_payment'
    union all
    select 'credit_note', n.cn_id, n.known_customer_id, n.total_ccy, n.currency, n.fx_rate, 'invoice', r.related_uuid, n.issue_date,
        n.source_file_id
    from notes as n
    inner join {{ ref('stg_cfdi__related') }} as r on n.cfdi_file_id = r.source_file_id and r.tipo_relacion in ('01', '03', '07')
    inner join missing as k on r.related_uuid = k.related_uuid
    left join explicit_notes as e on n.cn_key = e.cn_key
    where e.cn_key is null and n.register_invoice_key is null
    union all
    select 'credit_note', n.cn_id, n.known_customer_id, n.total_ccy, n.currency, n.fx_rate, 'invoice', x.related_invoice_id,
        n.issue_date, n.source_file_id
    from notes as n
    inner join {{ latest_delivery(ref('stg_register__credit_notes'), ['cn_id']) }} as x on n.register_id = x.cn_id
    left join allocated as a on n.cn_key = a.cn_key
    where x.related_invoice_id is not null and n.register_invoice_key is null and a.cn_key is null
    union all
    select 'credit_note_application', x.cn_id || ' -> ' || x.invoice_id, coalesce(n.known_customer_id, c.customer_id), x.amount,
        coalesce(n.currency, i.currency), coalesce(n.fx_rate, i.fx_rate), w.waits_for_kind,
        case w.waits_for_kind when 'invoice' then x.invoice_id else x.cn_id end, x.applied_date, x.source_file_id
    from {{ latest_delivery(ref('stg_register__credit_note_applications'), ['cn_id', 'invoice_id', 'applied_date']) }} as x
    cross join (select 'invoice' as waits_for_kind union all select 'credit_note') as w
    left join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('x.invoice_id') }} = a.alias
    left join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
    left join {{ ref('int_customers') }} as c on i.customer_key = c.customer_key
    left join (select distinct cn_id from {{ ref('stg_register__credit_notes') }}) as o on x.cn_id = o.cn_id
    left join {{ ref('int_credit_note_aliases') }} as m on {{ invoice_alias('x.cn_id') }} = m.alias
    left join notes as n on m.cn_key = n.cn_key
    where (w.waits_for_kind = 'invoice' and a.alias is null) or (w.waits_for_kind = 'credit_note' and o.cn_id is null and m.alias is null)
    union all
    -- a document that takes the place of another one (relation 04)
    select
        case d.tipo_de_comprobante when 'I' then 'invoice' when 'E' then 'credit_note' else 'rep' end, d.uuid, d.customer_id,
        case when d.tipo_de_comprobante <> 'P' then d.total end, case when d.tipo_de_comprobante <> 'P' then d.moneda end,
        d.tipo_cambio, case d.tipo_de_comprobante when 'I' then 'invoice' when 'E' then 'credit_note' else 'rep' end,
        r.related_uuid, d.issue_date, d.source_file_id
    from {{ ref('stg_cfdi__related') }} as r
    inner join {{ ref('int_cfdi_documents') }} as d on r.source_file_id = d.source_file_id
    inner join missing as k on r.related_uuid = k.related_uuid
    where r.tipo_relacion = '04' and d.is_own and d.outcome = 'counts' and d.tipo_de_comprobante in ('I', 'E', 'P')
    union all
    select 'invoice', m.invoice_id, d.customer_id, d.total_ccy, d.currency, d.document_fx_rate, 'invoice', d.replaces_invoice_id,
        d.issue_date, coalesce(m.cfdi_file_id, d.register_file_id, m.opening_file_id)
    from {{ ref('int_invoice_documents') }} as d
    inner join {{ ref('int_invoice_matches') }} as m on d.invoice_key = m.invoice_key
    left join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('d.replaces_invoice_id') }} = a.alias
    where d.replaces_invoice_id is not null and a.alias is null
)

select * from found
