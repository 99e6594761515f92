-- What of each payment and credit note is applied to nothing, by intervals of dates; stored by customer.
select
    basis,
    doc_type,
    doc_key,
    customer_key,
    currency,
    doc_date,
    valid_from,
    valid_to,
    unapplied_ccy
from {{ ref('int_unapplied_intervals') }}
order by customer_key, doc_type, doc_key, basis, valid_from
