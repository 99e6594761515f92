select
    cast(null as DATE) as as_of,
    cast(null as BOOLEAN) as is_month_end,
    cast(null as BOOLEAN) as is_sunday,
    cast(null as BOOLEAN) as is_run_as_of,
    cast(null as DATE) as month
where false
