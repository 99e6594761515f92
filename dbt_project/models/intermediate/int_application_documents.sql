-- What each receipt was applied to: the register's applications; else its REP's documents; else the whole amount on
-- the invoice that the payment names. Where several deposits and Pagos of one REP differ in amount, the REP's
-- documents are laid along the deposits in order. invoice_ref: the invoice named, where it has not come.
with register_covered as (
    select distinct register_key from {{ ref('int_register_applications') }}
),

from_register as (
    select
        x.application_number as application_key,
        x.application_id,
        p.payment_key,
        x.invoice_ref,
        x.invoice_key,
        x.applied_date,
        cast(null as string) as document_currency,
        x.amount_ccy,
        x.amount_payment_ccy,
        coalesce(x.num_parcialidad, d.num_parcialidad) as num_parcialidad,
        coalesce(x.imp_saldo_ant, d.imp_saldo_ant) as imp_saldo_ant,
        coalesce(x.imp_saldo_insoluto, d.imp_saldo_insoluto) as imp_saldo_insoluto,
        true as is_explicit,
        'register' as source_kind,
        x.source_file_id
    from {{ ref('int_register_applications') }} as x
    inner join {{ ref('int_payment_documents') }} as p on x.register_key = p.register_key
    left join (
        select pago_key, invoice_key, min(num_parcialidad) as num_parcialidad, min(imp_saldo_ant) as imp_saldo_ant,
            min(imp_saldo_insoluto) as imp_saldo_insoluto
        from {{ ref('int_rep_documents') }} group by pago_key, invoice_key having count(*) = 1
    ) as d on p.pago_key = d.pago_key and x.invoice_key = d.invoice_key
    where p.part_of is null
),

-- of a payment returned in part, what was applied last is what went back
split_applications as (
    select
        *,
        coalesce(amount_payment_ccy, amount_ccy) as paid_ccy,
        (sum(coalesce(amount_payment_ccy, amount_ccy)) over w) - coalesce(amount_payment_ccy, amount_ccy) as from_ccy,
        sum(coalesce(amount_payment_ccy, amount_ccy)) over w as to_ccy
    from {{ ref('int_register_applications') }}
    where register_key in (select register_key from {{ ref('int_register_parts') }} where is_split)
    window w as (partition by register_key order by applied_date, application_id rows unbounded preceding)
),

from_split as (
    select
        x.application_id || '@' || t.payment_id as application_id,
        p.payment_key,
        x.invoice_ref,
        x.invoice_key,
        x.applied_date,
        cast(null as string),
        cast(
            {{ portion('x.amount_ccy', 'least(x.to_ccy, t.to_ccy) - x.from_ccy', 'x.paid_ccy') }}
            - {{ portion('x.amount_ccy', 'greatest(x.from_ccy, t.from_ccy) - x.from_ccy', 'x.paid_ccy') }}
            as decimal(18, 2)
        ),
        cast(least(x.to_ccy, t.to_ccy) - greatest(x.from_ccy, t.from_ccy) as decimal(18, 2)),
        x.num_parcialidad,
        x.imp_saldo_ant,
        x.imp_saldo_insoluto,
        true,
        'register',
        x.source_file_id
    from split_applications as x
    inner join {{ ref('int_register_parts') }} as t on x.register_key = t.register_key and x.from_ccy < t.to_ccy and t.from_ccy < x.to_ccy
    inner join {{ ref('int_payment_documents') }} as p on t.payment_id = p.payment_id
    where x.paid_ccy > 0
),

from_rep as (
    select
        {{ pago_id('g') }} || '/' || cast(d.docto_number as string),
        p.payment_key,
        d.invoice_ref,
        d.invoice_key,
        g.rep_issue_date,
        d.currency,
        d.amount_ccy,
        d.amount_payment_ccy,
        d.num_parcialidad,
        d.imp_saldo_ant,
        d.imp_saldo_insoluto,
        true,
        'cfdi',
        g.source_file_id
    from {{ ref('int_payment_documents') }} as p
    inner join {{ ref('int_rep_pagos') }} as g on p.pago_key = g.pago_key
    inner join {{ ref('int_rep_documents') }} as d on p.pago_key = d.pago_key
    left join register_covered as r on p.register_key = r.register_key
    where r.register_key is null
),

