select
    uuid,
    cast(position as integer) as position,
    kind,
    impuesto,
    tipo_factor,
    tasa_o_cuota,
    base,
    importe,
    source_file_id,
    delivery_date
from {{ source('raw', 'cfdi__taxes') }}
