-- What the SAT's metadata says of each UUID: the latest delivery counts, and on one date a cancellation, which is never
-- undone. A cancellation dated after as_of is not known yet; one without a date counts from the first delivery that told it.
with versions as (
    select
        uuid,
        estatus,
        coalesce(
            cast(fecha_cancelacion as date),
            min(case when estatus = 0 then delivery_date end) over (partition by uuid)
        ) as cancel_date,
        delivery_date,
        row_number() over (
            partition by uuid
            order by delivery_date desc, estatus, row_hash desc, source_file_id, row_number
        ) as place
    from {{ ref('stg_sat__metadata') }}
)

select
    uuid,
    case when estatus = 0 and cancel_date <= {{ as_of() }} then 'cancelado' else 'vigente' end as sat_status,
    case when estatus = 0 and cancel_date <= {{ as_of() }} then cancel_date end as cancel_date,
    delivery_date
from versions
where place = 1
