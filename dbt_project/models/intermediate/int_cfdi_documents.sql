select
    *,
    cast(fecha as date) as issue_date,
    emisor_rfc as company_rfc,
    false as is_own,
    'counts' as outcome
from {{ ref('stg_cfdi__documents') }}
