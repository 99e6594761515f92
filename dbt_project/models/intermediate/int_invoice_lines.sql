select
    cast(null as integer) as invoice_key,
    cast(null as integer) as instalment,
    cast(null as date) as due_date,
    cast(null as decimal(18,2)) as amount_ccy,
    cast(null as decimal(18,2)) as cumulative_ccy
where false
