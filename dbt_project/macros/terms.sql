{# Payment terms as people write them. #}

{# Weekdays in a text ("lunes, jueves", "1,4", "Mon") as seven 0/1, Monday first. #}
{% macro weekday_mask(column) -%}
    {%- set names = ['lun|mon|1', 'mar|tue|2', 'mi[eé]|wed|3', 'jue|thu|4', 'vie|fri|5', 's[aá]b|sat|6', 'dom|sun|7'] -%}
    {%- for name in names %}
    case when {{ matches('lower(' ~ column ~ ')', name) }} then '1' else '0' end
    {%- if not loop.last %} || {% endif %}
    {%- endfor %}
{%- endmacro %}

{# The day itself or the next one that the mask allows; without a mask, the day. #}
{% macro next_allowed_day(day, mask) -%}
    case
    {%- for k in range(7) %}
        when substr({{ mask }}, {{ weekday(add_days(day, k)) }}, 1) = '1' then {{ add_days(day, k) }}
    {%- endfor %}
        else {{ day }}
    end
{%- endmacro %}

{# Days read from CondicionesDePago: "CREDITO 30 DIAS", "NET15", "CONTADO"; null where it says none. #}
{% macro condition_days(column) -%}
    {%- set text = 'upper(' ~ column ~ ')' -%}
    case
        when {{ column }} is null then null
        {%- for pattern in ['([0-9]{1,3}) *(?:D[IÍ]AS?|DAYS?)', 'NET[OA]? *([0-9]{1,3})', 'CR[EÉ]DITO *(?:A|DE)? *([0-9]{1,3})'] %}
        when regexp_extract({{ text }}, '{{ pattern }}', 1) <> ''
            then cast(regexp_extract({{ text }}, '{{ pattern }}', 1) as integer)
        {%- endfor %}
        when {{ text }} like '%CONTADO%' then 0
    end
{%- endmacro %}
