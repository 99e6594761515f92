select
    cast(null as VARCHAR) as basis,
    cast(null as INTEGER) as invoice_key,
    cast(null as INTEGER) as instalment,
    cast(null as INTEGER) as customer_key,
    cast(null as VARCHAR) as currency,
    cast(null as DATE) as issue_date,
    cast(null as DATE) as due_date,
    cast(null as DATE) as valid_from,
    cast(null as DATE) as valid_to,
    cast(null as DECIMAL(18,2)) as open_ccy,
    cast(null as DECIMAL(18,6)) as fx_issue_rate
where false
