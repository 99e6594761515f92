-- Applications under integer keys, in the invoice's and in the payment's currency. An application in another
-- currency than its invoice, or without a rate to convert, keeps its amount and points at no invoice.
with documents as (
    select * from {{ ref('int_application_documents') }}
    union all
    select
        a.payment_id, a.payment_id, i.invoice_id, a.invoice_key, i.issue_date, i.currency, a.amount_ccy, a.amount_ccy,
        null, null, null, false, 'assumed', i.source_file_id
    from {{ ref('int_pue_assumed') }} as a
    inner join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
),

keyed as (
    select
        d.application_id,
        p.payment_key,
        d.invoice_ref,
        case when coalesce(d.document_currency, i.currency) = i.currency and d.amount_ccy is not null then d.invoice_key end
            as invoice_key,
        d.applied_date,
        coalesce(d.amount_ccy, 0.00) as amount_ccy,
        coalesce(i.currency, d.document_currency, p.currency) as currency,
        case
            when d.amount_payment_ccy is not null then d.amount_payment_ccy
            when i.currency = p.currency then d.amount_ccy
            when i.currency = 'MXN' then {{ money('d.amount_ccy / nullif(p.fx_rate, 0)') }}
            when p.currency = 'MXN' then {{ pesos('d.amount_ccy', 'f.mxn_per_unit') }}
        end as amount_payment_ccy,
        d.amount_payment_ccy is null and i.currency <> p.currency as is_derived,
        p.amount_ccy as payment_amount_ccy,
        d.num_parcialidad,
        d.imp_saldo_ant,
        d.imp_saldo_insoluto,
        d.is_explicit,
        d.source_kind,
        d.source_file_id
    from documents as d
    inner join {{ ref('int_payments') }} as p on d.payment_id = p.payment_id
    left join {{ ref('int_invoice_attributes') }} as i on d.invoice_key = i.invoice_key
    left join {{ ref('fx_rates_daily') }} as f on p.payment_date = f.date and i.currency = f.currency and i.currency <> 'MXN'
),

numbered as (
    select
        *,
        cast(row_number() over (order by application_id) as integer) as application_key,
        sum(amount_payment_ccy) over (partition by payment_key) as payment_applied_ccy,
        max(case when is_derived then application_id end) over (partition by payment_key) as last_derived
    from keyed
)

-- converted here, the parts may miss the payment by the rate's rounding: the last one takes up to 1 %
select
    application_key,
    application_id,
    payment_key,
    invoice_ref,
    invoice_key,
    applied_date,
    amount_ccy,
    currency,
    cast(
        amount_payment_ccy
        + case
            when is_derived and application_id = last_derived
                and abs(payment_amount_ccy - payment_applied_ccy) * 100 <= payment_amount_ccy
                then payment_amount_ccy - payment_applied_ccy
            else 0
        end as decimal(18, 2)
    ) as amount_payment_ccy,
    cast(num_parcialidad as integer) as num_parcialidad,
    imp_saldo_ant,
    imp_saldo_insoluto,
    is_explicit,
    source_kind,
    source_file_id
from numbered
