select
    incident_id,
    customer_id,
    invoice_id,
    type,
    opened_date,
    resolved_date,
    owner,
    area,
    escalated_date,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__incidents') }}
