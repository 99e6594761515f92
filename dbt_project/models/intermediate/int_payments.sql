-- Every payment under one integer key: receipts, and the ones assumed for PUE invoices (undone when theirs ends).
{{ config(materialized='view') }}
select
    payment_key, payment_id, pago_key, rep_uuid, customer_key, company_rfc, payment_date, currency, fx_rate, amount_ccy,
    method, forma_pago, is_cash, reversed_date, bank_reference, gateway, fee_ccy, net_ccy, part_of, payout_id, payout_date,
    is_restored, sources, is_over_amount, delivery_date, source_file_id
from {{ ref('int_payment_documents') }}
union all
select
    payment_key, payment_id, null, null, customer_key, company_rfc, payment_date, currency, fx_rate, amount_ccy,
    null, forma_pago, is_cash, reversed_date, null, null, null, null, null, null, null,
    false, 'assumed', false, delivery_date, source_file_id
from {{ ref('int_pue_assumed') }}
