{# What the SAT's own rules say of the fields of a CFDI. #}

{# Decimals of a currency in the SAT's catalogue c_Moneda. #}
{% macro currency_decimals(currency) -%}
    case
        when {{ currency }} in (
            'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
        ) then 0
        when {{ currency }} in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
        when {{ currency }} in ('CLF', 'UYW') then 4
        else 2
    end
{%- endmacro %}

{# Half a unit of the last decimal of a currency: what writing one amount may have rounded away. #}
{% macro half_unit(currency) -%}
    case {{ currency_decimals(currency) }} when 0 then 0.5 when 3 then 0.0005 when 4 then 0.00005 else 0.005 end
{%- endmacro %}

{# Whether a text has the form of an RFC, its date included. #}
{% macro is_rfc(rfc) -%}
    {{ matches(rfc, '^[A-ZÑ&]{3,4}[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[A-Z0-9]{2}[0-9A]$') }}
{%- endmacro %}

{# The digit that an RFC should end in: modulo 11 of its first 12 places (a company's has a blank before it). #}
{% macro rfc_check_digit(rfc) -%}
    case mod(
        {%- for place in range(1, 13) %}
        {{ 14 - place }} * (position(substr(lpad({{ rfc }}, 13, ' '), {{ place }}, 1) in '0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ') - 1)
        {%- if not loop.last %} +{% endif %}
        {%- endfor %}, 11)
        when 0 then '0'
        when 1 then 'A'
        else cast(11 - mod(
        {%- for place in range(1, 13) %}
        {{ 14 - place }} * (position(substr(lpad({{ rfc }}, 13, ' '), {{ place }}, 1) in '0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ') - 1)
        {%- if not loop.last %} +{% endif %}
        {%- endfor %}, 11) as string)
    end
{%- endmacro %}

{# The name of a Pago of int_rep_pagos under this alias: uuid#n. #}
{% macro pago_id(alias) -%} {{ alias }}.rep_uuid || '#' || cast({{ alias }}.pago_number as string) {%- endmacro %}
