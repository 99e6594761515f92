-- METRICS.md section 7: start + flows + exchange + rounding = end, to the cent; rounding is never more than half a cent
-- for each thing rounded; and each week starts where the last one ended.
with

lines as (
    select week_end,
        max(case when line = 'start' then value_mxn end) as start_mxn,
        max(case when line = 'end' then value_mxn end) as end_mxn,
        max(case when line = 'residual' then value_mxn end) as residual_mxn,
        max(case when line = 'rounding' then value_mxn end) as rounding_mxn
    from {{ ref('weekly_bridge') }}
    group by week_end
),

things as (select count(*) as n from {{ ref('int_movements') }})

select l.week_end
from lines as l
cross join things as t
left join lines as p on p.week_end = {{ add_days('l.week_end', -7) }}
where l.residual_mxn <> 0 or abs(l.rounding_mxn) > 1 + 0.01 * t.n or l.start_mxn <> coalesce(p.end_mxn, l.start_mxn)
