-- A payment of the register as the ledger takes it: whole, or where a part of it was returned, what stays, each part with
-- the day it went back, and what came back later with the day it did. Each is a span (from, to) of the payment's amount:
-- the last of it goes back first. What stays keeps the payment's id; a payment returned whole, its last part.
{{ config(materialized='view') }}
with moves as (
    select register_key, 0 as step, false as is_restored, payment_date as day, cast(0 as decimal(18, 2)) as from_ccy, amount_ccy as to_ccy,
        cast(null as string) as payout_id, cast(null as date) as payout_date
    from {{ ref('int_register_payments') }}
    where register_key in (select register_key from {{ ref('int_payment_reversals') }} where moved_ccy > 0)
    union all
    select
        v.register_key, v.step, v.is_restored, v.reversed_date, cast(p.amount_ccy - greatest(v.before_ccy, v.after_ccy) as decimal(18, 2)),
        cast(p.amount_ccy - least(v.before_ccy, v.after_ccy) as decimal(18, 2)), v.payout_id, v.payout_date
    from {{ ref('int_payment_reversals') }} as v
    inner join {{ ref('int_register_payments') }} as p on v.register_key = p.register_key
    where v.moved_ccy > 0
),

edges as (
    select register_key, from_ccy as edge_ccy from moves
    union
    select register_key, to_ccy from moves
),

bands as (
    select register_key, edge_ccy as from_ccy, lead(edge_ccy) over (partition by register_key order by edge_ccy) as to_ccy
    from edges
),

-- on one band money goes and comes by turns
turns as (
    select
        b.register_key, b.from_ccy, b.to_ccy, m.step, m.is_restored, m.day, m.payout_id, m.payout_date,
        lead(m.day) over (partition by b.register_key, b.from_ccy order by m.step) as out_day
    from bands as b
    inner join moves as m on b.register_key = m.register_key and m.from_ccy <= b.from_ccy and m.to_ccy >= b.to_ccy
),

lots as (
    select
        register_key, is_restored, day as received_date, out_day as reversed_date,
        min(from_ccy) as from_ccy, max(to_ccy) as to_ccy, cast(sum(to_ccy - from_ccy) as decimal(18, 2)) as amount_ccy,
        min(payout_id) as payout_id, min(payout_date) as payout_date
    from turns
    where step = 0 or is_restored
    group by register_key, is_restored, day, out_day
),

ranked as (
    select
        *,
        count(*) over (partition by register_key) > 1 as is_split,
        row_number() over (
            partition by register_key, is_restored
            order by case when reversed_date is null then 0 else 1 end, reversed_date desc
        ) as place,
        row_number() over (partition by register_key, is_restored order by to_ccy desc) as from_top
    from lots
)

select
    p.register_key,
    case
        when r.is_restored then p.payment_id || '/+' || cast(r.received_date as string) || coalesce('/' || cast(r.reversed_date as string), '')
        when r.place > 1 then p.payment_id || '/' || cast(r.reversed_date as string)
        else p.payment_id
    end as payment_id,
    p.payment_id as whole_payment_id,
    coalesce(r.amount_ccy, p.amount_ccy) as amount_ccy,
    coalesce(r.received_date, p.payment_date) as received_date,
    coalesce(r.reversed_date, p.reversed_date) as reversed_date,
    coalesce(r.is_split, false) as is_split,
    coalesce(r.is_restored, false) as is_restored,
    case when r.is_restored then r.payout_id else p.payout_id end as payout_id,
    case when r.is_restored then r.payout_date else p.payout_date end as payout_date,
    coalesce(r.from_ccy, 0.00) as from_ccy,
    -- what is applied beyond the payment stays with its last part
    case when r.is_restored or r.from_top > 1 then r.to_ccy else cast(1000000000000000 as decimal(18, 2)) end as to_ccy
from {{ ref('int_register_payments') }} as p
left join ranked as r on p.register_key = r.register_key
