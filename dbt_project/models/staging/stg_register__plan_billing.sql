select
    month,
    customer_id,
    branch,
    amount,
    currency,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__plan_billing') }}
