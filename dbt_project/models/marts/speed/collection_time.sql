-- How long customers take to pay, over all history up to each report date: closed invoices (mean, median, weighted),
-- every live application weighted by its amount, and the Kaplan-Meier median, which counts the unpaid ones too.
-- What has no rate weighs nothing in what is weighted by amount, and is counted.
with

grid as (
    select p.as_of, p.period, n.dim_key, n.dimension, n.value
    from {{ ref('int_report_periods') }} as p
    cross join {{ ref('int_dimensions') }} as n
    where p.is_report_date
),

closed as (
    select
        as_of,
        dim_key,
        sum(closed) as closed_invoices,
        sum(closed * days) as days,
        sum(closed_mxn) as closed_mxn,
        sum({{ wide('closed_mxn') }} * days) as mxn_days,
        sum(days_vs_due) as days_vs_due,
        sum(days_late) as days_late
    from {{ ref('int_collection_histograms') }}
    group by as_of, dim_key
),

-- the median of a histogram: the mean of the two middle days by running count
running as (
    select
        h.as_of,
        h.dim_key,
        h.days,
        c.closed_invoices,
        sum(h.closed) over (
            partition by h.as_of, h.dim_key order by h.days rows between unbounded preceding and current row
        ) as up_to_here
    from {{ ref('int_collection_histograms') }} as h
    inner join closed as c on h.as_of = c.as_of and h.dim_key = c.dim_key
    where h.closed > 0
),

medians as (
    select
        as_of,
        dim_key,
        min(case when 2 * up_to_here >= closed_invoices then days end) as lower_days,
        min(case when 2 * up_to_here > closed_invoices then days end) as upper_days
    from running
    group by as_of, dim_key
),

survival_medians as (
    select as_of, dim_key, min(days) as km_median_days
    from {{ ref('int_survival') }}
    where survival <= 0.5
    group by as_of, dim_key
),

paid as (
    select
        g.as_of,
        g.dim_key,
        sum(coalesce(s.paid_mxn, 0)) over up_to_here as paid_mxn,
        sum(coalesce(s.paid_mxn_days, 0)) over up_to_here as paid_mxn_days,
        sum(coalesce(s.unvalued, 0)) over up_to_here as unvalued
    from grid as g left join {{ ref('int_paid_steps') }} as s on g.dim_key = s.dim_key and g.period = s.period
    window up_to_here as (partition by g.dim_key order by g.period rows between unbounded preceding and current row)
),

lateness as (
    select dim_key, period, sum(mxn_days_vs_due) as mxn_days_vs_due, sum(mxn_days_late) as mxn_days_late, sum(unvalued) as unvalued
    from {{ ref('int_collection_steps') }}
    group by dim_key, period
),

late as (
    select
        g.as_of,
        g.dim_key,
        sum(coalesce(s.mxn_days_vs_due, 0)) over up_to_here as mxn_days_vs_due,
        sum(coalesce(s.mxn_days_late, 0)) over up_to_here as mxn_days_late,
        sum(coalesce(s.unvalued, 0)) over up_to_here as unvalued
    from grid as g left join lateness as s on g.dim_key = s.dim_key and g.period = s.period
    window up_to_here as (partition by g.dim_key order by g.period rows between unbounded preceding and current row)
),

final as (
    select
        g.as_of,
        g.dimension,
        g.value,
        cast(coalesce(c.closed_invoices, 0) as integer) as closed_invoices,
        {{ ratio('c.days', 'c.closed_invoices') }} as mean_days,
        cast((m.lower_days + m.upper_days) / 2.0 as decimal(18, 4)) as median_days,
        {{ ratio('c.mxn_days', 'c.closed_mxn') }} as weighted_days,
        {{ ratio('p.paid_mxn_days', 'p.paid_mxn') }} as payment_weighted_days,
        {{ money(known_balance('p.paid_mxn', 'p.unvalued')) }} as payment_weighted_den,
        cast(k.km_median_days as integer) as km_median_days,
        {{ ratio('c.days_vs_due', 'c.closed_invoices') }} as mean_days_vs_due,
        {{ ratio('c.days_late', 'c.closed_invoices') }} as mean_days_late,
        {{ ratio('l.mxn_days_vs_due', 'c.closed_mxn') }} as weighted_days_vs_due,
        {{ ratio('l.mxn_days_late', 'c.closed_mxn') }} as weighted_days_late,
        cast(p.unvalued + l.unvalued as integer) as unvalued_items
    from grid as g
    left join closed as c on g.as_of = c.as_of and g.dim_key = c.dim_key
    left join medians as m on g.as_of = m.as_of and g.dim_key = m.dim_key
    left join survival_medians as k on g.as_of = k.as_of and g.dim_key = k.dim_key
    left join paid as p on g.as_of = p.as_of and g.dim_key = p.dim_key
    left join late as l on g.as_of = l.as_of and g.dim_key = l.dim_key
)

select * from final
order by as_of, dimension, value
