select
    cast(null as DATE) as date,
    cast(null as VARCHAR) as currency,
    cast(null as DECIMAL(18,6)) as mxn_per_unit,
    cast(null as VARCHAR) as source
where false
