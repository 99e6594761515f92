-- Days of sales outstanding in all its variants, and the collection effectiveness index, at each month end (the run's
-- month at as_of). Credit sales only, at the issue rate, effective basis, so that balances and flows tie.
with

balances as (
    select
        m.month,
        d.dim_key,
        sum(a.credit_gross_issue) as gross_mxn,
        sum(a.credit_current_issue) as current_mxn,
        sum(a.unapplied_mxn_issue) as unapplied_mxn
    from {{ ref('int_months') }} as m
    inner join (
        select as_of, cut_key, credit_gross_issue, credit_current_issue, cast(0 as decimal(18, 2)) as unapplied_mxn_issue
        from {{ ref('int_aging_cells') }} where basis = 'effective'
        union all
        select as_of, cut_key, 0, 0, unapplied_mxn_issue from {{ ref('int_unapplied_cells') }} where basis = 'effective'
    ) as a on m.month_end = a.as_of
    inner join {{ ref('int_cut_dimensions') }} as d on a.cut_key = d.cut_key
    group by m.month, d.dim_key
),

flows as (
    select f.month, d.dim_key, sum(f.credit_sales) as sales_mxn, sum(f.write_offs) as write_offs_mxn
    from {{ ref('int_month_flows') }} as f
    inner join {{ ref('int_cut_dimensions') }} as d on f.cut_key = d.cut_key
    group by f.month, d.dim_key
),

grid as (
    select
        m.month,
        m.month_end,
        m.month_number,
        m.days,
        n.dim_key,
        n.dimension,
        n.value,
        {%- for column in ['gross_mxn', 'current_mxn', 'unapplied_mxn'] %}
        {{ money('coalesce(b.' ~ column ~ ', 0)') }} as {{ column }},
        {%- endfor %}
        {{ money('coalesce(f.sales_mxn, 0)') }} as sales_mxn,
        {{ money('coalesce(f.write_offs_mxn, 0)') }} as write_offs_mxn
    from {{ ref('int_months') }} as m
    cross join {{ ref('int_dimensions') }} as n
    left join balances as b on m.month = b.month and n.dim_key = b.dim_key
    left join flows as f on m.month = f.month and n.dim_key = f.dim_key
),

-- countback: months joined backwards; each adds its days, the last one the fraction that is left of gross
backwards as (
    select
        g.dim_key,
        g.month,
        g.gross_mxn,
        b.sales_mxn,
        b.days,
        sum(b.sales_mxn) over back_to_here - b.sales_mxn as later_sales,
        max(case when b.sales_mxn <= 0 then 1 else 0 end) over back_to_here as stopped
    from grid as g
    inner join grid as b on g.dim_key = b.dim_key and b.month <= g.month
    window back_to_here as (
        partition by g.dim_key, g.month order by b.month desc rows between unbounded preceding and current row
    )
),

countback as (
    select
        dim_key,
        month,
        sum(case when stopped = 0 then
            days * least(greatest(cast(gross_mxn - later_sales as double) / cast(sales_mxn as double), 0), 1)
        else 0 end) as days_back,
        max(gross_mxn) <= coalesce(sum(case when stopped = 0 then sales_mxn end), 0) as is_complete
    from backwards
    group by dim_key, month
),

windows as (
    select
        g.*,
        c.days_back,
        c.is_complete,
        {%- for months in [3, 12] %}
        case when g.month_number >= {{ months }} then sum(g.sales_mxn) over last_{{ months }} end as sales_{{ months }}m,
        case when g.month_number >= {{ months }} then sum(g.days) over last_{{ months }} end as days_{{ months }}m,
        {%- endfor %}
        coalesce(lag(g.gross_mxn) over (partition by g.dim_key order by g.month), 0) as beginning_mxn
    from grid as g
    inner join countback as c on g.dim_key = c.dim_key and g.month = c.month
    window
        last_3 as (partition by g.dim_key order by g.month rows between 2 preceding and current row),
        last_12 as (partition by g.dim_key order by g.month rows between 11 preceding and current row)
),

final as (
    select
        month,
        month_end,
        dimension,
        value,
        gross_mxn,
        current_mxn,
        unapplied_mxn,
        {{ money('gross_mxn - unapplied_mxn') }} as net_mxn,
        sales_mxn as net_credit_sales_1m,
        {{ money('sales_3m') }} as net_credit_sales_3m,
        {{ money('sales_12m') }} as net_credit_sales_12m,
        days as days_1m,
        cast(days_3m as integer) as days_3m,
        cast(days_12m as integer) as days_12m,
        {{ ratio('gross_mxn', 'sales_mxn', 'days') }} as dso_simple,
        {{ ratio('gross_mxn', 'sales_3m', 'days_3m') }} as dso_rolling_3m,
        {{ ratio('gross_mxn', 'sales_12m', 'days_12m') }} as dso_rolling_12m,
        cast(round(days_back, 4) as decimal(18, 4)) as dso_countback,
        is_complete as countback_complete,
        {{ ratio('current_mxn', 'sales_mxn', 'days') }} as bpdso_1m,
        {{ ratio('current_mxn', 'sales_3m', 'days_3m') }} as bpdso_3m,
        {{ ratio('(gross_mxn - current_mxn)', 'sales_mxn', 'days') }} as add_1m,
        {{ ratio('(gross_mxn - current_mxn)', 'sales_3m', 'days_3m') }} as add_3m,
        {{ ratio('(gross_mxn - unapplied_mxn)', 'sales_3m', 'days_3m') }} as dso_ledger_3m,
        {{ pct('(beginning_mxn + sales_mxn - gross_mxn)', '(beginning_mxn + sales_mxn - current_mxn)') }} as cei_pct,
        {{ money('beginning_mxn + sales_mxn - gross_mxn') }} as cei_num,
        {{ money('beginning_mxn + sales_mxn - current_mxn') }} as cei_den,
        {{ pct('(beginning_mxn + sales_mxn - gross_mxn - write_offs_mxn)', '(beginning_mxn + sales_mxn - current_mxn - write_offs_mxn)') }} as cei_excl_write_offs_pct,
        {{ money('beginning_mxn + sales_mxn - gross_mxn - write_offs_mxn') }} as cei_excl_write_offs_num,
        {{ money('beginning_mxn + sales_mxn - current_mxn - write_offs_mxn') }} as cei_excl_write_offs_den
    from windows
)

select * from final
order by month, dimension, value
