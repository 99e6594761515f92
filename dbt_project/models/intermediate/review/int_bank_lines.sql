-- The bank's lines known at as_of, each under an integer key in the order of its id.
with
-- numbered apart from their rows, like the register's payments
keys as (
    select bank_line_id, cast(row_number() over (order by bank_line_id) as integer) as line_key
    from (select distinct bank_line_id from {{ ref('stg_register__bank_lines') }}) as d
)

select
    k.line_key,
    l.bank_line_id,
    l.account,
    l.account_currency as currency,
    l.value_date,
    {{ raw_money('l.amount') }} as amount,
    l.description,
    l.reference
from {{ log_rows(ref('stg_register__bank_lines'), ['bank_line_id'], 'value_date') }} as l
inner join keys as k on l.bank_line_id = k.bank_line_id
