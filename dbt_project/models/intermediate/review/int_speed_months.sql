-- Balances at each month's end and flows within it, per dimension value: what every DSO and the CEI are made of. Credit
-- sales only, at the issue rate, effective basis, so that balances and flows tie. A month without sales is there, with 0.
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

final as (
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
)

select * from final
