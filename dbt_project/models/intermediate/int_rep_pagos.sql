-- One row a Pago of our REPs; its name is rep_uuid#pago_number. A REP that another REP substitutes (relation 04) does not count; one that the
-- SAT shows as cancelled counts until that date.
with replaced as (
    select distinct r.related_uuid as uuid
    from {{ ref('stg_cfdi__related') }} as r
    inner join {{ ref('int_cfdi_documents') }} as d on r.source_file_id = d.source_file_id
    where r.tipo_relacion = '04' and d.tipo_de_comprobante = 'P' and d.is_own and d.outcome = 'counts' and r.related_uuid <> d.uuid
)

select
    cast(row_number() over (order by d.uuid, p.pago_number) as integer) as pago_key,
    d.uuid as rep_uuid,
    p.pago_number,
    d.source_file_id,
    d.delivery_date,
    d.version,
    d.company_rfc,
    d.customer_id,
    d.issue_date as rep_issue_date,
    cast(p.fecha_pago as date) as payment_date,
    p.forma_de_pago_p as forma_pago,
    p.moneda_p as currency,
    p.tipo_cambio_p as fx_rate,
    {{ raw_money('p.monto') }} as amount_ccy,
    p.num_operacion,
    s.cancel_date
from {{ ref('stg_cfdi__payments') }} as p
inner join {{ ref('int_cfdi_documents') }} as d on p.source_file_id = d.source_file_id
left join replaced as x on d.uuid = x.uuid
left join {{ ref('int_sat_status') }} as s on d.uuid = s.uuid
where
    d.is_own and d.outcome = 'counts' and d.tipo_de_comprobante = 'P'
    and x.uuid is null
    and cast(p.fecha_pago as date) <= {{ as_of() }}
