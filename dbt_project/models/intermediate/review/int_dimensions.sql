-- The dimension values of the home, with an integer key; the total is there even in an empty home.
with

cuts as (select * from {{ ref('int_cuts') }}),

tags as ({{ customer_tags(ref('dim_customers')) }}),

pairs as (
    select 'total' as dimension, 'total' as value
    {%- for column in cut_columns() %}
    union
    select '{{ dimension_of(column) }}', {{ column }} from cuts
    {%- endfor %}
    union
    select 'tag', t.tag from tags as t inner join cuts as c on t.customer_id = c.customer_id
),

final as (
    select cast(row_number() over (order by dimension, value) as integer) as dim_key, dimension, value from pairs
)

select * from final
