-- L4 of write-offs: all that the register wrote off, per currency, has fallen on an invoice or waits for one that has not
-- come. One in another currency than its invoice takes nothing off it.
with raw_money as (
    select w.currency, sum({{ money('w.amount') }}) as amount
    from {{ latest_delivery(ref('stg_register__write_offs'), ['write_off_id']) }} as w
    left join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('w.invoice_id') }} = a.alias
    left join {{ ref('int_invoice_documents') }} as i on a.invoice_key = i.invoice_key
    where w.date <= {{ as_of() }} and coalesce(i.currency, w.currency) = w.currency
    group by w.currency
),

kept as (
    select i.currency, w.amount_ccy
    from {{ ref('int_write_offs') }} as w inner join {{ ref('int_invoice_documents') }} as i on w.invoice_key = i.invoice_key
    union all
    select currency, amount_ccy from {{ ref('waiting_documents') }} where kind = 'write_off'
),

mart_money as (select currency, sum(amount_ccy) as amount from kept group by currency)

select coalesce(r.currency, m.currency) as currency, r.amount as raw_amount, m.amount as mart_amount
from raw_money as r
full join mart_money as m on r.currency = m.currency
where coalesce(r.amount, 0) <> coalesce(m.amount, 0)
