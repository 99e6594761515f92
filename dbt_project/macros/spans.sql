{# Spans [first, last) of each key, joined where they meet or overlap: emits the CTEs <name>_bounds … and <name> (keys, first,
   last). Where all spans of a key meet each other, as nearly always, their bounds are the answer: only the rest is
   sorted, one row a start, so that the order is total. #}
{% macro merged_spans(name, spans, keys, first, last) %}
{%- set columns = keys | join(', ') %}
{{ name }}_bounds as (
    select {{ columns }}, min({{ first }}) as {{ first }}, max({{ last }}) as {{ last }}, max({{ first }}) <= min({{ last }}) as is_whole
    from {{ spans }} group by {{ columns }}
),

{{ name }}_starts as (
    select {% for key in keys %}s.{{ key }}, {% endfor %}s.{{ first }}, max(s.{{ last }}) as {{ last }}
    from {{ spans }} as s
    inner join {{ name }}_bounds as b on not b.is_whole{% for key in keys %} and s.{{ key }} = b.{{ key }}{% endfor %}

    group by {% for key in keys %}s.{{ key }}, {% endfor %}s.{{ first }}
),

{{ name }}_marked as (
    select
        *,
        max({{ last }}) over (partition by {{ columns }} order by {{ first }} rows between unbounded preceding and 1 preceding) as reached
    from {{ name }}_starts
),

{{ name }}_islands as (
    select
        *,
        sum(case when reached is null or {{ first }} > reached then 1 else 0 end) over (
            partition by {{ columns }} order by {{ first }} rows between unbounded preceding and current row
        ) as island
    from {{ name }}_marked
),

{{ name }} as (
    select {{ columns }}, {{ first }}, {{ last }} from {{ name }}_bounds where is_whole
    union all
    select {{ columns }}, min({{ first }}), max({{ last }}) from {{ name }}_islands group by {{ columns }}, island
)
{% endmacro %}
