-- One row a payment with what of it is applied at as_of (effective basis): amount = applied + unapplied.
with unapplied as (
    select doc_key as payment_key, unapplied_ccy
    from {{ ref('int_unapplied_intervals') }}
    where basis = 'effective' and doc_type = 'payment' and valid_from <= {{ as_of() }} and valid_to > {{ as_of() }}
),

applied as (
    select
        a.payment_key,
        sum(a.amount_payment_ccy) as amount_ccy,
        max(case when a.invoice_key is null then 1 else 0 end) as has_unknown
    from {{ ref('int_payment_applications') }} as a
    group by a.payment_key
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
    p.payment_id,
    p.payment_key,
    p.rep_uuid,
    c.customer_id,
    p.customer_key,
    c.customer_name,
    p.company_rfc,
    p.payment_date,
    p.currency,
    p.fx_rate,
    p.amount_ccy,
    {{ pesos('p.amount_ccy', 'p.fx_rate') }} as amount_mxn,
    cast(case when p.reversed_date is null then p.amount_ccy - coalesce(u.unapplied_ccy, 0) else 0 end as decimal(18, 2))
        as applied_ccy,
    cast(case when p.reversed_date is null then coalesce(u.unapplied_ccy, 0) else 0 end as decimal(18, 2)) as unapplied_ccy,
    case
        when p.reversed_date is not null or u.unapplied_ccy is null then cast(0 as decimal(18, 2))
        else {{ pesos('u.unapplied_ccy', 'x.mxn_per_unit') }}
    end as unapplied_mxn_closing,
    p.method,
    p.forma_pago,
    p.is_cash,
    p.reversed_date,
    p.bank_reference,
    p.gateway,
    p.fee_ccy,
    p.net_ccy,
    p.payout_id,
    p.payout_date,
    p.part_of as part_of_payment_id,
    p.is_restored,
    p.sources,
    case
        when p.reversed_date is not null then 'reversed'
        when coalesce(u.unapplied_ccy, 0) = 0 then 'applied'
        when u.unapplied_ccy < p.amount_ccy then 'partial'
        else 'unapplied'
    end as status,
    concat_ws('|',
        case when r.has_repeat = 1 then 'duplicate_in_file' end,
        case when r.has_conflict = 1 then 'content_conflict' end,
        case when p.is_over_amount then 'rep_amounts_mismatch' end,
        case when a.amount_ccy > p.amount_ccy then 'over_applied' end,
        case when a.has_unknown = 1 then 'unknown_invoice' end
    ) as flags,
    p.source_file_id
from {{ ref('int_payments') }} as p
inner join {{ ref('int_customers') }} as c on p.customer_key = c.customer_key
left join unapplied as u on p.payment_key = u.payment_key
left join applied as a on p.payment_key = a.payment_key
left join repeats as r on p.payment_id = r.entity_id
left join {{ ref('fx_rates_daily') }} as x on x.date = {{ as_of() }} and p.currency = x.currency
