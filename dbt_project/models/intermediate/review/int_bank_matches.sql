-- Which bank line is which receipt (METRICS.md section 9, Bank). Lines that a reference or a gateway's deposit names come
-- first (int_bank_named), also where one pays several payments at once; then, by date and id, each receipt takes the earliest free line of the same amount
-- within the days; then, for payments only, the nearest line within the tolerance. Empty in a home without bank lines.
--
-- The exact step is taken day by day in closed form, however many equal amounts share a day. With the lines of one
-- amount in order, `before` lines are too early for a day and those up to `until` are not too late: after n receipts,
-- used = least(greatest(used, before) + n, until). Composed over the days, used is C + the largest, over the first day
-- that counts, of least(before - C of the day before, the least of until - C since), C being the receipts so far.
{%- set near_rounds = [1, 2, 3, 4] %}
{%- set days = var('bank_match_days') | int %}
with

lines as (select line_key, currency, value_date, amount from {{ ref('int_bank_lines') }}),

receipts as (select * from {{ ref('int_bank_receipts') }}),

named as (select * from {{ ref('int_bank_named') }}),

-- the parts of a payment came in one line
split_units as (select unit_key, sum(expected) as expected from receipts group by unit_key having count(*) > 1),

units as (
    select r.unit_key, r.day, r.currency, cast(coalesce(s.expected, r.expected) as decimal(18, 2)) as amount
    from receipts as r left join split_units as s on r.unit_key = s.unit_key
    where r.receipt_key = r.unit_key
),

free_lines as (
    select l.*, row_number() over (partition by l.currency, l.amount order by l.value_date, l.line_key) as place
    from lines as l left join (select distinct line_key from named) as t on l.line_key = t.line_key
    where t.line_key is null
),

free_receipts as (
    select r.*, row_number() over (partition by r.currency, r.amount, r.day order by abs(r.unit_key)) as place
    from units as r left join named as t on r.unit_key = t.receipt_key
    where t.receipt_key is null
),

line_days as (
    select currency, amount, value_date, count(*) as n from free_lines group by currency, amount, value_date
),

receipt_days as (
    select
        r.currency, r.amount, r.day, r.n,
        coalesce(sum(case when l.value_date < r.day then l.n end), 0) as before,
        sum(l.n) as until
    from (select currency, amount, day, count(*) as n from free_receipts group by currency, amount, day) as r
    inner join line_days as l on r.currency = l.currency and r.amount = l.amount and l.value_date <= {{ add_days('r.day', days) }}
    group by r.currency, r.amount, r.day, r.n
),

counted as (
    select
        *,
        sum(n) over by_day as so_far,
        case when {{ days_between('lag(day) over by_day', 'day') }} <= {{ days }} then 0 else 1 end as is_first
    from receipt_days
    window by_day as (partition by currency, amount order by day)
),

-- days further apart than the window share no line
runs as (
    select *, sum(is_first) over (partition by currency, amount order by day) as run from counted
),

spans as (
    select
        e.currency, e.amount, e.day,
        least(s.before - (s.so_far - s.n), min(e.until - e.so_far) over (
            partition by s.currency, s.amount, s.day order by e.day rows unbounded preceding
        )) as used
    from runs as s
    inner join runs as e on s.currency = e.currency and s.amount = e.amount and s.run = e.run and e.day >= s.day
),

used_days as (
    select r.currency, r.amount, r.day, r.before, r.so_far + max(s.used) as used
    from runs as r inner join spans as s on r.currency = s.currency and r.amount = s.amount and r.day = s.day
    group by r.currency, r.amount, r.day, r.before, r.so_far
),

taken_days as (
    select *, greatest(before, lag(used, 1, 0) over (partition by currency, amount order by day)) as first_used from used_days
),

by_amount as (
    select r.unit_key, l.line_key
    from free_receipts as r
    inner join taken_days as d on r.currency = d.currency and r.amount = d.amount and r.day = d.day
    inner join free_lines as l on r.currency = l.currency and r.amount = l.amount and l.place = d.first_used + r.place
    where d.first_used + r.place <= d.used
),

