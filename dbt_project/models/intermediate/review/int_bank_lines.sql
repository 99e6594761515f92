-- The bank's lines known at as_of, each under an integer key in the order of its id.
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
inner join {{ numbered(ref('stg_register__bank_lines'), 'bank_line_id', 'line_key') }} as k on l.bank_line_id = k.bank_line_id
