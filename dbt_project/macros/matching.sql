{# One-to-one matching: each side takes its best free partner, pairs that want each other win, then again with the
   rest. `candidates` is a CTE of (left, right, order columns); the order must be total. Emits the CTEs
   <name>_0 … <name>_n and <name> (left, right). Equal to taking the best pair overall, as far as `rounds` reaches.
   Most pairs have no rival on either side: they are taken before anything is sorted. #}
{% macro one_to_one(name, candidates, left, right, order_by, rounds=4) %}
{{ name }}_0 as (
    select c.{{ left }}, c.{{ right }}
    from {{ candidates }} as c
    inner join (select {{ left }} from {{ candidates }} group by {{ left }} having count(*) = 1) as l on c.{{ left }} = l.{{ left }}
    inner join (select {{ right }} from {{ candidates }} group by {{ right }} having count(*) = 1) as r on c.{{ right }} = r.{{ right }}
),
{{ name }}_rivals as (
    select c.*
    from {{ candidates }} as c left join {{ name }}_0 as s on c.{{ left }} = s.{{ left }}
    where s.{{ left }} is null
),
{% for n in range(1, rounds + 1) %}
{{ name }}_{{ n }} as (
    select {{ left }}, {{ right }}
    from (
        select
            c.{{ left }},
            c.{{ right }},
            row_number() over (partition by c.{{ left }} order by {{ order_by }}) as left_place,
            row_number() over (partition by c.{{ right }} order by {{ order_by }}) as right_place
        from {{ name }}_rivals as c
        {% if n > 1 %}
        left join (
            {% for k in range(1, n) %}select {{ left }}, {{ right }} from {{ name }}_{{ k }}{% if not loop.last %} union all {% endif %}{% endfor %}
        ) as l on c.{{ left }} = l.{{ left }}
        left join (
            {% for k in range(1, n) %}select {{ left }}, {{ right }} from {{ name }}_{{ k }}{% if not loop.last %} union all {% endif %}{% endfor %}
        ) as r on c.{{ right }} = r.{{ right }}
        where l.{{ left }} is null and r.{{ right }} is null
        {% endif %}
    ) as ranked
    where left_place = 1 and right_place = 1
),
{% endfor %}
{{ name }} as (
    {% for k in range(0, rounds + 1) %}select {{ left }}, {{ right }} from {{ name }}_{{ k }}{% if not loop.last %} union all {% endif %}{% endfor %}

)
{% endmacro %}

{# How people name an invoice: serie-folio; null without a folio. #}
{% macro folio_label(serie, folio) -%}
    case when coalesce({{ serie }}, '') = '' then {{ folio }} else {{ serie }} || '-' || {{ folio }} end
{%- endmacro %}
