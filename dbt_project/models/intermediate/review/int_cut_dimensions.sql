-- The dimension values that each cut belongs to: one row a dimension, one a tag. `dim_key` is int_dimensions'.
with

cuts as (select * from {{ ref('int_cuts') }}),

tags as ({{ customer_tags(ref('dim_customers')) }}),

pairs as (
    select cut_key, customer_key, 'total' as dimension, 'total' as value from cuts
    {%- for column in cut_columns() %}
    union all
    select cut_key, customer_key, '{{ dimension_of(column) }}', {{ column }} from cuts
    {%- endfor %}
    union all
    select c.cut_key, c.customer_key, 'tag', t.tag from cuts as c inner join tags as t on c.customer_id = t.customer_id
),

final as (
    select p.cut_key, p.customer_key, d.dim_key
    from pairs as p inner join {{ ref('int_dimensions') }} as d on p.dimension = d.dimension and p.value = d.value
)

select * from final
