{# Text: joining of distinct values, and names as they are compared. #}

{% macro join_text(expression, separator="'|'", order_by=none, distinct=true) -%}
    {{ return(adapter.dispatch('join_text', 'cartera')(expression, separator, order_by, distinct)) }}
{%- endmacro %}
{% macro default__join_text(expression, separator, order_by, distinct) -%}
    array_join(array_sort({{ 'collect_set' if distinct else 'collect_list' }}({{ expression }})), {{ separator }})
{%- endmacro %}
{% macro duckdb__join_text(expression, separator, order_by, distinct) -%}
    {#- a list sorted once it is whole costs less than an ordered aggregate -#}
    {%- if distinct or order_by -%}
    string_agg({{ 'distinct ' if distinct }}{{ expression }}, {{ separator }} order by {{ order_by or expression }})
    {%- else -%}
    array_to_string(list_sort(list({{ expression }})), {{ separator }})
    {%- endif -%}
{%- endmacro %}

{# The value of `expression` in the row with the lowest `key` (the key must be a total order). #}
{% macro first_by(expression, key) -%}
    {{ return(adapter.dispatch('first_by', 'cartera')(expression, key)) }}
{%- endmacro %}
{% macro default__first_by(expression, key) -%} min_by({{ expression }}, {{ key }}) {%- endmacro %}
{% macro duckdb__first_by(expression, key) -%} arg_min({{ expression }}, {{ key }}) {%- endmacro %}
{% macro last_by(expression, key) -%}
    {{ return(adapter.dispatch('last_by', 'cartera')(expression, key)) }}
{%- endmacro %}
{% macro default__last_by(expression, key) -%} max_by({{ expression }}, {{ key }}) {%- endmacro %}
{% macro duckdb__last_by(expression, key) -%} arg_max({{ expression }}, {{ key }}) {%- endmacro %}

{# The last value that is not null, as a window function: `{{ last_known('x') }} over w`. #}
{% macro last_known(expression) -%} {{ return(adapter.dispatch('last_known', 'cartera')(expression)) }} {%- endmacro %}
{% macro default__last_known(expression) -%} last_value({{ expression }}, true) {%- endmacro %}
{% macro duckdb__last_known(expression) -%} last_value({{ expression }} ignore nulls) {%- endmacro %}

{# How other registers name an invoice: register ids as they are, UUIDs in lower case. #}
{% macro invoice_alias(column) -%}
    case when length({{ column }}) = 36 then lower({{ column }}) else {{ column }} end
{%- endmacro %}
