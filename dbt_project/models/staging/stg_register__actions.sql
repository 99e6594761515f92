select
    action_id,
    customer_id,
    invoice_id,
    kind,
    created_date,
    due_date,
    done_date,
    owner,
    result,
    note,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__actions') }}
