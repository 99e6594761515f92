select
    write_off_id,
    invoice_id,
    date,
    amount,
    currency,
    approved_by,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__write_offs') }}
