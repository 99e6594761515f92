-- Bank lines that say themselves what they are, before any match by amount alone (METRICS.md section 9): a reference that
-- names the receipts of one day, else all that it ever named; then a gateway's deposit of several payments, net of its
-- fees and of what it returned. A deposit comes on its date, or within the days after its last payment.
{%- set days = var('bank_match_days') | int %}
{%- set payout_days = days + 7 %}
with

lines as (
    select line_key, currency, value_date, amount, nullif(upper(trim(reference)), '') as reference from {{ ref('int_bank_lines') }}
),

receipts as (select * from {{ ref('int_bank_receipts') }}),

-- a group of one is its own key
day_groups as (
    select
        reference, currency, day, cast(sum(expected) as decimal(18, 2)) as amount, min(receipt_key) as group_key, count(*) as n
    from receipts where reference is not null group by reference, currency, day
),

-- equal lines of one day and reference are one candidate: the first of them
day_candidates as (
    select
        g.group_key, min(l.line_key) as line_key, g.day, abs({{ days_between('g.day', 'l.value_date') }}) as gap
    from day_groups as g
    inner join lines as l on g.reference = l.reference and g.currency = l.currency and g.amount = l.amount
    where l.value_date >= {{ add_days('g.day', -days) }} and l.value_date <= {{ add_days('g.day', 31) }}
    group by g.group_key, g.day, l.value_date
),

{{ one_to_one('day_pairs', 'day_candidates', 'group_key', 'line_key', 'c.gap, c.day, c.group_key, c.line_key') }},

named_days as (
    select g.*, p.line_key
    from day_groups as g left join day_pairs as p on g.group_key = p.group_key
),

of_all_days as (
    select g.reference, g.currency, min(l.line_key) as line_key
    from (
        select reference, currency, sum(amount) as amount from named_days
        group by reference, currency having max(line_key) is null
    ) as g
    inner join lines as l on g.reference = l.reference and g.currency = l.currency and g.amount = l.amount
    group by g.reference, g.currency
),

by_name as (
    select group_key as receipt_key, line_key from named_days where n = 1 and line_key is not null
    union all
    select r.receipt_key, g.line_key
    from receipts as r
    inner join named_days as g on r.reference = g.reference and r.currency = g.currency and r.day = g.day
    where g.n > 1 and g.line_key is not null
    union all
    select r.receipt_key, n.line_key
    from receipts as r inner join of_all_days as n on r.reference = n.reference and r.currency = n.currency
),

free_receipts as (
    select r.* from receipts as r
    left join by_name as t on r.receipt_key = t.receipt_key
    where t.receipt_key is null and r.batch is not null
),

-- what the gateway took back out of a deposit for payments that are not here lowers it all the same
strangers as (
    select payout_id, currency, sum(case when is_restored then moved_ccy - amount_ccy else amount_ccy - moved_ccy end) as amount
    from {{ ref('int_payment_reversals') }}
    where payout_id is not null and moved_ccy < amount_ccy group by payout_id, currency
),

sums as (
    select
        batch, currency, payout_id, max(day) as day, max(payout_date) as payout_date, sum(expected) as amount, count(*) as n
    from free_receipts group by batch, currency, payout_id
),

batches as (
    select
        s.batch || ' ' || s.currency as batch_key, s.day, s.payout_date, s.currency, s.payout_id is not null as is_payout,
        cast(s.amount - coalesce(x.amount, 0) as decimal(18, 2)) as amount
    from sums as s
    left join strangers as x on s.payout_id = x.payout_id and s.currency = x.currency
    where s.n > 1 or s.payout_id is not null
),

batch_candidates as (
    select
        b.batch_key, l.line_key, case when b.is_payout then 1 else 2 end as priority,
        abs({{ days_between('coalesce(b.payout_date, b.day)', 'l.value_date') }}) as gap
    from batches as b
    inner join lines as l on b.currency = l.currency and b.amount = l.amount
    left join (select distinct line_key from by_name) as t on l.line_key = t.line_key
    where
        t.line_key is null
        and l.value_date >= coalesce({{ add_days('b.payout_date', -1) }}, b.day)
        and l.value_date <= coalesce(
            {{ add_days('b.payout_date', days) }},
            case when b.is_payout then {{ add_days('b.day', payout_days) }} else {{ add_days('b.day', days) }} end
        )
),

{{ one_to_one('batch_pairs', 'batch_candidates', 'batch_key', 'line_key', 'c.priority, c.gap, c.batch_key, c.line_key') }},

final as (
    select receipt_key, line_key from by_name
    union all
    select r.receipt_key, p.line_key
    from free_receipts as r inner join batch_pairs as p on r.batch || ' ' || r.currency = p.batch_key
)

select * from final
