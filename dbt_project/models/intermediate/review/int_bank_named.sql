-- Bank lines that say themselves what they are, before any match by amount alone (METRICS.md section 9): a reference that
-- names the receipts of one day, else all that it ever named; then a gateway's deposit of several payments, net of its
-- fees and of what it returned. A deposit comes on its date, or within the days after its last payment.
{%- set days = var('bank_match_days') | int %}
{%- set payout_days = days + 7 %}
with

lines as (
    select bank_line_id, account_currency as currency, value_date, {{ money('amount') }} as amount,
        nullif(upper(trim(reference)), '') as reference
    from {{ log_rows(ref('stg_register__bank_lines'), ['bank_line_id'], 'value_date') }} as l
),

receipts as (select * from {{ ref('int_bank_receipts') }}),

-- equal lines of one day and reference are one candidate: the first of them
named_lines as (
    select reference, currency, amount, value_date, min(bank_line_id) as bank_line_id
    from lines where reference is not null group by reference, currency, amount, value_date
),

day_groups as (
    select reference, currency, day, cast(sum(expected) as decimal(18, 2)) as amount
    from receipts where reference is not null group by reference, currency, day
),

day_candidates as (
    select
        g.reference || ' ' || g.currency || ' ' || cast(g.day as string) as named_key, l.bank_line_id,
        abs({{ days_between('g.day', 'l.value_date') }}) as gap
    from day_groups as g
    inner join named_lines as l on g.reference = l.reference and g.currency = l.currency and g.amount = l.amount
    where l.value_date >= {{ add_days('g.day', -days) }} and l.value_date <= {{ add_days('g.day', 31) }}
),

{{ one_to_one('day_pairs', 'day_candidates', 'named_key', 'bank_line_id', 'c.gap, c.named_key, c.bank_line_id') }},

of_a_day as (
    select r.payment_id, r.kind, r.reference, r.currency, p.bank_line_id
    from receipts as r
    inner join day_pairs as p on r.reference || ' ' || r.currency || ' ' || cast(r.day as string) = p.named_key
),

of_all_days as (
    select g.reference, g.currency, min(l.bank_line_id) as bank_line_id
    from (select reference, currency, sum(amount) as amount from day_groups group by reference, currency) as g
    inner join named_lines as l on g.reference = l.reference and g.currency = l.currency and g.amount = l.amount
    left join (select distinct reference, currency from of_a_day) as d on g.reference = d.reference and g.currency = d.currency
    where d.reference is null
    group by g.reference, g.currency
),

by_name as (
    select payment_id, kind, bank_line_id from of_a_day
    union all
    select r.payment_id, r.kind, n.bank_line_id
    from receipts as r inner join of_all_days as n on r.reference = n.reference and r.currency = n.currency
),

free_receipts as (
    select r.* from receipts as r
    left join by_name as t on r.payment_id = t.payment_id and r.kind = t.kind
    where t.payment_id is null and r.batch is not null
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
        b.batch_key, l.bank_line_id, case when b.is_payout then 1 else 2 end as priority,
        abs({{ days_between('coalesce(b.payout_date, b.day)', 'l.value_date') }}) as gap
    from batches as b
    inner join lines as l on b.currency = l.currency and b.amount = l.amount
    left join (select distinct bank_line_id from by_name) as t on l.bank_line_id = t.bank_line_id
    where
        t.bank_line_id is null
        and l.value_date >= coalesce({{ add_days('b.payout_date', -1) }}, b.day)
        and l.value_date <= coalesce(
            {{ add_days('b.payout_date', days) }},
            case when b.is_payout then {{ add_days('b.day', payout_days) }} else {{ add_days('b.day', days) }} end
        )
),

{{ one_to_one('batch_pairs', 'batch_candidates', 'batch_key', 'bank_line_id', 'c.priority, c.gap, c.batch_key, c.bank_line_id') }},

final as (
    select payment_id, kind, bank_line_id from by_name
    union all
    select r.payment_id, r.kind, p.bank_line_id
    from free_receipts as r inner join batch_pairs as p on r.batch || ' ' || r.currency = p.batch_key
)

select * from final
