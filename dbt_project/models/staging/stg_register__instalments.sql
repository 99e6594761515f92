select
    invoice_id,
    cast(number as integer) as number,
    due_date,
    amount,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__instalments') }}
