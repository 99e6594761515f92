select
    cast(null as integer) as customer_key,
    cast(null as date) as valid_from,
    cast(null as date) as valid_to,
    cast(null as integer) as terms_days,
    cast(null as varchar) as terms_from,
    cast(null as varchar) as payment_days,
    cast(null as decimal(18,2)) as credit_limit,
    cast(null as varchar) as credit_limit_currency
where false
