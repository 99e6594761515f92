{# The current version of every row of a register: the latest delivery, ties by highest hash.
   Equal rows inside one file count once. Keys: list of column names.
   A key that a later full delivery of its register no longer brings is withdrawn from that day on. #}
{% macro latest_delivery(relation, keys) -%}
    {%- set place -%}
        row_number() over (
            partition by {{ keys | join(', ') }}
            order by delivery_date desc, row_hash desc, source_file_id, row_number
        ) as version_rank
    {%- endset %}
    (
        {%- if keys | length == 1 %}
        {#- a key that came once needs no sorting: with its whole row that costs more than all the rest -#}
        {%- set key = keys[0] %}
        with repeated as (select {{ key }} as repeated_key from {{ relation }} group by {{ key }} having count(*) > 1),
        versions as (
            select once.*, 1 as version_rank
            from {{ relation }} as once left join repeated as g on once.{{ key }} = g.repeated_key
            where g.repeated_key is null
            union all
            select again.*, {{ place }}
            from {{ relation }} as again inner join repeated as h on again.{{ key }} = h.repeated_key
        )
        {%- else %}
        with versions as (select *, {{ place }} from {{ relation }})
        {%- endif %}
        select * from versions
        where version_rank = 1
        {%- if relation.identifier.startswith("stg_register__") and "delivery_date" not in keys %}
            and delivery_date >= {{ last_full_delivery(relation.identifier | replace("stg_register__", "")) }}
        {%- endif %}
    )
{%- endmacro %}

{# The last day on or before as_of on which a register came whole (`delivery: full` in its mapping); else the first day
   of all time. #}
{% macro last_full_delivery(kind) -%}
    coalesce(
        (
            select max(f.delivery_date) from {{ source("raw", "full_deliveries") }} as f
            where f.kind = '{{ kind }}' and f.delivery_date <= {{ as_of() }}
        ),
        cast('0001-01-01' as date)
    )
{%- endmacro %}

{# The ids of a relation in their order, each with an integer key. Numbered apart from their rows: sorting all that a row
   brings costs three times as much as finding it again by its id. #}
{% macro numbered(relation, id, key) -%}
    (
        select {{ id }}, cast(row_number() over (order by {{ id }}) as integer) as {{ key }}
        from (select distinct {{ id }} from {{ relation }}) as ids
    )
{%- endmacro %}
