select
    cast(null as varchar) as kind,
    cast(null as varchar) as entity_id,
    cast(null as varchar) as source_file_id,
    cast(null as date) as delivery_date,
    cast(null as integer) as rows_count,
    cast(null as integer) as contents_count
where false
