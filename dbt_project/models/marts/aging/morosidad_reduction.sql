-- How much the overdue share fell since the eve of the reminder programme (`reminder_programme_start`), on every report
-- date from then on, in points and relative, from unrounded rates. The eve is rebuilt from the balances of that day at
-- its own closing rate. Without a programme there are no rows.
with

eve as (select {{ add_days("cast(nullif('" ~ var('reminder_programme_start') ~ "', '') as date)", -1) }} as day),

open_rows as (
    select
        i.cut_key,
        e.day,
        b.due_date,
        case
            when b.currency = '{{ var("report_currency") }}' then b.open_ccy else {{ pesos('b.open_ccy', 'r.mxn_per_unit') }}
        end as open_mxn
    from eve as e
    inner join {{ ref('balance_intervals') }} as b on b.valid_from <= e.day and e.day < b.valid_to
    inner join {{ ref('int_invoice_cuts') }} as i on b.invoice_key = i.invoice_key
    left join {{ ref('fx_rates_daily') }} as r on e.day = r.date and b.currency = r.currency
    where b.basis = 'effective'
),

starts as (
    select
        n.dimension,
        n.value,
        {{ money('coalesce(sum(case when o.due_date < o.day then o.open_mxn end), 0)') }} as overdue_mxn,
        {{ money('coalesce(sum(o.open_mxn), 0)') }} as gross_mxn
    from open_rows as o
    inner join {{ ref('int_cut_dimensions') }} as d on o.cut_key = d.cut_key
    inner join {{ ref('int_dimensions') }} as n on d.dim_key = n.dim_key
    group by n.dimension, n.value
),

-- what was owed on the eve counts in its value also where nothing is owed there any more
grid as (
    select m.as_of, m.dimension, m.value from {{ ref('morosidad') }} as m inner join eve as e on m.as_of >= e.day
    union
    select r.as_of, s.dimension, s.value
    from {{ ref('dim_report_dates') }} as r
    inner join eve as e on r.as_of >= e.day
    cross join starts as s
),

compared as (
    select
        g.as_of,
        g.dimension,
        g.value,
        e.day as start_date,
        {{ pct('s.overdue_mxn', 's.gross_mxn') }} as start_pct,
        coalesce(s.overdue_mxn, 0) as start_num,
        coalesce(s.gross_mxn, 0) as start_den,
        m.by_amount_pct as now_pct,
        coalesce(m.by_amount_num, 0) as now_num,
        coalesce(m.by_amount_den, 0) as now_den,
        cast(s.overdue_mxn as double) / nullif(cast(s.gross_mxn as double), 0) as start_share,
        cast(m.by_amount_num as double) / nullif(cast(m.by_amount_den as double), 0) as now_share
    from grid as g
    cross join eve as e
    left join {{ ref('morosidad') }} as m on g.as_of = m.as_of and g.dimension = m.dimension and g.value = m.value
    left join starts as s on g.dimension = s.dimension and g.value = s.value
),

final as (
    select
        as_of,
        dimension,
        value,
        start_date,
        start_pct,
        start_num,
        start_den,
        now_pct,
        now_num,
        now_den,
        cast(round(100 * (start_share - now_share), 4) as decimal(18, 4)) as reduction_points,
        {{ pct('(start_share - now_share)', 'start_share') }} as reduction_pct,
        cast(round(100 * (start_share - now_share), 4) as decimal(18, 4)) as reduction_num,
        cast(round(100 * start_share, 4) as decimal(18, 4)) as reduction_den
    from compared
)

select * from final
order by as_of, dimension, value
