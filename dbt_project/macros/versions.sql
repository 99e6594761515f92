{# The current version of every row of a register: the latest delivery, ties by highest hash.
   Equal rows inside one file count once. Keys: list of column names.
   A key that a later full delivery of its register no longer brings is withdrawn from that day on. #}
{% macro latest_delivery(relation, keys) -%}
    (
        select * from (
            select
                *,
                row_number() over (
                    partition by {{ keys | join(', ') }}
                    order by delivery_date desc, row_hash desc, source_file_id, row_number
                ) as version_rank
            from {{ relation }}
        ) as versions
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
