select
    cast(null as varchar) as basis,
    cast(null as varchar) as doc_type,
    cast(null as integer) as doc_key,
    cast(null as integer) as customer_key,
    cast(null as varchar) as currency,
    cast(null as date) as doc_date,
    cast(null as decimal(18,6)) as fx_rate,
    cast(null as date) as valid_from,
    cast(null as date) as valid_to,
    cast(null as decimal(18,2)) as unapplied_ccy
where false
