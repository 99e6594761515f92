select
    application_id,
    payment_id,
    invoice_id,
    applied_date,
    amount_invoice_ccy,
    amount_payment_ccy,
    cast(num_parcialidad as integer) as num_parcialidad,
    imp_saldo_ant,
    imp_saldo_insoluto,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__payment_applications') }}
