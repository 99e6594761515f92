select
    cast(null as varchar) as dispute_id,
    cast(null as integer) as invoice_key,
    cast(null as integer) as customer_key,
    cast(null as date) as opened_date,
    cast(null as date) as closed_date,
    cast(null as varchar) as reason,
    cast(null as decimal(18,2)) as disputed_ccy,
    cast(null as varchar) as currency,
    cast(null as decimal(18,2)) as disputed_amount_ccy,
    cast(null as varchar) as outcome,
    cast(null as varchar) as owner,
    cast(null as varchar) as source_file_id
where false
