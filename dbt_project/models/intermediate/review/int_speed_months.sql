-- Balances at each month's end and flows within it, per dimension value: what every DSO and the CEI are made of. Credit
-- sales only, at the issue rate, effective basis, so that balances and flows tie. A month without sales is there, with 0; an amount of which nothing has a rate is
-- null, and what is left out is counted.
with

balances as (
    select
        m.month,
        d.dim_key,
        sum(a.credit_gross_issue) as gross_mxn,
        sum(a.credit_current_issue) as current_mxn,
        sum(a.unapplied_mxn_issue) as unapplied_mxn,
        sum(a.unvalued_gross) as unvalued_gross,
        sum(a.unvalued_current) as unvalued_current,
        sum(a.unvalued_unapplied) as unvalued_unapplied
    from {{ ref('int_months') }} as m
    inner join (
        select as_of, cut_key, credit_gross_issue, credit_current_issue, cast(0 as decimal(18, 2)) as unapplied_mxn_issue,
            0 as unvalued_gross, 0 as unvalued_current, 0 as unvalued_unapplied
        from {{ ref('int_aging_cells') }} where basis = 'effective'
        union all
        select as_of, cut_key, 0, 0, unapplied_mxn_issue, 0, 0, unvalued_issue from {{ ref('int_unapplied_cells') }} where basis = 'effective'
        union all
        select as_of, cut_key, 0, 0, 0, unvalued_credit_issue, unvalued_credit_current_issue, 0 from {{ ref('int_unvalued_cells') }}
    ) as a on m.month_end = a.as_of
    inner join {{ ref('int_cut_dimensions') }} as d on a.cut_key = d.cut_key
    group by m.month, d.dim_key
),

flows as (
    select f.month, d.dim_key, sum(f.credit_sales) as sales_mxn, sum(f.write_offs) as write_offs_mxn,
        sum(f.unvalued_credit_sales) as unvalued_sales, sum(f.unvalued_write_offs) as unvalued_write_offs
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
        {{ money(known_balance('b.' ~ column, 'b.unvalued_' ~ column[:-4])) }} as {{ column }},
        {%- endfor %}
        {{ money(known_total('f.sales_mxn', 'f.unvalued_sales')) }} as sales_mxn,
        {{ money(known_total('f.write_offs_mxn', 'f.unvalued_write_offs')) }} as write_offs_mxn,
        cast(coalesce(f.unvalued_sales, 0) as integer) as unvalued_sales,
        cast(coalesce(f.unvalued_sales + f.unvalued_write_offs, 0) as integer) as unvalued_flows,
        cast(coalesce(b.unvalued_gross + b.unvalued_unapplied, 0) as integer) as unvalued_balances
    from {{ ref('int_months') }} as m
    cross join {{ ref('int_dimensions') }} as n
    left join balances as b on m.month = b.month and n.dim_key = b.dim_key
    left join flows as f on m.month = f.month and n.dim_key = f.dim_key
)

select * from final
