select
    run_id,
    published_at,
    as_of,
    week_start,
    week_start_date,
    expected_mxn,
    promised_mxn,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'log__published_forecasts') }}
