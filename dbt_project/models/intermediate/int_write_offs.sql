-- Write-offs dated by as_of, on the invoice they name and in its currency.
select
    cast(row_number() over (order by w.write_off_id) as integer) as write_off_key,
    w.write_off_id,
    a.invoice_key,
    w.date as write_off_date,
    {{ money('w.amount') }} as amount_ccy,
    w.source_file_id
from {{ latest_delivery(ref('stg_register__write_offs'), ['write_off_id']) }} as w
inner join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('w.invoice_id') }} = a.alias
inner join {{ ref('int_invoice_documents') }} as i on a.invoice_key = i.invoice_key and w.currency = i.currency
where w.date <= {{ as_of() }}
