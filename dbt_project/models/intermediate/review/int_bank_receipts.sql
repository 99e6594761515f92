-- What each receipt should look like in the bank: a payment net of what its gateway kept, a return as money out. A payment
-- returned in part came in whole: its parts are one unit; what came back later came apart. `batch` names the deposit that a gateway paid several of them
-- in: its own id, else all of a gateway's payments of one day.
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
    select
        *,
        coalesce(part_of_payment_id, payment_id) as whole_payment_id,
        case when is_restored then payment_id else coalesce(part_of_payment_id, payment_id) end as unit_id
    from {{ ref('fct_payments') }} where coalesce(sources, '') <> 'assumed'
),

final as (
    select
        payment_id,
        'payment' as kind,
        unit_id,
        payment_date as day,
        currency,
        amount_ccy as amount,
        coalesce(net_ccy, amount_ccy) as expected,
        nullif(upper(trim(bank_reference)), '') as reference,
        customer_id,
        case
            when payout_id is not null then coalesce(gateway, '') || ' ' || payout_id
            when gateway is not null and net_ccy is not null then gateway || ' ' || cast(payment_date as string)
        end as batch,
        payout_id,
        payout_date
    from payments
    union all
    select
        p.payment_id,
        'reversal',
        p.payment_id,
        p.reversed_date,
        p.currency,
        -p.amount_ccy,
        -p.amount_ccy,
        null,
        p.customer_id,
        case when r.payout_id is not null then coalesce(p.gateway, '') || ' ' || r.payout_id end,
        r.payout_id,
        r.payout_date
    from payments as p
    left join returns as r on p.whole_payment_id = r.payment_id and p.reversed_date = r.reversed_date
    where p.sources <> 'cfdi' and p.reversed_date is not null
)

select * from final