deposits as (
    select p.register_key, m.rep_uuid, (sum(p.amount_ccy) over w) - p.amount_ccy as base_ccy
    from {{ ref('int_register_payments') }} as p
    inner join (
        select x.register_key, min(g.rep_uuid) as rep_uuid
        from {{ ref('int_payment_matches') }} as x
        inner join {{ ref('int_rep_pagos') }} as g on x.pago_key = g.pago_key
        where x.is_group
        group by x.register_key
    ) as m on p.register_key = m.register_key
    window w as (partition by m.rep_uuid order by p.payment_date, p.payment_id rows unbounded preceding)
),

group_deposits as (
    select p.payment_key, t.payment_id, d.rep_uuid, t.register_key, d.base_ccy + t.from_ccy as from_ccy, d.base_ccy + t.from_ccy + t.amount_ccy as to_ccy
    from deposits as d
    inner join {{ ref('int_register_parts') }} as t on d.register_key = t.register_key
    inner join {{ ref('int_payment_documents') }} as p on t.payment_id = p.payment_id
),

group_documents as (
    select
        g.rep_uuid,
        {{ pago_id('g') }} as pago_id,
        g.rep_issue_date,
        g.source_file_id,
        d.*,
        (sum(d.amount_payment_ccy) over w) - d.amount_payment_ccy as from_ccy,
        sum(d.amount_payment_ccy) over w as to_ccy
    from {{ ref('int_rep_documents') }} as d
    inner join {{ ref('int_rep_pagos') }} as g on d.pago_key = g.pago_key
    where d.pago_key in (select pago_key from {{ ref('int_payment_matches') }} where is_group)
    window w as (partition by g.rep_uuid order by g.pago_number, d.docto_number rows unbounded preceding)
),

from_groups as (
    select
        d.pago_id || '/' || cast(d.docto_number as string) || '@' || p.payment_id,
        p.payment_key,
        d.invoice_ref,
        d.invoice_key,
        d.rep_issue_date,
        d.currency,
        cast(
            {{ portion('d.amount_ccy', 'least(d.to_ccy, p.to_ccy) - d.from_ccy', 'd.amount_payment_ccy') }}
            - {{ portion('d.amount_ccy', 'greatest(d.from_ccy, p.from_ccy) - d.from_ccy', 'd.amount_payment_ccy') }}
            as decimal(18, 2)
        ),
        cast(least(d.to_ccy, p.to_ccy) - greatest(d.from_ccy, p.from_ccy) as decimal(18, 2)),
        d.num_parcialidad,
        d.imp_saldo_ant,
        d.imp_saldo_insoluto,
        true,
        'cfdi',
        d.source_file_id
    from group_documents as d
    inner join group_deposits as p on d.rep_uuid = p.rep_uuid and d.from_ccy < p.to_ccy and p.from_ccy < d.to_ccy
    left join register_covered as r on p.register_key = r.register_key
    where r.register_key is null and d.amount_payment_ccy > 0
),

named as (
    select
        p.payment_id || '->' || r.invoice_ref,
        p.payment_key,
        case when r.invoice_key is null then r.invoice_ref end,
        r.invoice_key,
        p.payment_date,
        cast(null as string),
        {{ money("case
            when i.currency = p.currency or i.currency is null then p.amount_ccy
            when i.currency = 'MXN' then cast(p.amount_ccy as decimal(20, 2)) * cast(p.document_fx_rate as decimal(16, 6))
            when p.currency = 'MXN' and p.document_fx_rate > 1 then p.amount_ccy / p.document_fx_rate
        end") }},
        p.amount_ccy,
        cast(null as integer),
        cast(null as decimal(18, 2)),
        cast(null as decimal(18, 2)),
        false,
        'register',
        p.source_file_id
    from {{ ref('int_payment_documents') }} as p
    inner join {{ ref('int_register_payments') }} as r on p.register_key = r.register_key
    left join {{ ref('int_invoice_documents') }} as i on r.invoice_key = i.invoice_key
    left join register_covered as c on r.register_key = c.register_key
    where
        r.invoice_ref is not null
        and c.register_key is null
        and (p.pago_key is null or p.pago_key not in (select pago_key from {{ ref('int_rep_documents') }}))
        and r.register_key not in (select register_key from {{ ref('int_payment_matches') }} where is_group)
),

others as (
    select * from from_split
    union all
    select * from from_rep
    union all
    select * from from_groups
    union all
    select * from named
)

select * from from_register
union all
select
    cast(n.last_number + row_number() over (order by d.application_id) as integer),
    d.*
from others as d
cross join (select coalesce(max(application_number), 0) as last_number from {{ ref('int_register_applications') }}) as n
