-- Refunds and chargebacks that come apart from their payment, and what of them came back (a dispute won, a refund that
-- failed), dated by as_of: how much of the payment each one undoes, or restores. One of a payment that never came, in
-- another currency or beyond what can be undone or restored does nothing; `problem` says which.
with recursive reversals as (
    select
        r.reversal_id,
        p.register_key,
        r.payment_id,
        greatest(r.reversed_date, coalesce(p.payment_date, r.reversed_date)) as reversed_date,
        abs({{ money('r.amount') }}) as amount_ccy,
        coalesce(r.is_restored, false) as is_restored,
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

steps as (
    select
        reversal_id,
        register_key,
        paid_ccy,
        case when is_restored then -amount_ccy else amount_ccy end as amount_ccy,
        row_number() over (partition by register_key order by reversed_date, is_restored, reversal_id) as step
    from reversals
    where problem is null
),

-- what is undone of a payment after each step: never less than nothing, nor more than was paid
walked as (
    select
        register_key, reversal_id, step, cast(0 as decimal(18, 2)) as before_ccy,
        cast(greatest(least(amount_ccy, paid_ccy), 0) as decimal(18, 2)) as after_ccy
    from steps where step = 1
    union all
    select
        s.register_key, s.reversal_id, s.step, w.after_ccy,
        cast(greatest(least(w.after_ccy + s.amount_ccy, s.paid_ccy), 0) as decimal(18, 2))
    from walked as w
    inner join steps as s on w.register_key = s.register_key and s.step = w.step + 1
),

counted as (
    select
        r.*,
        w.step,
        w.before_ccy,
        w.after_ccy,
        cast(coalesce(abs(w.after_ccy - w.before_ccy), 0) as decimal(18, 2)) as moved_ccy
    from reversals as r
    left join walked as w on r.reversal_id = w.reversal_id
)

select
    reversal_id,
    register_key,
    payment_id,
    reversed_date,
    is_restored,
    amount_ccy,
    moved_ccy,
    step,
    before_ccy,
    after_ccy,
    currency,
    payout_id,
    payout_date,
    source_file_id,
    customer_id,
    case
        when problem is not null then problem
        when moved_ccy < amount_ccy and is_restored then 'nothing_to_restore'
        when moved_ccy < amount_ccy then 'above_payment'
    end as problem
from counted
