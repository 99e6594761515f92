select
    cn_id,
    invoice_id,
    applied_date,
    amount,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__credit_note_applications') }}