near_receipts_0 as (
    select r.unit_key, r.currency, r.amount, r.day
    from free_receipts as r left join by_amount as t on r.unit_key = t.unit_key
    where t.unit_key is null and r.unit_key > 0
),

near_lines_0 as (
    select l.line_key, l.currency, l.amount, l.value_date
    from free_lines as l left join by_amount as t on l.line_key = t.line_key
    where t.line_key is null
),

-- in each round, the payments of one amount and day ask for their nearest amount and day of the bank, and its lines
-- go to those who asked, by date and id
{%- for round in near_rounds %}
wanted_{{ round }} as (
    select
        r.currency, r.amount, r.day, l.amount as line_amount, l.value_date,
        row_number() over (
            partition by r.currency, r.amount, r.day order by abs(l.amount - r.amount), l.value_date, l.amount
        ) as place
    from (
        {%- for n in range(days + 1) %}
        {{ 'union ' if n }}select currency, amount, day, {{ add_days('day', n) }} as value_date from near_receipts_{{ round - 1 }}
        {%- endfor %}
    ) as r
    inner join (select distinct currency, amount, value_date from near_lines_{{ round - 1 }}) as l
        on r.currency = l.currency and r.value_date = l.value_date
    where abs(l.amount - r.amount) <= {{ var('bank_match_tolerance') }}
),

asked_{{ round }} as (
    select r.unit_key, w.currency, w.line_amount, w.value_date,
        row_number() over (partition by w.currency, w.line_amount, w.value_date order by r.day, r.unit_key) as place
    from near_receipts_{{ round - 1 }} as r
    inner join wanted_{{ round }} as w on r.currency = w.currency and r.amount = w.amount and r.day = w.day and w.place = 1
),

near_{{ round }} as (
    select a.unit_key, l.line_key
    from asked_{{ round }} as a
    inner join (
        select *, row_number() over (partition by currency, amount, value_date order by line_key) as place
        from near_lines_{{ round - 1 }}
    ) as l on a.currency = l.currency and a.line_amount = l.amount and a.value_date = l.value_date and a.place = l.place
),
{% if not loop.last %}
near_receipts_{{ round }} as (
    select r.* from near_receipts_{{ round - 1 }} as r
    left join near_{{ round }} as t on r.unit_key = t.unit_key where t.unit_key is null
),

near_lines_{{ round }} as (
    select l.* from near_lines_{{ round - 1 }} as l
    left join near_{{ round }} as t on l.line_key = t.line_key where t.line_key is null
),
{% endif %}
{%- endfor %}

taken as (
    select unit_key, line_key, 'matched' as status from by_amount
    {%- for round in near_rounds %}
    union all
    select unit_key, line_key, 'amount_mismatch' from near_{{ round }}
    {%- endfor %}
),

all_taken as (
    select receipt_key, line_key, 'matched' as status from named
    union all
    select r.receipt_key, t.line_key, t.status
    from receipts as r inner join taken as t on r.unit_key = t.unit_key
),

final as (
    select r.payment_key, case when r.receipt_key < 0 then 'reversal' else 'payment' end as kind, l.line_key,
        coalesce(t.status, 'not_in_bank') as status, r.day, r.currency,
        r.amount as payment_amount_ccy, r.expected as expected_ccy, l.amount as bank_amount_ccy, l.value_date,
        -- of a line that differs, the whole difference stands once
        cast(case
            when t.status = 'matched' or (t.status = 'amount_mismatch' and r.receipt_key <> r.unit_key) then 0
            when t.status = 'amount_mismatch' then l.amount - coalesce(s.expected, r.expected)
        end as decimal(18, 2)) as difference_ccy
    from receipts as r
    left join all_taken as t on r.receipt_key = t.receipt_key
    left join split_units as s on r.unit_key = s.unit_key
    left join lines as l on t.line_key = l.line_key
    -- counted, not `exists`: at a million that is planned as every receipt against every line
    cross join (select count(*) as n from lines) as b
    where b.n > 0
    union all
    select null, null, l.line_key, 'bank_line_unidentified', l.value_date, l.currency, null, null, l.amount, l.value_date, l.amount
    from lines as l left join (select distinct line_key from all_taken) as t on l.line_key = t.line_key
    where t.line_key is null
)

select * from final
