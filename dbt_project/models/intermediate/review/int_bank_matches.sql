-- Which bank line is which receipt (METRICS.md section 9, Bank). A line that a reference names comes first, also where it
-- pays several payments at once; then, by date and id, the earliest line of the same amount within the days; then, for
-- payments only, the nearest line within the tolerance. Rounds stand for the turns: in each, every receipt asks for its
-- best line and each line goes to the first that asked. Empty in a home without bank lines.
{%- set exact_rounds = [1, 2, 3, 4] %}
{%- set near_rounds = [5, 6] %}
with

lines as (
    select bank_line_id, account_currency as currency, value_date, {{ money('amount') }} as amount, reference
    from {{ log_rows(ref('stg_register__bank_lines'), ['bank_line_id'], 'value_date') }} as l
),

receipts as (
    select payment_id, 'payment' as kind, payment_date as day, currency, amount_ccy as amount, bank_reference as reference, customer_id
    from {{ ref('fct_payments') }} where coalesce(sources, '') <> 'assumed'
    union all
    select payment_id, 'reversal', reversed_date, currency, -amount_ccy, null, customer_id
    from {{ ref('fct_payments') }} where coalesce(sources, '') <> 'assumed' and reversed_date is not null
),

named as (
    select reference, currency, sum(amount) as amount from receipts where reference is not null group by reference, currency
),

named_lines as (
    select n.reference, n.currency, min(l.bank_line_id) as bank_line_id
    from named as n
    inner join lines as l on n.reference = l.reference and n.currency = l.currency and n.amount = l.amount
    group by n.reference, n.currency
),

taken_0 as (
    select r.payment_id, r.kind, n.bank_line_id, 'matched' as status
    from receipts as r inner join named_lines as n on r.reference = n.reference and r.currency = n.currency
),

{%- for round in exact_rounds + near_rounds %}
asked_{{ round }} as (
    select
        r.payment_id,
        r.kind,
        r.day,
        l.bank_line_id,
        row_number() over (
            partition by r.payment_id, r.kind order by abs(l.amount - r.amount), l.value_date, l.bank_line_id
        ) as line_place
    from receipts as r
    inner join lines as l
        on r.currency = l.currency
        and l.value_date between r.day and {{ add_days('r.day', var('bank_match_days')) }}
        {%- if round in exact_rounds %}
        and l.amount = r.amount
        {%- else %}
        and r.kind = 'payment' and abs(l.amount - r.amount) <= {{ var('bank_match_tolerance') }}
        {%- endif %}
    left join taken_{{ round - 1 }} as tr on r.payment_id = tr.payment_id and r.kind = tr.kind
    left join taken_{{ round - 1 }} as tl on l.bank_line_id = tl.bank_line_id
    where tr.payment_id is null and tl.bank_line_id is null
),

granted_{{ round }} as (
    select *, row_number() over (partition by bank_line_id order by day, payment_id, kind) as receipt_place
    from asked_{{ round }} where line_place = 1
),

taken_{{ round }} as (
    select * from taken_{{ round - 1 }}
    union all
    select payment_id, kind, bank_line_id, '{{ "matched" if round in exact_rounds else "amount_mismatch" }}'
    from granted_{{ round }} where receipt_place = 1
),
{% endfor %}

final as (
    select r.payment_id, r.kind, t.bank_line_id, coalesce(t.status, 'not_in_bank') as status, r.customer_id, r.day, r.currency,
        r.amount as payment_amount_ccy, l.amount as bank_amount_ccy
    from receipts as r
    left join taken_6 as t on r.payment_id = t.payment_id and r.kind = t.kind
    left join lines as l on t.bank_line_id = l.bank_line_id
    where exists (select 1 from lines)
    union all
    select null, null, l.bank_line_id, 'bank_line_unidentified', null, l.value_date, l.currency, null, l.amount
    from lines as l left join taken_6 as t on l.bank_line_id = t.bank_line_id
    where t.bank_line_id is null
)

select * from final
