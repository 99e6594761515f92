-- Facturado contra cobrado: month by month and dimension. Every ratio is collected over net billed of the same month.
-- What has no rate is left out and counted; an amount of which nothing has one is null.
{%- set amounts = ['billed_gross', 'cancelled', 'credit_notes', 'collected'] %}
with

flows as (
    select
        f.month,
        d.dim_key,
        sum(f.invoices_issued) as invoices_issued,
        {%- for amount in amounts %}
        sum(f.{{ amount }}) as {{ amount }},
        sum(f.unvalued_{{ amount }}) as unvalued_{{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_month_flows') }} as f
    inner join {{ ref('int_cut_dimensions') }} as d on f.cut_key = d.cut_key
    group by f.month, d.dim_key
),

grid as (
    select m.month, n.dim_key, n.dimension, n.value
    from {{ ref('int_months') }} as m cross join {{ ref('int_dimensions') }} as n
),

sums as (
    select
        g.month,
        g.dimension,
        g.value,
        cast(coalesce(f.invoices_issued, 0) as integer) as invoices_issued,
        {%- for amount in amounts %}
        {{ money(known_total('f.' ~ amount, 'f.unvalued_' ~ amount)) }} as {{ amount }}_mxn,
        {%- endfor %}
        cast(coalesce(f.unvalued_{{ amounts | join(' + f.unvalued_') }}, 0) as integer) as unvalued_items
    from grid as g
    left join flows as f on g.month = f.month and g.dim_key = f.dim_key
),

netted as (
    select *, {{ money(known_sum(['billed_gross_mxn'], ['cancelled_mxn', 'credit_notes_mxn'])) }} as billed_net_mxn from sums
),

final as (
    select
        month,
        dimension,
        value,
        invoices_issued,
        {%- for amount in amounts[:3] + ['billed_net', 'collected'] %}
        {{ amount }}_mxn,
        {%- endfor %}
        {{ pct('collected_mxn', 'billed_net_mxn') }} as collected_pct,
        collected_mxn as collected_num,
        billed_net_mxn as collected_den,
        unvalued_items
    from netted
)

select * from final
order by month, dimension, value
