-- Every CFDI content received, which one of a UUID counts, whether it is ours, and who the customer is.
-- Of two contents with one UUID the earliest stamped counts, then the lowest file hash; never the last to arrive.
-- A UUID that came once needs no sorting.
with repeated as (
    select uuid from {{ ref('stg_cfdi__documents') }} group by uuid having count(*) > 1
),

versions as (
    select
        d.source_file_id,
        row_number() over w as place,
        d.sello_sha256 = first_value(d.sello_sha256) over w and d.total = first_value(d.total) over w as is_same_document
    from {{ ref('stg_cfdi__documents') }} as d
    inner join repeated as g on d.uuid = g.uuid
    window w as (partition by d.uuid order by d.fecha_timbrado, d.source_file_id)
),

unique_rfcs as (
    select
        upper(rfc) as rfc,
        min(customer_id) as customer_id
    from {{ latest_delivery(ref('stg_register__customers'), ['customer_id']) }} as c
    where rfc is not null and upper(rfc) not in ('XAXX010101000', 'XEXX010101000')
    group by upper(rfc)
    having count(*) = 1
)

select
    d.source_file_id,
    d.delivery_date,
    d.uuid,
    d.version,
    d.tipo_de_comprobante,
    d.serie,
    d.folio,
    d.fecha,
    cast(d.fecha as date) as issue_date,
    d.fecha_timbrado,
    d.moneda,
    d.tipo_cambio,
    d.subtotal,
    d.descuento,
    d.total,
    d.total_traslados,
    d.total_retenciones,
    d.implocal_traslados,
    d.implocal_retenciones,
    d.metodo_pago,
    d.forma_pago,
    d.condiciones_de_pago,
    d.uso_cfdi,
    d.emisor_rfc as company_rfc,
    d.receptor_rfc,
    d.receptor_nombre,
    case
        when d.receptor_rfc = 'XAXX010101000' then 'publico'
        when d.receptor_rfc = 'XEXX010101000'
            then 'ext:' || coalesce(d.receptor_num_reg_id_trib, '') || ':' || upper(trim(coalesce(d.receptor_nombre, '')))
        else coalesce(r.customer_id, 'rfc:' || d.receptor_rfc)
    end as customer_id,
    d.is_global and d.receptor_rfc = 'XAXX010101000' as is_global,
    d.flags,
    o.company_rfc is not null as is_own,
    case
        when coalesce(v.place, 1) = 1 then 'counts'
        when v.is_same_document then 'duplicate'
        else 'conflict'
    end as outcome
from {{ ref('stg_cfdi__documents') }} as d
left join versions as v on d.source_file_id = v.source_file_id
left join {{ ref('int_own_companies') }} as o on d.emisor_rfc = o.company_rfc
left join unique_rfcs as r on d.receptor_rfc = r.rfc
