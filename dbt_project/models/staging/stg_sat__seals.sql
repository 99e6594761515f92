select
    source_file_id,
    outcome,
    issuer,
    detail,
    delivery_date as verified_date
from {{ source('raw', 'sat__seals') }}
