-- One row a decision of identity: which two sources are one document, by which key, and who says what. What no other
-- source has stands alone. Left is the register where there is one. `winner`: whose amount and date count.
-- An id stands where the document's own mart does not say it, and a file where an id does not lead to it.
with applied as (
    select payment_key, max(case when source_kind = 'register' then 1 else 0 end) as by_register
    from {{ ref('int_application_documents') }}
    group by payment_key
),

payments as (
    select
        'payment', d.payment_id, 'register', nullif(d.part_of, d.payment_id), d.source_file_id, case when p.pago_key is not null then 'cfdi' end,
        -- the first Pago of the REP that fct_payments names is no news
        case when p.pago_number > 1 or coalesce(d.rep_uuid, '') <> p.rep_uuid then {{ pago_id('p') }} end, m.matched_by, null, 'register',
        case when p.pago_key is null then 'todo' else 'nombre, cliente, fecha, importe' end
        || case when p.pago_key is not null and a.by_register = 1 then ', facturas pagadas' else '' end,
        case when p.pago_key is not null then 'REP, forma de pago' || case when a.by_register = 0 then ', facturas pagadas' else '' end end,
        null,
        case when abs({{ days_between('p.payment_date', 'd.payment_date') }}) > 5 and coalesce(d.part_of, d.payment_id) = d.payment_id
            then 'fecha ' || {{ date_es('d.payment_date') }} || ' en el registro y ' || {{ date_es('p.payment_date') }} || ' en el REP' end
    from {{ ref('int_payment_documents') }} as d
    left join {{ ref('int_payment_matches') }} as m on d.register_key = m.register_key
    left join {{ ref('int_rep_pagos') }} as p on m.pago_key = p.pago_key
    left join applied as a on d.payment_key = a.payment_key
    where d.register_key is not null
    union all
    select 'payment', payment_id, 'cfdi', null, source_file_id, null, null, null, null, 'cfdi', 'todo', null, null, null
    from {{ ref('int_payment_documents') }} where sources = 'cfdi'
    union all
    select
        'payment', a.payment_id, i.sources, i.invoice_id, i.source_file_id, null, null, null, null, i.sources, 'importe, fecha', null,
        'factura PUE sin registro de cobros: se supone cobrada al emitirse', null
    from {{ ref('int_pue_assumed') }} as a
    inner join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
),

notes as (
    select
        'credit_note', cn_id, case when register_id is not null then 'register' else 'cfdi' end,
        null,
        case when register_id is not null then register_file_id else source_file_id end,
        case when sources = 'register+cfdi' then 'cfdi' end, case when sources = 'register+cfdi' then uuid end, matched_by,
        case when sources = 'register+cfdi' then cfdi_file_id end, case when cfdi_file_id is not null then 'cfdi' else 'register' end,
        case when sources = 'register+cfdi' then 'nombre, cliente, motivo' else 'todo' end,
        case when sources = 'register+cfdi' then 'importes, moneda, fecha, relación' end, null, differences
    from {{ ref('int_credit_notes') }}
),

receivers as (
    select customer_id, receptor_rfc, min(source_file_id) as source_file_id
    from {{ ref('int_cfdi_documents') }}
    where is_own and outcome = 'counts' and tipo_de_comprobante in ('I', 'E', 'P') and issue_date <= {{ as_of() }}
    group by customer_id, receptor_rfc
),

customers as (
    select
        'customer', c.customer_id, case when c.sources = 'cfdi' then 'cfdi' else c.sources end,
        case when c.sources = 'cfdi' then r.receptor_rfc end,
        case when c.sources = 'cfdi' then r.source_file_id else k.source_file_id end,
        case when c.sources <> 'cfdi' and r.receptor_rfc is not null then 'cfdi' end,
        case when c.sources <> 'cfdi' then r.receptor_rfc end, case when c.sources <> 'cfdi' and r.receptor_rfc is not null then 'rfc' end,
        case when c.sources <> 'cfdi' then r.source_file_id end, c.sources, 'todo', null,
        case
            when c.customer_id = 'publico' then 'RFC genérico: público en general'
            when c.customer_id like 'ext:%' then 'cliente extranjero: número de registro fiscal y nombre'
            when c.customer_id like 'rfc:%' then 'ningún cliente del registro, o varios, tienen este RFC'
        end, null
    from {{ ref('int_customers') }} as c
    left join receivers as r on c.customer_id = r.customer_id
    left join {{ latest_delivery(ref('stg_register__customers'), ['customer_id']) }} as k on c.customer_id = k.customer_id
),

decisions as (
    select * from {{ ref('int_invoice_decisions') }}
    union all
    select * from payments
    union all
    select * from notes
    union all
    select * from customers
)

select
    entity_type,
    entity_id,
    left_source,
    left_id,
    left_file_id,
    right_source,
    right_id,
    right_file_id,
    matched_by,
    right_source is null as is_alone,
    winner,
    from_left,
    from_right,
    from_rule,
    differences
from decisions
