-- Which register payment and which Pago are one receipt: by rep_uuid, else reference, else (invoice, amount, date
-- within 5 days), else the customer where the register names no invoice; one to one, ties by date gap, then id.
-- A REP cancelled at the SAT pairs last: one issued in its place, even without relation 04, goes before it.
-- What is left of a REP that register payments name (other amounts: two deposits, one Pago) is one group.
with
-- a register may still name the REP that a later one substitutes: chains of up to 64, each step doubles the reach
later_names_0 as (
    select distinct d.uuid as new_uuid, r.related_uuid as old_uuid
    from {{ ref('stg_cfdi__related') }} as r
    inner join {{ ref('int_cfdi_documents') }} as d on r.source_file_id = d.source_file_id
    where r.tipo_relacion = '04' and d.tipo_de_comprobante = 'P' and d.is_own and d.outcome = 'counts'
),
{% for step in range(1, 7) %}
later_names_{{ step }} as (
    select new_uuid, old_uuid from later_names_{{ step - 1 }}
    union
    select l.new_uuid, r.old_uuid
    from later_names_{{ step - 1 }} as l inner join later_names_{{ step - 1 }} as r on l.old_uuid = r.new_uuid
),
{% endfor %}

pagos as (
    select
        pago_key, rep_uuid, customer_id, company_rfc, payment_date, currency, amount_ccy, cancel_date,
        nullif(upper(trim(num_operacion)), '') as reference
    from {{ ref('int_rep_pagos') }}
),

reps as (
    select pago_key, rep_uuid as known_as from pagos
    union all
    select p.pago_key, l.old_uuid
    from pagos as p inner join later_names_6 as l on p.rep_uuid = l.new_uuid
    where l.old_uuid <> l.new_uuid
),

-- a payment is free where it names no REP, or one cancelled at the SAT
payments as (
    select
        r.register_key, r.rep_uuid, r.rep_uuid is null or s.cancel_date is not null as is_free, r.customer_id, r.company_rfc,
        r.payment_date, r.currency, r.amount_ccy, r.invoice_key, nullif(upper(trim(r.bank_reference)), '') as reference
    from {{ ref('int_register_payments') }} as r
    left join {{ ref('int_sat_status') }} as s on r.rep_uuid = s.uuid
),

free_invoices as (
    select register_key, invoice_key from payments where is_free and invoice_key is not null
    union
    select x.register_key, x.invoice_key
    from {{ ref('int_register_applications') }} as x
    inner join payments as r on x.register_key = r.register_key
    where r.is_free and x.invoice_key is not null
),

named as (
    select r.register_key, p.pago_key
    from payments as r inner join reps as p on r.rep_uuid = p.known_as
),

paired as (
    select register_key, pago_key, 1 as priority from named
    union all
    select r.register_key, p.pago_key, 2
    from payments as r inner join pagos as p on r.reference = p.reference and r.amount_ccy = p.amount_ccy
    where r.is_free
    union all
    select r.register_key, d.pago_key, 3
    from free_invoices as r inner join {{ ref('int_rep_documents') }} as d on r.invoice_key = d.invoice_key
    union all
    select r.register_key, p.pago_key, 4
    from payments as r
    inner join pagos as p on r.customer_id = p.customer_id and r.amount_ccy = p.amount_ccy
    left join (select distinct register_key from free_invoices) as i on r.register_key = i.register_key
    where r.is_free and i.register_key is null
),

candidates as (
    select
        c.register_key,
        c.pago_key,
        min(c.priority + case when p.cancel_date is not null then 10 else 0 end) as priority,
        min(abs({{ days_between('p.payment_date', 'r.payment_date') }})) as gap
    from paired as c
    inner join payments as r on c.register_key = r.register_key
    inner join pagos as p on c.pago_key = p.pago_key
    where
        r.currency = p.currency
        and r.amount_ccy = p.amount_ccy
        and coalesce(r.company_rfc, p.company_rfc) = p.company_rfc
        and (
            c.priority = 1
            or (c.priority = 2 and abs({{ days_between('p.payment_date', 'r.payment_date') }}) <= 31)
            or abs({{ days_between('p.payment_date', 'r.payment_date') }}) <= 5
        )
    group by c.register_key, c.pago_key
),

{{ one_to_one('pairs', 'candidates', 'register_key', 'pago_key', 'c.priority, c.gap, c.register_key, c.pago_key') }}

-- a payment returned in part is several receipts of one Pago: a group too
select
    x.register_key,
    x.pago_key,
    s.register_key is not null as is_group,
    case
        when c.priority in (1, 11) then 'rep_uuid' when c.priority in (2, 12) then 'bank_reference'
        when c.priority in (3, 13) then 'invoice_amount_date' else 'customer_amount_date'
    end as matched_by
from pairs as x
inner join candidates as c on x.register_key = c.register_key and x.pago_key = c.pago_key
left join (select distinct register_key from {{ ref('int_register_parts') }} where is_split) as s on x.register_key = s.register_key
union all
select n.register_key, n.pago_key, true, 'rep_uuid'
from named as n
left join pairs as x on n.register_key = x.register_key
left join pairs as y on n.pago_key = y.pago_key
where x.register_key is null and y.pago_key is null
