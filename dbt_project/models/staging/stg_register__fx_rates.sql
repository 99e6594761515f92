select
    date,
    currency,
    {{ positive('mxn_per_unit') }} as mxn_per_unit,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__fx_rates') }}
