-- Disputes known at as_of, each on its invoice, with the disputed amount in the invoice's currency. In a currency
-- without a rate that amount is unknown: sums leave it out, and FX_RATE_MISSING says so.
select
    x.dispute_id,
    a.invoice_key,
    i.customer_key,
    x.opened_date,
    {{ known_date('x.closed_date') }} as closed_date,
    x.reason,
    case
        when i.currency is null or i.currency = x.currency then {{ money('x.disputed_amount') }}
        else {{ money(wide('x.disputed_amount')
            ~ " * case when x.currency = '" ~ var('report_currency') ~ "' then 1 else f.mxn_per_unit end / nullif(i.fx_rate, 0)") }}
    end as disputed_ccy,
    x.currency,
    {{ money('x.disputed_amount') }} as disputed_amount_ccy,
    case when x.closed_date <= {{ as_of() }} then x.outcome end as outcome,
    x.owner,
    x.source_file_id
from {{ latest_delivery(ref('stg_register__disputes'), ['dispute_id']) }} as x
left join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('x.invoice_id') }} = a.alias
left join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
left join {{ ref('fx_rates_daily') }} as f on x.opened_date = f.date and x.currency = f.currency
where x.opened_date <= {{ as_of() }}
