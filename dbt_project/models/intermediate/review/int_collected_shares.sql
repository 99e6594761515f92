-- Collected cash by cut: each payment, at its own rate, divided over the invoices it was applied to; what was applied
-- to none stands under the customer. The shares of a payment add up to it to the cent: a difference of rounding goes
-- to the largest share.
with

payments as (
    select payment_key, payment_date, reversed_date, amount_ccy, amount_mxn, fx_rate
    from {{ ref('fct_payments') }}
    where is_cash
),

applied as (
    select a.payment_key, i.cut_key, sum(a.amount_payment_ccy) as applied_ccy
    from {{ ref('int_payment_applications') }} as a
    inner join {{ ref('int_invoice_cuts') }} as i on a.invoice_key = i.invoice_key
    where a.amount_payment_ccy > 0
    group by a.payment_key, i.cut_key
),

running as (
    select
        p.payment_key,
        p.amount_ccy,
        p.amount_mxn,
        a.cut_key,
        least(a.applied_ccy, p.amount_ccy - (
            sum(a.applied_ccy) over (
                partition by p.payment_key order by a.applied_ccy desc, a.cut_key
                rows between unbounded preceding and current row
            ) - a.applied_ccy
        )) as share_ccy,
        row_number() over (partition by p.payment_key order by a.applied_ccy desc, a.cut_key) as share_rank
    from payments as p inner join applied as a on p.payment_key = a.payment_key
),

shares as (
    select
        payment_key,
        cut_key,
        share_rank,
        share_ccy,
        cast(round(cast(amount_mxn as double) * cast(share_ccy as double) / nullif(cast(amount_ccy as double), 0), 2) as decimal(18, 2)) as share_mxn
    from running
    where share_ccy > 0
),

rests as (
    select
        p.payment_key,
        p.amount_mxn - coalesce(sum(s.share_mxn), 0) as rest_mxn,
        p.amount_ccy - coalesce(sum(s.share_ccy), 0) as rest_ccy
    from payments as p left join shares as s on p.payment_key = s.payment_key
    group by p.payment_key, p.amount_mxn, p.amount_ccy
),

divided as (
    select
        s.payment_key,
        s.cut_key,
        s.share_mxn + case when s.share_rank = 1 and abs(r.rest_ccy) < 0.005 then r.rest_mxn else 0 end as amount_mxn
    from shares as s inner join rests as r on s.payment_key = r.payment_key
    union all
    select r.payment_key, d.cut_key, r.rest_mxn
    from rests as r
    inner join {{ ref('int_document_cuts') }} as d on d.doc_type = 'payment' and r.payment_key = d.doc_key
    where abs(r.rest_ccy) >= 0.005
),

final as (
    select d.payment_key, d.cut_key, p.payment_date as day, {{ money('d.amount_mxn') }} as collected_mxn
    from divided as d inner join payments as p on d.payment_key = p.payment_key
    union all
    select d.payment_key, d.cut_key, p.reversed_date, {{ money('-d.amount_mxn') }}
    from divided as d inner join payments as p on d.payment_key = p.payment_key
    where p.reversed_date is not null
)

select * from final
