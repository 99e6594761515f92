select
    rfc,
    nombre,
    situacion,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'sat__69b') }}
