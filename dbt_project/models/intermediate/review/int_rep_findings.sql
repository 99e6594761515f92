-- What does not agree inside a payment complement: the Monto of a Pago against the sum of its documents by rule B (what
-- the decimals of ImpPagado and EquivalenciaDR, as written, allow; a cent a document at least), and the balance that each
-- document declares after it. One row a finding of a document that counts.
with

pagos as (
    select p.source_file_id, p.pago_number, p.moneda_p, p.tipo_cambio_p, p.monto, d.version
    from {{ ref('stg_cfdi__payments') }} as p
    inner join {{ ref('int_cfdi_documents') }} as d on p.source_file_id = d.source_file_id
    where d.outcome = 'counts'
),

documents as (
    select
        d.source_file_id,
        d.pago_number,
        d.docto_number,
        d.id_documento,
        d.moneda_dr,
        d.imp_saldo_ant,
        d.imp_pagado,
        d.imp_saldo_insoluto,
        p.moneda_p,
        p.monto,
        cast(case
            when d.moneda_dr = p.moneda_p then 1
            when p.version = '3.3' and d.moneda_dr = 'MXN' then p.tipo_cambio_p
            else d.equivalencia_dr
        end as decimal(24, 10)) as equivalence
    from {{ ref('stg_cfdi__payment_documents') }} as d
    inner join pagos as p on d.source_file_id = p.source_file_id and d.pago_number = p.pago_number
),

-- the least and the most that each document may be in the currency of the payment; raw keeps no count of decimals, so
-- an equivalence that six decimals can write counts as written with six
ranges as (
    select
        *,
        case when moneda_dr = moneda_p then 0.0
            when round(equivalence, 6) = equivalence then 0.0000005 else 0.00000000005 end as half_equivalence,
        case when moneda_dr = moneda_p then 0.0 else {{ half_unit('moneda_dr') }} end as half_paid
    from documents
),

divisors as (
    select *, case when equivalence > half_equivalence then equivalence end as divisor from ranges
),

bounds as (
    select
        source_file_id,
        pago_number,
        max(monto) as monto,
        cast(sum(cast(imp_pagado / divisor as decimal(24, 6))) as decimal(18, 2)) as expected,
        sum(cast(least(
            (imp_pagado - half_paid) / (divisor + half_equivalence), imp_pagado / divisor - 0.01
        ) as decimal(24, 6))) as lowest,
        sum(cast(greatest(
            (imp_pagado + half_paid) / (divisor - half_equivalence), imp_pagado / divisor + 0.01
        ) as decimal(24, 6))) as highest
    from divisors
    group by source_file_id, pago_number
    -- a Pago is judged where every one of its documents can be
    having count(imp_pagado / divisor) = count(*)
),

final as (
    select source_file_id, 'rep_amount' as check_name, 'error' as severity, cast(expected as string) as expected,
        cast(cast(monto as decimal(18, 2)) as string) as found, cast(monto - expected as decimal(24, 6)) as difference,
        'El Monto del pago ' || cast(pago_number as string) || ' no es lo que pagan sus documentos' as detail
    from bounds
    where monto < lowest or monto > highest
    union all
    select source_file_id, 'rep_balance', 'error', cast(imp_saldo_ant - imp_pagado as string), cast(imp_saldo_insoluto as string),
        cast(imp_saldo_insoluto - (imp_saldo_ant - imp_pagado) as decimal(24, 6)),
        'ImpSaldoInsoluto no es ImpSaldoAnt − ImpPagado en el pago ' || cast(pago_number as string)
        || ', documento ' || cast(docto_number as string)
    from documents
    where abs(imp_saldo_insoluto - (imp_saldo_ant - imp_pagado)) > {{ half_unit('moneda_dr') }}
    union all
    select source_file_id, 'rep_document_id', 'warning', null, id_documento, null,
        'El documento ' || cast(docto_number as string) || ' del pago ' || cast(pago_number as string) || ' no es un folio fiscal'
    from documents
    where not {{ matches('id_documento', '^([0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9]{3}-[0-9]{2}-[0-9]{9})$') }}
)

select * from final
