-- Decisions about CFDIs and invoices: register and CFDI as one, opening lines, repeated ids and contents. Left is the
-- register where there is one; see document_matches.
{{ config(materialized='view') }}
with invoices as (
    select
        'invoice' as entity_type, m.invoice_id as entity_id,
        case when d.sources like 'register%' then 'register' else d.sources end as left_source,
        cast(null as string) as left_id,
        coalesce(d.register_file_id, m.cfdi_file_id, m.opening_file_id) as left_file_id,
        case when d.sources = 'register+cfdi' then 'cfdi' end as right_source,
        cast(null as string) as right_id,
        m.matched_by,
        cast(null as string) as right_file_id,
        case when d.sources like '%cfdi' then 'cfdi' else d.sources end as winner,
        case
            when d.sources = 'register+cfdi' then 'nombre, cliente, vencimiento, sucursal, vendedor, pedido, envío' else 'todo'
        end as from_left,
        case when d.sources = 'register+cfdi' then 'importes, moneda, fecha, impuestos, método de pago' end as from_right,
        case when not a.has_own_due_date then 'vencimiento: ' || {{ due_rule_es('a.due_rule') }} end as from_rule,
        d.differences
    from {{ ref('int_invoice_documents') }} as d
    inner join {{ ref('int_invoice_matches') }} as m on d.invoice_key = m.invoice_key
    inner join {{ ref('int_invoice_attributes') }} as a on d.invoice_key = a.invoice_key
),

-- an opening line of a known invoice; other register rows with its UUID; other contents with its UUID
more_of_invoices as (
    select
        'invoice', m.invoice_id, 'opening', null, m.opening_file_id, case when m.is_registered then 'register' else 'cfdi' end, null, 'invoice_id',
        coalesce(d.register_file_id, m.cfdi_file_id), 'opening', 'saldo, fecha, vencimiento', 'lo demás', null, null
    from {{ ref('int_invoice_matches') }} as m
    inner join {{ ref('int_invoice_documents') }} as d on m.invoice_key = d.invoice_key
    where m.opening_file_id is not null and (m.is_registered or m.cfdi_file_id is not null)
    union all
    select
        'invoice', m.invoice_id, case when m.is_registered then 'register' else 'cfdi' end, null, coalesce(d.register_file_id, m.cfdi_file_id), 'register', a.alias, 'uuid', null, 'left', 'todo', null,
        'de dos claves con un UUID vale la menor', null
    from {{ ref('int_invoice_aliases') }} as a
    inner join {{ ref('int_invoice_matches') }} as m on a.invoice_key = m.invoice_key
    inner join {{ ref('int_invoice_documents') }} as d on a.invoice_key = d.invoice_key
    where a.alias_kind = 'register_id'
    union all
    select
        case o.tipo_de_comprobante when 'I' then 'invoice' when 'E' then 'credit_note' else 'payment' end,
        coalesce(i.invoice_id, n.cn_id, o.uuid), 'cfdi', case when o.uuid <> coalesce(i.invoice_id, n.cn_id, o.uuid) then o.uuid end,
        w.source_file_id, 'cfdi', o.uuid, 'uuid', o.source_file_id, 'left', 'todo', null,
        'de dos contenidos con un UUID vale el timbrado primero',
        case when o.outcome = 'conflict'
            then 'cuenta el timbrado el ' || {{ date_es('w.fecha_timbrado') }} || ' por ' || {{ money_es(money('w.total')) }}
                || '; el otro, del ' || {{ date_es('o.fecha_timbrado') }} || ', dice ' || {{ money_es(money('o.total')) }} end
    from {{ ref('int_cfdi_documents') }} as o
    inner join {{ ref('int_cfdi_documents') }} as w on o.uuid = w.uuid and w.outcome = 'counts'
    left join {{ ref('int_invoice_matches') }} as i on w.source_file_id = i.cfdi_file_id
    left join {{ ref('int_credit_notes') }} as n on w.source_file_id = n.cfdi_file_id
    where o.outcome <> 'counts' and o.is_own and o.tipo_de_comprobante in ('I', 'E', 'P')
)

select * from invoices
union all
select * from more_of_invoices
