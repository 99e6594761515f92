select
    uuid,
    cast(position as integer) as position,
    clave_prod_serv,
    no_identificacion,
    cantidad,
    clave_unidad,
    unidad,
    descripcion,
    valor_unitario,
    importe,
    descuento,
    objeto_imp,
    source_file_id,
    delivery_date
from {{ source('raw', 'cfdi__concepts') }}
