select
    dispute_id,
    invoice_id,
    opened_date,
    closed_date,
    reason,
    disputed_amount,
    currency,
    outcome,
    owner,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__disputes') }}
