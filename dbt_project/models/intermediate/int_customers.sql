select
    cast(null as integer) as customer_key,
    cast(null as varchar) as customer_id,
    cast(null as varchar) as customer_name,
    cast(null as varchar) as rfc,
    cast(null as varchar) as sources,
    cast(null as boolean) as is_generic,
    cast(null as varchar) as branch,
    cast(null as varchar) as segment,
    cast(null as varchar) as account_owner
where false
