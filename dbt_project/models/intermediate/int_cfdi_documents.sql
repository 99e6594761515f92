-- Every CFDI content received, which one of a UUID counts (int_cfdi_copies), whether it is ours, and who the customer
-- is. A view: what it adds is three joins with small tables, and storing every text again costs more than all its readers.
{{ config(materialized='view') }}
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
    d.total_retenciones,
    d.implocal_retenciones,
    d.metodo_pago,
    d.forma_pago,
    d.condiciones_de_pago,
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
    o.company_rfc is not null as is_own,
    coalesce(v.outcome, 'counts') as outcome
from {{ ref('stg_cfdi__documents') }} as d
left join {{ ref('int_cfdi_copies') }} as v on d.source_file_id = v.source_file_id
left join {{ ref('int_own_companies') }} as o on d.emisor_rfc = o.company_rfc
left join {{ ref('int_customer_rfcs') }} as r on d.receptor_rfc = r.rfc
