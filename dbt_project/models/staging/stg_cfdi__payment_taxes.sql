select
    uuid,
    cast(pago_number as integer) as pago_number,
    cast(docto_number as integer) as docto_number,
    cast(position as integer) as position,
    kind,
    impuesto,
    tipo_factor,
    tasa_o_cuota,
    base,
    importe,
    source_file_id,
    delivery_date
from {{ source('raw', 'cfdi__payment_taxes') }}
