-- Every payment under one integer key: receipts, and the ones assumed for PUE invoices (undone when theirs ends).
with documents as (
    select
        payment_id, rep_uuid, pago_number, customer_id, company_rfc, payment_date, currency, fx_rate, amount_ccy,
        method, forma_pago, is_cash, reversed_date, bank_reference, gateway, fee_ccy, net_ccy, part_of, payout_id, payout_date,
        is_restored, sources, is_over_amount, delivery_date, source_file_id
    from {{ ref('int_payment_documents') }}
    union all
    select
        a.payment_id, null, null, c.customer_id, i.company_rfc, i.issue_date, i.currency, i.fx_rate, a.amount_ccy,
        null, i.forma_pago, coalesce(f.is_cash, true), i.end_date, null, null, null, null, null, null, null, false, 'assumed', false, i.delivery_date,
        i.source_file_id
    from {{ ref('int_pue_assumed') }} as a
    inner join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
    inner join {{ ref('int_customers') }} as c on i.customer_key = c.customer_key
    left join {{ ref('payment_forms') }} as f on i.forma_pago = f.forma_pago
),

repeats as (
    select
        entity_id,
        max(case when contents_count = 1 then 1 else 0 end) as has_repeat,
        max(case when contents_count > 1 then 1 else 0 end) as has_conflict
    from {{ ref('int_register_repeats') }}
    where kind = 'payments'
    group by entity_id
)

select
    cast(row_number() over (order by d.payment_id) as integer) as payment_key,
    d.payment_id,
    d.rep_uuid,
    d.pago_number,
    c.customer_key,
    d.company_rfc,
    d.payment_date,
    d.currency,
    d.fx_rate,
    d.amount_ccy,
    d.method,
    d.forma_pago,
    d.is_cash,
    d.reversed_date,
    d.bank_reference,
    d.gateway,
    d.fee_ccy,
    d.net_ccy,
    d.part_of,
    d.payout_id,
    d.payout_date,
    d.is_restored,
    d.sources,
    concat_ws('|',
        case when r.has_repeat = 1 then 'duplicate_in_file' end,
        case when r.has_conflict = 1 then 'content_conflict' end,
        case when d.is_over_amount then 'rep_amounts_mismatch' end
    ) as flags,
    d.delivery_date,
    d.source_file_id
from documents as d
inner join {{ ref('int_customers') }} as c on d.customer_id = c.customer_id
left join repeats as r on d.payment_id = r.entity_id
