{# Money is DECIMAL(18,2), rounded half up once; rates keep six decimals; ratios four. #}

{% macro money(expression) -%} cast(round({{ expression }}, 2) as decimal(18, 2)) {%- endmacro %}

{% macro rate(expression) -%} cast({{ expression }} as decimal(18, 6)) {%- endmacro %}

{# amount × rate in pesos, rounded per row; null where there is no rate. Widened: 18 × 18 digits overflow. #}
{% macro to_mxn(amount, rate) -%}
    cast(round(cast({{ amount }} as decimal(20, 2)) * cast({{ rate }} as decimal(16, 6)), 2) as decimal(18, 2))
{%- endmacro %}

{# numerator / denominator × 100; null for a zero denominator #}
{% macro pct(numerator, denominator) -%}
    cast(round({{ numerator }} * cast(100 as decimal(5, 0)) / nullif({{ denominator }}, 0), 4) as decimal(18, 4))
{%- endmacro %}

{# numerator / denominator; null for a zero denominator #}
{% macro ratio(numerator, denominator) -%}
    cast(round({{ numerator }} / nullif({{ denominator }}, 0), 4) as decimal(18, 4))
{%- endmacro %}
