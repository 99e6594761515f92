-- L4: money in the marts is the money in raw, per currency, to the cent, each document counted once. Raw is read here
-- on its own: no intermediate model takes part except the choice of our own companies, and which register row or Pago
-- is a document already counted. A row that no model took is in no mart, and breaks it.
with own as (
    select d.uuid, d.moneda, d.total, d.tipo_de_comprobante, d.fecha_timbrado, d.source_file_id
    from {{ ref('stg_cfdi__documents') }} as d
    inner join {{ ref('int_own_companies') }} as o on d.emisor_rfc = o.company_rfc
    where cast(d.fecha as date) <= {{ as_of() }} or d.tipo_de_comprobante = 'P'
),

-- only a UUID that came again is put in order: of a million CFDIs, that costs more than all the rest
repeated as (select uuid from own group by uuid having count(*) > 1),

cfdi as (
    select o.uuid, o.moneda, o.total, o.tipo_de_comprobante, o.source_file_id
    from own as o
    left join repeated as r on o.uuid = r.uuid
    where r.uuid is null
    union all
    select uuid, moneda, total, tipo_de_comprobante, source_file_id
    from (
        select o.*, row_number() over (partition by o.uuid order by o.fecha_timbrado, o.source_file_id) as place
        from own as o inner join repeated as r on o.uuid = r.uuid
    ) as v
    where place = 1
),

register_payments as (
    select payment_id, currency, amount
    from (
        select *, row_number() over (
            partition by payment_id order by delivery_date desc, row_hash desc, source_file_id, row_number
        ) as place
        from {{ ref('stg_register__payments') }}
    ) as v
    where place = 1 and payment_date <= {{ as_of() }} and delivery_date >= {{ last_full_delivery('payments') }}
),

registered as (
    select r.uuid, r.currency, {{ money('r.total') }} as amount, m.invoice_id, m.cfdi_file_id, m.opening_file_id
    from {{ latest_delivery(ref('stg_register__invoices'), ['invoice_id']) }} as r
    left join {{ ref('int_invoice_matches') }} as m on r.invoice_id = m.invoice_id
    where r.issue_date <= {{ as_of() }}
),

-- a row stands for itself unless it is the row of a CFDI or of an opening line, or gives another invoice's UUID
register_invoices as (
    select currency, amount from registered where invoice_id is not null and cfdi_file_id is null and opening_file_id is null
    union all
    select s.currency, s.amount
    from registered as s left join {{ ref('int_invoice_matches') }} as u on s.uuid = u.uuid
    where s.invoice_id is null and u.uuid is null
),

register_notes as (
    select r.currency, {{ money('r.total') }} as amount
    from {{ latest_delivery(ref('stg_register__credit_notes'), ['cn_id']) }} as r
    left join {{ ref('int_credit_notes') }} as n on r.cn_id = n.register_id
    where r.issue_date <= {{ as_of() }} and n.cfdi_file_id is null
),

-- of the REPs that no other one substitutes
pagos as (
    select p.moneda_p as currency, {{ raw_money('p.monto') }} as amount
    from {{ ref('stg_cfdi__payments') }} as p
    inner join cfdi as c on p.source_file_id = c.source_file_id
    where
        c.tipo_de_comprobante = 'P' and cast(p.fecha_pago as date) <= {{ as_of() }}
        and c.uuid not in (
            select r.related_uuid
            from {{ ref('stg_cfdi__related') }} as r
            inner join cfdi as d on r.source_file_id = d.source_file_id
            where r.tipo_relacion = '04' and d.tipo_de_comprobante = 'P' and r.related_uuid <> d.uuid
        )
),

raw_money as (
    select 'cfdi I' as what, moneda as currency, sum({{ money('total') }}) as amount
    from cfdi
    where tipo_de_comprobante = 'I'
        -- an opening line may stand for a CFDI: its total is then the line's
        and source_file_id not in (
            select cfdi_file_id from {{ ref('int_invoice_matches') }} where opening_file_id is not null and cfdi_file_id is not null
        )
    group by moneda
    union all
    select 'cfdi E', moneda, sum({{ money('total') }}) from cfdi where tipo_de_comprobante = 'E' group by moneda
    union all
    select 'register payments', currency, sum({{ money('amount') }}) from register_payments group by currency
    {%- for table in ['register_invoices', 'register_notes', 'pagos'] %}
    union all
    select '{{ table | replace('_', ' ') }}', currency, sum(amount) from {{ table }} group by currency
    {%- endfor %}
),

mart_money as (
    select 'cfdi I' as what, currency, sum(total_ccy) as amount
    from {{ ref('int_invoices_unified') }}
    where sources like '%cfdi%' and not is_opening
    group by currency
    union all
    select 'cfdi E', currency, sum(total_ccy) from {{ ref('fct_credit_notes') }} where sources like '%cfdi%' group by currency
    union all
    select 'register payments', currency, sum(amount_ccy)
    from {{ ref('fct_payments') }}
    where sources like 'register%' and not is_restored  -- what came back had been counted when it was paid
    group by currency
    union all
    select 'register invoices', currency, sum(total_ccy)
    from {{ ref('int_invoices_unified') }}
    where sources = 'register' and not is_opening
    group by currency
    union all
    select 'register notes', currency, sum(total_ccy) from {{ ref('fct_credit_notes') }} where sources = 'register' group by currency
    union all
    select 'pagos', currency, sum(amount_ccy)
    from (
        select currency, amount_ccy from {{ ref('fct_payments') }} where sources = 'cfdi'
        union all
        select currency, amount_ccy
        from {{ ref('int_rep_pagos') }}
        where pago_key in (select pago_key from {{ ref('int_payment_matches') }})  -- a register's payment, counted there
    ) as p
    group by currency
)

select coalesce(r.what, m.what) as what, coalesce(r.currency, m.currency) as currency, r.amount as raw_amount, m.amount as mart_amount
from raw_money as r
full join mart_money as m on r.what = m.what and r.currency = m.currency
where coalesce(r.amount, 0) <> coalesce(m.amount, 0)
