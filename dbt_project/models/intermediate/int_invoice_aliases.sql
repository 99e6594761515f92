select
    cast(null as varchar) as alias,
    cast(null as integer) as invoice_key,
    cast(null as varchar) as alias_kind
where false
