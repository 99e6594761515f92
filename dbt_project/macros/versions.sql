{# The current version of every row of a register: the latest delivery, ties by highest hash.
   Equal rows inside one file count once. Keys: list of column names. #}
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
    )
{%- endmacro %}
