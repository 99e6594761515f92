-- What each receipt should look like in the bank: a payment net of what its gateway kept, a return as money out. A payment
-- returned in part came in whole: its parts are one unit, named by the part that keeps the payment's id; what came back
-- later came apart. A return has its payment's key, negative. `batch` names the deposit that a gateway paid several of
-- them in: its own id, else all of a gateway's payments of one day.
with returns as (
    select
        payment_id,
        reversed_date,
        min(payout_id) as payout_id,
        min(payout_date) as payout_date
    from {{ ref('int_payment_reversals') }}
    where moved_ccy > 0 and not is_restored
    group by payment_id, reversed_date
),

payments as (
    select p.*, coalesce(w.payment_key, p.payment_key) as unit_key
    from {{ ref('int_payment_documents') }} as p
    left join {{ ref('int_payment_documents') }} as w on p.part_of = w.payment_id and not p.is_restored
),

final as (
    select
        payment_key as receipt_key,
        payment_key,
        unit_key,
        payment_date as day,
        currency,
        amount_ccy as amount,
        coalesce(net_ccy, amount_ccy) as expected,
        nullif(upper(trim(bank_reference)), '') as reference,
        case
            when payout_id is not null then coalesce(gateway, '') || ' ' || payout_id
            when gateway is not null and net_ccy is not null then gateway || ' ' || cast(payment_date as string)
        end as batch,
        payout_id,
        payout_date
    from payments
    union all
    select
        -p.payment_key,
        p.payment_key,
        -p.payment_key,
        p.reversed_date,
        p.currency,
        -p.amount_ccy,
        -p.amount_ccy,
        null,
        case when r.payout_id is not null then coalesce(p.gateway, '') || ' ' || r.payout_id end,
        r.payout_id,
        r.payout_date
    from payments as p
    left join returns as r on coalesce(p.part_of, p.payment_id) = r.payment_id and p.reversed_date = r.reversed_date
    where p.sources <> 'cfdi' and p.reversed_date is not null
)

select * from final
