{# The aging bucket of a number of days, from the seed's bounds (read once at compile time). #}
{% macro bucket(days) -%}
    case
    {%- for row in bucket_rows() %}
        when {{ days }} <= {{ row['max_days'] }} then '{{ row['bucket'] }}'
    {%- endfor %}
    end
{%- endmacro %}

{# Rows of the seed in order: position, bucket, column_name, min_days, max_days. Needs `-- depends_on: ref('buckets')`
   in the model that calls it; while parsing there is no warehouse and the list is empty. #}
{% macro bucket_rows() -%}
    {%- set rows = [] -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select position, bucket, column_name, min_days, max_days from " ~ ref('buckets') ~ " order by position"
        ) -%}
        {%- for r in found.rows -%}
            {%- do rows.append({'position': r[0], 'bucket': r[1], 'column_name': r[2], 'min_days': r[3], 'max_days': r[4]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(rows) }}
{%- endmacro %}

{# The position of the bucket of a number of days: an integer, for inside. #}
{% macro bucket_place(days) -%}
    case
    {%- for row in bucket_rows() %}
        when {{ days }} <= {{ row['max_days'] }} then {{ row['position'] }}
    {%- endfor %}
    end
{%- endmacro %}

{# The six columns of the contract, in the seed's order: for models whose shape, not whose bounds, depends on them. #}
{% macro bucket_columns() -%}
    {{ return(['current_mxn', 'd1_30_mxn', 'd31_60_mxn', 'd61_90_mxn', 'd91_120_mxn', 'd120_plus_mxn']) }}
{%- endmacro %}
