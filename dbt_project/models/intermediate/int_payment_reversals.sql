-- Refunds and chargebacks that come apart from their payment, dated by as_of: how much of it each one undoes. One of a
-- payment that never came, in another currency or beyond what was paid undoes nothing; `problem` says which.
with reversals as (
    select
        r.reversal_id,
        p.register_key,
        r.payment_id,
        greatest(r.reversed_date, coalesce(p.payment_date, r.reversed_date)) as reversed_date,
        abs({{ money('r.amount') }}) as amount_ccy,
        r.currency,
        r.payout_id,
        r.payout_date,
        r.source_file_id,
        p.customer_id,
        p.amount_ccy as paid_ccy,
        case
            when p.payment_id is null then 'unknown_payment'
            when r.currency <> p.currency then 'other_currency'
            when p.reversed_date is not null then 'already_reversed'
        end as problem
    from {{ log_rows(ref('stg_register__payment_reversals'), ['reversal_id'], 'reversed_date') }} as r
    left join {{ ref('int_register_payments') }} as p on r.payment_id = p.payment_id
),

running as (
    select
        *,
        sum(case when problem is null then amount_ccy else 0 end) over (
            partition by payment_id order by reversed_date, reversal_id rows unbounded preceding
        ) as upto_ccy
    from reversals
),

counted as (
    select
        *,
        cast(case
            when problem is null then greatest(least(upto_ccy, paid_ccy) - least(upto_ccy - amount_ccy, paid_ccy), 0) else 0
        end as decimal(18, 2)) as undone_ccy
    from running
)

select
    reversal_id,
    register_key,
    payment_id,
    reversed_date,
    amount_ccy,
    undone_ccy,
    currency,
    payout_id,
    payout_date,
    source_file_id,
    customer_id,
    case when problem is null and undone_ccy < amount_ccy then 'above_payment' else problem end as problem
from counted
