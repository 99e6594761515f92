-- VAT that each document of our REPs says was paid (ImpuestosDR), by rate, in the invoice's currency. What is withheld has a
-- rate of its own: it is split by the VAT of each, as an invoice's is (without VAT, the first takes it).
with

stated as (
    select
        p.pago_key, t.docto_number,
        case when t.kind = 'traslado' then {{ vat_rate('t.tipo_factor', 't.tasa_o_cuota') }} end as rate,
        {{ money('sum(t.base)') }} as base_ccy,
        {{ money('sum(coalesce(t.importe, 0))') }} as vat_ccy
    from {{ ref('stg_cfdi__payment_taxes') }} as t
    inner join {{ ref('int_rep_pagos') }} as p on t.source_file_id = p.source_file_id and t.pago_number = p.pago_number
    where t.impuesto = '002'
    group by 1, 2, 3
),

weighed as (
    select
        v.*, h.vat_ccy as held_ccy,
        case when sum(v.vat_ccy) over w <> 0 then v.vat_ccy when row_number() over (partition by v.pago_key, v.docto_number order by v.rate) = 1
            then 0.01 else 0.00 end as weight
    from stated as v
    inner join stated as h on v.pago_key = h.pago_key and v.docto_number = h.docto_number and h.rate is null
    where v.rate is not null
    window w as (partition by v.pago_key, v.docto_number)
),

summed as (
    select
        *, sum(weight) over (partition by pago_key, docto_number) as weights,
        sum(weight) over (partition by pago_key, docto_number order by rate rows unbounded preceding) as up_to
    from weighed
)

select
    v.pago_key, v.docto_number, v.rate, v.base_ccy, v.vat_ccy,
    coalesce({{ share('s.held_ccy', 's.up_to', 's.weights') }} - {{ share('s.held_ccy', 's.up_to - s.weight', 's.weights') }}, 0.00) as withheld_ccy
from stated as v
left join summed as s on v.pago_key = s.pago_key and v.docto_number = s.docto_number and v.rate = s.rate
where v.rate is not null
