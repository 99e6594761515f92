-- The CFDI contents whose UUID came more than once, and what each one is: the earliest stamped counts, then the lowest
-- file hash; never the last to arrive. A UUID that came once is not here: it needs no sorting.
with repeated as (
    select uuid from {{ ref('stg_cfdi__documents') }} group by uuid having count(*) > 1
),

versions as (
    select
        d.source_file_id,
        d.uuid,
        row_number() over w as place,
        d.sello_sha256 = first_value(d.sello_sha256) over w and d.total = first_value(d.total) over w as is_same_document
    from {{ ref('stg_cfdi__documents') }} as d
    inner join repeated as g on d.uuid = g.uuid
    window w as (partition by d.uuid order by d.fecha_timbrado, d.source_file_id)
)

select
    source_file_id,
    uuid,
    case when place = 1 then 'counts' when is_same_document then 'duplicate' else 'conflict' end as outcome
from versions
