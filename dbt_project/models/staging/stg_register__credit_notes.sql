select
    cn_id,
    uuid,
    customer_id,
    currency,
    {{ positive('fx_rate') }} as fx_rate,
    issue_date,
    total,
    tipo_relacion,
    related_invoice_id,
    reason,
    cancel_date,
    company_rfc,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__credit_notes') }}
