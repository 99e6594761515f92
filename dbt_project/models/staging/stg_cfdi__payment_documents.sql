select
    uuid,
    cast(pago_number as integer) as pago_number,
    cast(docto_number as integer) as docto_number,
    id_documento,
    serie,
    folio,
    moneda_dr,
    {{ positive('equivalencia_dr') }} as equivalencia_dr,
    metodo_de_pago_dr,
    cast(num_parcialidad as integer) as num_parcialidad,
    imp_saldo_ant,
    imp_pagado,
    imp_saldo_insoluto,
    objeto_imp_dr,
    source_file_id,
    delivery_date
from {{ source('raw', 'cfdi__payment_documents') }}
