select
    uuid,
    cast(pago_number as integer) as pago_number,
    fecha_pago,
    forma_de_pago_p,
    moneda_p,
    {{ positive('tipo_cambio_p') }} as tipo_cambio_p,
    monto,
    num_operacion,
    rfc_emisor_cta_ord,
    cta_ordenante,
    rfc_emisor_cta_ben,
    cta_beneficiario,
    source_file_id,
    delivery_date
from {{ source('raw', 'cfdi__payments') }}
