select
    uuid,
    cast(position as integer) as position,
    tipo_relacion,
    related_uuid,
    source_file_id,
    delivery_date
from {{ source('raw', 'cfdi__related') }}
