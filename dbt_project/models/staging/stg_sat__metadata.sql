select
    uuid,
    rfc_emisor,
    nombre_emisor,
    rfc_receptor,
    nombre_receptor,
    rfc_pac,
    fecha_emision,
    fecha_certificacion_sat,
    monto,
    efecto_comprobante,
    cast(estatus as integer) as estatus,
    fecha_cancelacion,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'sat__metadata') }}
