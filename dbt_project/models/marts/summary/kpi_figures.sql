{{ config(alias='kpis') }}

-- Every KPI in one tidy table: figure, period, dimension. `previous` is the same figure one month earlier at a month
-- end, one week earlier on a Sunday, one quarter earlier for a quarter's, and the last month end for the run's own date.
-- `target` is the one set for that very date or week, else for its month or quarter. Balances and shares stand on every
-- report date; what is measured by month stands at month ends and at as_of. The table is marts.kpis; the model has
-- another name because the seed with the definitions is `kpis`.
with

figures as (
    select * from {{ ref('int_kpis_balances') }}
    union all
    select * from {{ ref('int_kpis_process') }}
    union all
    select * from {{ ref('int_kpis_plan') }}
),

dated as (
    select
        f.*,
        cast(f.as_of as varchar(10)) as period,
        case
            when f.cadence = 'week' or (f.cadence = 'date' and d.is_sunday and not d.is_month_end) then {{ add_days('f.as_of', -7) }}
            when f.cadence = 'quarter' then {{ add_days("cast(date_trunc('quarter', f.as_of) as date)", -1) }}
            else {{ add_days('d.month', -1) }}
        end as previous_as_of,
        -- by which names people may call the figure's period, besides its date
        case
            when f.cadence = 'quarter'
                then cast(extract(year from f.as_of) as varchar(4)) || '-T' || cast(extract(quarter from f.as_of) as varchar(1))
            when f.cadence <> 'week' then substr(cast(f.as_of as varchar(10)), 1, 7)
        end as period_name,
        case when f.cadence <> 'week' then cast({{ month_end('f.as_of') }} as varchar(10)) end as period_end
    from figures as f inner join {{ ref('dim_report_dates') }} as d on f.as_of = d.as_of
),

named as (
    select
        lower(trim(t.kpi)) as kpi,
        upper(trim(t.period)) as period,
        coalesce(nullif(trim(t.dimension), ''), 'total') as dimension,
        coalesce(nullif(trim(t.value), ''), 'total') as dimension_value,
        cast(t.target as decimal(18, 4)) as target,
        t.delivery_date,
        t.row_hash
    from {{ latest_delivery(ref('stg_register__targets'), ['kpi', 'period', 'dimension', 'value']) }} as t
),

targets as (
    select * from (
        select
            *,
            row_number() over (
                partition by kpi, period, dimension, dimension_value order by delivery_date desc, row_hash desc
            ) as place
        from named
    ) as n
    where place = 1
),

final as (
    select
        f.kpi,
        f.period,
        f.dimension,
        f.dimension_value,
        f.value,
        f.numerator,
        f.denominator,
        p.value as previous,
        coalesce(e.target, m.target, n.target) as target
    from dated as f
    left join dated as p
        on f.previous_as_of = p.as_of and f.kpi = p.kpi and f.dimension = p.dimension and f.dimension_value = p.dimension_value
    {%- for alias, period in [('e', 'period'), ('m', 'period_name'), ('n', 'period_end')] %}
    left join targets as {{ alias }}
        on
            f.{{ period }} = {{ alias }}.period and f.kpi = {{ alias }}.kpi and f.dimension = {{ alias }}.dimension
            and f.dimension_value = {{ alias }}.dimension_value
    {%- endfor %}
)

select * from final
order by kpi, dimension, dimension_value, period
