select
    reversal_id,
    payment_id,
    reversed_date,
    amount,
    currency,
    reason,
    is_restored,
    payout_id,
    payout_date,
    source_file_id,
    cast(row_number as integer) as row_number,
    delivery_date,
    row_hash
from {{ source('raw', 'register__payment_reversals') }}
