select
    report_id,
    customer_id,
    invoice_id,
    reported_date,
    amount,
    currency,
    method,
    reference,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__reported_payments') }}
