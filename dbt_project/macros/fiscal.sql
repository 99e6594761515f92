{# Words of the fiscal books: exact shares in cents, VAT rates as text, and which forms of payment cause VAT. #}

{# amount × part / whole in cents, rounded half up, with whole numbers only: DECIMAL ÷ DECIMAL is not exact. 0 of 0.
   All of it and nothing of it, which are nearly every row, go without the division of wide numbers. #}
{% macro share(amount, part, whole) -%} {{ return(adapter.dispatch('share', 'cartera')(amount, part, whole)) }} {%- endmacro %}
{% macro default__share(amount, part, whole) -%}
cast(coalesce(round(cast({{ amount }} as decimal(18, 2)) * {{ part }} / nullif({{ whole }}, 0), 2), 0) as decimal(18, 2))
{%- endmacro %}
{% macro duckdb__share(amount, part, whole) -%}
case
    when {{ whole }} = 0 then cast(0 as decimal(18, 2))
    when {{ part }} = {{ whole }} then cast({{ amount }} as decimal(18, 2))
    when {{ part }} = 0 then cast(0 * {{ amount }} as decimal(18, 2))
    else cast(cast(
        sign({{ amount }}) * sign({{ part }}) * sign({{ whole }}) * (
            (2 * {{ cents('abs(' ~ amount ~ ')') }} * {{ cents('abs(' ~ part ~ ')') }} + {{ cents('abs(' ~ whole ~ ')') }})
            // (2 * {{ cents('abs(' ~ whole ~ ')') }})
        ) as decimal(18, 0)
    ) * 0.01 as decimal(18, 2))
end
{%- endmacro %}

{# Money as whole cents, wide enough to be multiplied by another. #}
{% macro cents(amount) -%} {{ return(adapter.dispatch('cents', 'cartera')(amount)) }} {%- endmacro %}
{% macro default__cents(amount) -%} cast({{ amount }} * 100 as decimal(19, 0)) {%- endmacro %}
{% macro duckdb__cents(amount) -%} cast(cast({{ amount }} as decimal(18, 2)) * 100 as hugeint) {%- endmacro %}

{% macro quotient(numerator, denominator) -%} {{ return(adapter.dispatch('quotient', 'cartera')(numerator, denominator)) }} {%- endmacro %}
{% macro default__quotient(numerator, denominator) -%} ({{ numerator }}) div ({{ denominator }}) {%- endmacro %}
{% macro duckdb__quotient(numerator, denominator) -%} ({{ numerator }}) // ({{ denominator }}) {%- endmacro %}

{# The key of a VAT rate: 16, 8, 0, exento; any other rate is otra. #}
{% macro vat_rate(tipo_factor, tasa) -%}
case
    when {{ tipo_factor }} = 'Exento' then 'exento'
    when {{ tasa }} = 0.16 then '16'
    when {{ tasa }} = 0.08 then '8'
    when {{ tasa }} = 0 then '0'
    else 'otra'
end
{%- endmacro %}

{# Whether settling in this form of payment causes VAT (LIVA art. 1-B: what satisfies the creditor, in money or not).
   An advance applied (30) caused it when it was received; forgiving (15, 25) and prescription (26) are a parameter. #}
{% macro causes_vat(forma_pago) -%}
coalesce({{ forma_pago }}, '') not in ('30'{% if not var('condonation_causes_vat') %}, '15', '25', '26'{% endif %})
{%- endmacro %}

{# The rates of the books in their order. #}
{% macro vat_rates() -%} {{ return(['16', '8', '0', 'exento', 'otra', 'no_objeto', 'sin_dato']) }} {%- endmacro %}
