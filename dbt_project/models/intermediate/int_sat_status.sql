-- What the SAT says of each UUID. Metadata: the latest delivery counts, and on one date a cancellation, which is never
-- undone. The answers of its status service add what metadata does not say. A cancellation dated after as_of is not
-- known yet; one without a date counts from the first delivery, else from the first answer, that told it.
with versions as (
    select
        uuid,
        estatus,
        coalesce(
            cast(fecha_cancelacion as date),
            min(case when estatus = 0 then delivery_date end) over (partition by uuid)
        ) as cancel_date,
        row_number() over (
            partition by uuid
            order by delivery_date desc, estatus, row_hash desc, source_file_id, row_number
        ) as place
    from {{ ref('stg_sat__metadata') }}
),

metadata as (
    select
        uuid,
        case when estatus = 0 then {{ known_date('cancel_date') }} end as cancel_date
    from versions
    where place = 1
),

-- what was valid when asked was valid before
answers as (
    select
        uuid,
        {{ last_by('estado', "cast(asked_date as string) || estado") }} as estado,
        min(case when estado = 'cancelado' then asked_date end) as cancel_date
    from {{ ref('stg_sat__answers') }}
    where estado = 'vigente' or asked_date <= {{ as_of() }}
    group by uuid
)

select
    coalesce(m.uuid, a.uuid) as uuid,
    case
        when coalesce(m.cancel_date, a.cancel_date) is not null then 'cancelado'
        when m.uuid is not null then 'vigente'
        else a.estado
    end as sat_status,
    coalesce(m.cancel_date, a.cancel_date) as cancel_date
from metadata as m
full outer join answers as a on m.uuid = a.uuid
