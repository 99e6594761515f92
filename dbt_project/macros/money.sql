{# Pesos and rates of the ledger. `money`, `ratio` and `pct` stand in marts_sql.sql. #}

{# An amount of raw, DECIMAL(24,6), as money. Rounding a wide decimal costs twelve times a narrow one, and all but the
   absurd fit in the narrow one. #}
{% macro raw_money(amount) -%}
    case
        when {{ amount }} between -100000000000 and 100000000000
            then cast(round(cast({{ amount }} as decimal(18, 6)), 2) as decimal(18, 2))
        else {{ money(amount) }}
    end
{%- endmacro %}

{# An amount that is to be multiplied: DECIMAL(18) × DECIMAL(18) stays DECIMAL(18), which a large balance × a rate or a
   number of days does not fit. #}
{% macro wide(amount) -%} cast({{ amount }} as decimal(24, 2)) {%- endmacro %}

{# A rate as a document or register gives it: 0, which systems write for "none", and less are no rate. #}
{% macro positive(rate) -%} case when {{ rate }} > 0 then {{ rate }} end {%- endmacro %}

{% macro rate(expression) -%} cast({{ expression }} as decimal(18, 6)) {%- endmacro %}

{# The part of an amount that `part` is of `whole`, rounded once; null where the whole is zero. Widened like pesos:
   ten million pesos times ten million do not fit in DECIMAL(18). #}
{% macro portion(amount, part, whole) -%}
    {{ money('cast(' ~ amount ~ ' as decimal(20, 2)) * cast(' ~ part ~ ' as decimal(18, 2)) / nullif(' ~ whole ~ ', 0)') }}
{%- endmacro %}

{# amount × rate in pesos, rounded half up per row; null where there is no rate.
   Widened by hand: DECIMAL(18) × DECIMAL(18) overflows with many digits. At a rate of 1 (nearly every row) the wide
   product, which costs ten times the rest, is left out. #}
{% macro pesos(amount, rate) -%}
    case
        when {{ rate }} = 1 then {{ money(amount) }}
        else cast(round(cast({{ amount }} as decimal(20, 2)) * cast({{ rate }} as decimal(16, 6)), 2) as decimal(18, 2))
    end
{%- endmacro %}
