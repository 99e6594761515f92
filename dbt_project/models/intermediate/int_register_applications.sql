-- The register's current applications of payments, with the payment and the invoice they name: one that has not
-- come yet leaves its key null, and the application waits (see waiting_documents).
select
    k.application_number,
    x.application_id,
    r.register_key,
    -- what it waits for
    case when r.register_key is null then x.payment_id end as payment_id,
    case when a.invoice_key is null then x.invoice_id end as invoice_ref,
    a.invoice_key,
    x.applied_date,
    {{ raw_money('x.amount_invoice_ccy') }} as amount_ccy,
    {{ raw_money('x.amount_payment_ccy') }} as amount_payment_ccy,
    x.num_parcialidad,
    {{ raw_money('x.imp_saldo_ant') }} as imp_saldo_ant,
    {{ raw_money('x.imp_saldo_insoluto') }} as imp_saldo_insoluto,
    x.source_file_id
from {{ latest_delivery(ref('stg_register__payment_applications'), ['application_id']) }} as x
inner join {{ numbered(ref('stg_register__payment_applications'), 'application_id', 'application_number') }} as k on x.application_id = k.application_id
left join {{ ref('int_register_payments') }} as r on x.payment_id = r.payment_id
left join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('x.invoice_id') }} = a.alias
