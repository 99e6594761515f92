-- Closed and paid invoices by days from issue, per dimension value and report date: the steps, added up.
with

steps as (select * from {{ ref('int_collection_steps') }}),

ages as (select dim_key, days, min(period) as first_period from steps group by dim_key, days),

periods as (select period, as_of from {{ ref('int_report_periods') }} where is_report_date),

grid as (
    select a.dim_key, a.days, p.period, p.as_of
    from ages as a inner join periods as p on p.period >= a.first_period
),

final as (
    select
        g.as_of,
        g.dim_key,
        g.days,
        {%- for column in ['events', 'closed', 'days_vs_due', 'days_late'] %}
        cast(sum(coalesce(s.{{ column }}, 0)) over up_to_here as bigint) as {{ column }},
        {%- endfor %}
        {{ money('sum(coalesce(s.closed_mxn, 0)) over up_to_here') }} as closed_mxn
    from grid as g
    left join steps as s on g.dim_key = s.dim_key and g.days = s.days and g.period = s.period
    window up_to_here as (
        partition by g.dim_key, g.days order by g.period rows between unbounded preceding and current row
    )
)

select * from final
