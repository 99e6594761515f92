-- Which register payment and which Pago are one receipt: by rep_uuid, else reference, else (invoice, amount, date
-- within 5 days), else the customer where the register names no invoice; one to one, ties by date gap, then id.
-- A REP cancelled at the SAT pairs last: one issued in its place, even without relation 04, goes before it.
-- What is left of a REP that register payments name (other amounts: two deposits, one Pago) is one group.
with recursive replaced as (
    select distinct d.uuid as new_uuid, r.related_uuid as old_uuid
    from {{ ref('stg_cfdi__related') }} as r
    inner join {{ ref('int_cfdi_documents') }} as d on r.source_file_id = d.source_file_id
    where r.tipo_relacion = '04' and d.tipo_de_comprobante = 'P' and d.is_own and d.outcome = 'counts'
),

-- a register may still name the REP that a later one substitutes
later_names as (
    select new_uuid, old_uuid from replaced
    union
    select l.new_uuid, r.old_uuid
    from later_names as l
    inner join replaced as r on l.old_uuid = r.new_uuid
),

reps as (
    select pago_key, rep_uuid as known_as from {{ ref('int_rep_pagos') }}
    union
    select p.pago_key, l.old_uuid
    from {{ ref('int_rep_pagos') }} as p
    inner join later_names as l on p.rep_uuid = l.new_uuid
),

payments as (
    select r.*, case when s.cancel_date is null then r.rep_uuid end as live_rep_uuid
    from {{ ref('int_register_payments') }} as r
    left join {{ ref('int_sat_status') }} as s on r.rep_uuid = s.uuid
),

register_invoices as (
    select register_key, invoice_key from {{ ref('int_register_payments') }} where invoice_key is not null
    union
    select register_key, invoice_key from {{ ref('int_register_applications') }} where invoice_key is not null
),

pago_invoices as (
    select distinct pago_key, invoice_key from {{ ref('int_rep_documents') }} where invoice_key is not null
),

by_invoice as (
    select distinct r.register_key, p.pago_key
    from register_invoices as r
    inner join pago_invoices as p on r.invoice_key = p.invoice_key
),

paired as (
    select r.register_key, p.pago_key, 1 as priority
    from {{ ref('int_register_payments') }} as r
    inner join reps as p on r.rep_uuid = p.known_as
    union all
    select r.register_key, p.pago_key, 2
    from payments as r
    inner join {{ ref('int_rep_pagos') }} as p
        on upper(trim(r.bank_reference)) = upper(trim(p.num_operacion)) and r.amount_ccy = p.amount_ccy
    where r.live_rep_uuid is null and trim(r.bank_reference) <> ''
    union all
    select register_key, pago_key, 3 from by_invoice
    union all
    select r.register_key, p.pago_key, 4
    from payments as r
    inner join {{ ref('int_rep_pagos') }} as p on r.customer_id = p.customer_id and r.amount_ccy = p.amount_ccy
    left join (select distinct register_key from register_invoices) as i on r.register_key = i.register_key
    where r.live_rep_uuid is null and i.register_key is null
),

candidates as (
    select
        c.register_key,
        c.pago_key,
        min(c.priority + case when p.cancel_date is not null then 10 else 0 end) as priority,
        min(abs({{ days_between('p.payment_date', 'r.payment_date') }})) as gap
    from paired as c
    inner join payments as r on c.register_key = r.register_key
    inner join {{ ref('int_rep_pagos') }} as p on c.pago_key = p.pago_key
    where
        r.currency = p.currency
        and r.amount_ccy = p.amount_ccy
        and coalesce(r.company_rfc, p.company_rfc) = p.company_rfc
        and (
            c.priority = 1
            or (r.live_rep_uuid is null and c.priority = 2 and abs({{ days_between('p.payment_date', 'r.payment_date') }}) <= 31)
            or (r.live_rep_uuid is null and abs({{ days_between('p.payment_date', 'r.payment_date') }}) <= 5)
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
select
    r.register_key,
    p.pago_key,
    true,
    'rep_uuid'
from {{ ref('int_register_payments') }} as r
inner join reps as p on r.rep_uuid = p.known_as
left join pairs as x on r.register_key = x.register_key
left join pairs as y on p.pago_key = y.pago_key
where x.register_key is null and y.pago_key is null
