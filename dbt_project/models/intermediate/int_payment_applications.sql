-- Applications under integer keys, in the invoice's and in the payment's currency. An application in another
-- currency than its invoice, or without a rate to convert, keeps its amount and points at no invoice.
-- Their names stand in int_application_documents; one assumed, of a PUE invoice, has its payment's key, negative.
with documents as (
    select
        application_key, payment_key, invoice_key, applied_date, document_currency, amount_ccy, amount_payment_ccy, is_explicit,
        source_kind, source_file_id
    from {{ ref('int_application_documents') }}
    union all
    select -payment_key, payment_key, invoice_key, payment_date, currency, amount_ccy, amount_ccy, false, 'assumed', source_file_id
    from {{ ref('int_pue_assumed') }}
),

keyed as (
    select
        d.application_key,
        d.payment_key,
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
        d.is_explicit,
        d.source_kind,
        d.source_file_id
    from documents as d
    inner join {{ ref('int_payments') }} as p on d.payment_key = p.payment_key
    left join {{ ref('int_invoice_attributes') }} as i on d.invoice_key = i.invoice_key
    left join {{ ref('fx_rates_daily') }} as f on p.payment_date = f.date and i.currency = f.currency and i.currency <> 'MXN'
),

-- converted here, the parts may miss the payment by the rate's rounding: the last one takes up to 1 %
residues as (
    select
        max(case when is_derived then application_key end) as application_key,
        max(payment_amount_ccy) as payment_amount_ccy,
        max(payment_amount_ccy) - sum(amount_payment_ccy) as residue_ccy
    from keyed
    group by payment_key
    having max(case when is_derived then application_key end) is not null
)

select
    k.application_key,
    k.payment_key,
    k.invoice_key,
    k.applied_date,
    k.amount_ccy,
    k.currency,
    cast(
        k.amount_payment_ccy + case when abs(r.residue_ccy) * 100 <= r.payment_amount_ccy then r.residue_ccy else 0 end
        as decimal(18, 2)
    ) as amount_payment_ccy,
    k.is_explicit,
    k.source_kind,
    k.source_file_id
from keyed as k
left join residues as r on k.application_key = r.application_key
