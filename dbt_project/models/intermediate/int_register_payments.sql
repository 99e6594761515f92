-- The payments register's current rows dated by as_of, with the invoice that a row itself names.
select
    k.register_key,
    p.payment_id,
    p.rep_uuid,
    p.customer_id,
    a.invoice_key,
    coalesce(p.invoice_id, p.invoice_uuid) as invoice_ref,
    p.payment_date,
    p.currency,
    p.fx_rate,
    {{ raw_money('p.amount') }} as amount_ccy,
    p.method,
    {{ known_date('p.reversed_date') }} as reversed_date,
    p.bank_reference,
    p.gateway,
    upper(p.company_rfc) as company_rfc,
    -- what the gateway kept, whatever sign its export gives a fee; null where it says nothing
    {{ money('abs(coalesce(p.fee_amount, p.amount - p.net_amount))') }} as fee_ccy,
    {{ money('coalesce(p.amount - p.net_amount, abs(p.fee_amount))') }} as deducted_ccy,
    p.payout_id,
    p.payout_date,
    p.delivery_date,
    p.source_file_id
from {{ latest_delivery(ref('stg_register__payments'), ['payment_id']) }} as p
inner join {{ numbered(ref('stg_register__payments'), 'payment_id', 'register_key') }} as k on p.payment_id = k.payment_id
left join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('coalesce(p.invoice_id, p.invoice_uuid)') }} = a.alias
where p.payment_date <= {{ as_of() }}
