-- One row a DoctoRelacionado: the invoice it names (invoice_ref where it has not come), ImpPagado in the invoice's currency, and what that was in the
-- payment's currency. Where the sum differs from Monto by no more than the rounding of EquivalenciaDR allows
-- (CFDI.md rule B), the last document takes the difference, so that no residue is left.
with
-- a document alone in its Pago that does not say what it pays, pays the whole
silent as (
    select n.source_file_id, n.pago_number
    from {{ ref('stg_cfdi__payment_documents') }} as n
    inner join {{ ref('stg_cfdi__payment_documents') }} as d on n.source_file_id = d.source_file_id and n.pago_number = d.pago_number
    where n.imp_pagado is null
    group by n.source_file_id, n.pago_number
    having count(*) = 1
),

documents as (
    select
        p.pago_key,
        d.docto_number,
        case when a.invoice_key is null then lower(d.id_documento) end as invoice_ref,
        a.invoice_key,
        d.moneda_dr as currency,
        coalesce({{ raw_money('d.imp_pagado') }}, case when s.source_file_id is not null then p.amount_ccy end) as amount_ccy,
        case
            when d.moneda_dr = p.currency then 1
            when p.version = '3.3' and d.moneda_dr = 'MXN' then p.fx_rate
            else d.equivalencia_dr
        end as equivalence,
        d.num_parcialidad,
        {{ raw_money('d.imp_saldo_ant') }} as imp_saldo_ant,
        {{ raw_money('d.imp_saldo_insoluto') }} as imp_saldo_insoluto,
        p.amount_ccy as pago_amount
    from {{ ref('stg_cfdi__payment_documents') }} as d
    inner join {{ ref('int_rep_pagos') }} as p on d.source_file_id = p.source_file_id and d.pago_number = p.pago_number
    left join silent as s on d.source_file_id = s.source_file_id and d.pago_number = s.pago_number
    left join {{ ref('int_invoice_aliases') }} as a on lower(d.id_documento) = a.alias
),

converted as (
    select
        *,
        case when equivalence = 1 then amount_ccy else {{ money('amount_ccy / nullif(equivalence, 0)') }} end as converted_ccy,
        -- half a unit of the last decimal of EquivalenciaDR and half a cent of ImpPagado, in the payment's currency
        case
            when equivalence = 1 then 0.00
            else 0.01 + ({{ wide('amount_ccy') }} * case when round(equivalence, 6) = equivalence then 0.0000005 else 0.00000000005 end
                + 0.005 * equivalence) / nullif(equivalence * equivalence, 0)
        end as tolerance
    from documents
),

totals as (
    select
        pago_key,
        sum(converted_ccy) as converted_ccy,
        sum(tolerance) as tolerance,
        max(docto_number) as last_number
    from converted
    group by pago_key
)

select
    c.pago_key,
    c.docto_number,
    c.invoice_ref,
    c.invoice_key,
    c.currency,
    c.amount_ccy,
    cast(
        c.converted_ccy
        + case
            when c.docto_number = t.last_number and abs(c.pago_amount - t.converted_ccy) <= t.tolerance
                then c.pago_amount - t.converted_ccy
            else 0
        end as decimal(18, 2)
    ) as amount_payment_ccy,
    abs(c.pago_amount - t.converted_ccy) > t.tolerance and t.converted_ccy > c.pago_amount as is_over_amount,
    c.num_parcialidad,
    c.imp_saldo_ant,
    c.imp_saldo_insoluto
from converted as c
inner join totals as t on c.pago_key = t.pago_key
where c.amount_ccy is not null
