select
    reminder_id,
    customer_id,
    invoice_id,
    sent_date,
    stage,
    channel,
    delivered,
    response_date,
    response_type,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__reminders') }}
