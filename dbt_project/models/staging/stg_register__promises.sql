select
    promise_id,
    customer_id,
    invoice_id,
    made_date,
    promised_date,
    amount,
    currency,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__promises') }}
