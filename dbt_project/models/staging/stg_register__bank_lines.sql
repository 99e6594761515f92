select
    bank_line_id,
    account,
    account_currency,
    value_date,
    amount,
    description,
    reference,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__bank_lines') }}
