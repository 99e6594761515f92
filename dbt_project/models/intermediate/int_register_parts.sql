-- A payment of the register as the ledger takes it: whole, or where a part of it was returned, what stays and each part
-- with the day it went back. What stays keeps the payment's id; a payment returned whole in several days, its last part.
with returned as (
    select register_key, payment_id, reversed_date, sum(undone_ccy) as amount_ccy
    from {{ ref('int_payment_reversals') }}
    where undone_ccy > 0
    group by register_key, payment_id, reversed_date
),

totals as (
    select register_key, sum(amount_ccy) as amount_ccy, max(reversed_date) as last_date from returned group by register_key
),

parts as (
    select
        p.register_key,
        p.payment_id,
        p.payment_id as whole_payment_id,
        case when t.register_key is null then p.amount_ccy else cast(p.amount_ccy - t.amount_ccy as decimal(18, 2)) end as amount_ccy,
        p.reversed_date,
        t.register_key is not null as is_split
    from {{ ref('int_register_payments') }} as p
    left join totals as t on p.register_key = t.register_key
    where t.register_key is null or p.amount_ccy > t.amount_ccy
    union all
    select
        r.register_key,
        case
            when p.amount_ccy = t.amount_ccy and r.reversed_date = t.last_date then r.payment_id
            else r.payment_id || '/' || cast(r.reversed_date as string)
        end,
        r.payment_id,
        cast(r.amount_ccy as decimal(18, 2)),
        r.reversed_date,
        r.amount_ccy < p.amount_ccy
    from returned as r
    inner join totals as t on r.register_key = t.register_key
    inner join {{ ref('int_register_payments') }} as p on r.register_key = p.register_key
)

select
    *,
    (sum(amount_ccy) over w) - amount_ccy as from_ccy,
    -- what is applied beyond the payment stays with its last part
    case
        when (row_number() over w) = count(*) over (partition by register_key) then cast(1000000000000000 as decimal(18, 2))
        else sum(amount_ccy) over w
    end as to_ccy
from parts
window w as (partition by register_key order by case when reversed_date is null then 0 else 1 end, reversed_date rows unbounded preceding)
