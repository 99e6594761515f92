select
    sale_id,
    customer_id,
    sale_confirmed_date,
    issue_deadline,
    amount,
    currency,
    invoice_id,
    kind,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__pending_sales') }}
