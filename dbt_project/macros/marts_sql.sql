{# Words of the review marts (aging, speed, operations, summary): quotients, texts for people,
   tags, current rows of the log. #}

{# Money: rounded half up once. #}
{% macro money(expression) -%} cast(round({{ expression }}, 2) as decimal(18, 2)) {%- endmacro %}

{# A total of pesos: null where there is something to add up and nothing of it has a rate, 0 where there is nothing.
   `total` is a sum that is null where nothing was added; `unvalued` counts what it leaves out. #}
{% macro known_total(total, unvalued) -%}
case when {{ unvalued }} > 0 then {{ total }} else coalesce({{ total }}, 0) end
{%- endmacro %}

{# The same of balances, which are never negative: a total of 0 beside something without a rate has nothing of it. #}
{% macro known_balance(total, unvalued) -%} {{ known_total('nullif(' ~ total ~ ', 0)', unvalued) }} {%- endmacro %}

{# Totals added to and taken from each other: of those that are known; null where one is not and the others are 0. #}
{% macro known_sum(plus, minus=[]) -%}
case
    when {% for part in plus + minus %}coalesce({{ part }}, 0) = 0{{ ' and ' if not loop.last }}{% endfor %}
        then {{ (plus + minus) | join(' + ') }}
    else {% for part in plus %}coalesce({{ part }}, 0){{ ' + ' if not loop.last }}{% endfor %}
        {%- for part in minus %} - coalesce({{ part }}, 0){% endfor %} end
{%- endmacro %}

{# A figure of a report with four decimals. One that does not fit (a mistyped amount by a cent) is unknown. #}
{% macro figure(expression) -%} try_cast({{ expression }} as decimal(18, 4)) {%- endmacro %}

{# A quotient with four decimals; null for a zero denominator (C12). Through DOUBLE: sums of DECIMAL(18) times 100
   would not fit. #}
{% macro ratio(numerator, denominator, times=1) -%}
{{ figure('round(cast(' ~ numerator ~ ' as double) * ' ~ times ~ ' / nullif(cast(' ~ denominator ~ ' as double), 0), 4)') }}
{%- endmacro %}
{% macro pct(numerator, denominator) -%} {{ ratio(numerator, denominator, 100) }} {%- endmacro %}

{# What a forecast missed, as a share of what came, not rounded: errors are added up before they are (C13). #}
{% macro forecast_error(expected, actual) -%}
abs(cast({{ actual }} - {{ expected }} as double)) * 100 / nullif(cast(greatest({{ actual }}, 0) as double), 0)
{%- endmacro %}

{# Figures of KPIs as `kpis` takes them: what they are of, and the three numbers. #}
{% macro kpi_rows(relation, cadence="cadence", dimension="dimension", dimension_value="dimension_value") -%}
select kpi, {{ cadence }} as cadence, as_of, {{ dimension }} as dimension, {{ dimension_value }} as dimension_value,
    {{ figure('value') }} as value, cast(numerator as decimal(18, 2)) as numerator,
    cast(denominator as decimal(18, 2)) as denominator
from {{ relation }}
{%- endmacro %}

{# The current version of each row, and only what was dated on or before as_of. #}
{% macro log_rows(relation, keys, dated) -%}
(select * from {{ latest_delivery(relation, keys) }} as l where {{ dated }} <= {{ as_of() }})
{%- endmacro %}

{# '24 jun' #}
{% macro day_month_es(day) -%}
cast(extract(day from {{ day }}) as varchar(2)) || ' ' || case extract(month from {{ day }})
    when 1 then 'ene' when 2 then 'feb' when 3 then 'mar' when 4 then 'abr' when 5 then 'may' when 6 then 'jun'
    when 7 then 'jul' when 8 then 'ago' when 9 then 'sep' when 10 then 'oct' when 11 then 'nov' else 'dic' end
{%- endmacro %}

{# '24 jun 2026' #}
{% macro date_es(day) -%} {{ day_month_es(day) }} || ' ' || cast(extract(year from {{ day }}) as varchar(4)) {%- endmacro %}

{% macro month_name_es(day) -%}
case extract(month from {{ day }}) when 1 then 'enero' when 2 then 'febrero' when 3 then 'marzo' when 4 then 'abril'
    when 5 then 'mayo' when 6 then 'junio' when 7 then 'julio' when 8 then 'agosto' when 9 then 'septiembre'
    when 10 then 'octubre' when 11 then 'noviembre' else 'diciembre' end
{%- endmacro %}

{% macro weekday_es(day) -%}
case {{ weekday(day) }} when 1 then 'lunes' when 2 then 'martes' when 3 then 'miércoles' when 4 then 'jueves'
    when 5 then 'viernes' when 6 then 'sábado' else 'domingo' end
{%- endmacro %}

{# '2 días', '1 día' #}
{% macro days_es(n) -%} cast({{ n }} as varchar(12)) || case when {{ n }} = 1 then ' día' else ' días' end {%- endmacro %}

{# '$1,234,567.89' #}
{% macro money_es(amount) -%} {{ return(adapter.dispatch('money_es', 'cartera')(amount)) }} {%- endmacro %}
{% macro default__money_es(amount) -%} '$' || format_number({{ amount }}, 2) {%- endmacro %}
{% macro duckdb__money_es(amount) -%}
case when {{ amount }} < 0 then '-' else '' end || '$' || format('{:,}', cast(trunc(abs({{ amount }})) as bigint)) || '.'
    || lpad(cast(cast((abs({{ amount }}) - trunc(abs({{ amount }}))) * 100 as integer) as string), 2, '0')
{%- endmacro %}

{# A query: one row per customer and tag; tags are separated by comma, semicolon or |. #}
{% macro customer_tags(relation) -%} {{ return(adapter.dispatch('customer_tags', 'cartera')(relation)) }} {%- endmacro %}
{% macro default__customer_tags(relation) -%}
select distinct customer_id, trim(tag) as tag
from (select customer_id, explode(split(translate(tags, ';|', ',,'), ',')) as tag from {{ relation }}) as t
where trim(tag) <> ''
{%- endmacro %}
{% macro duckdb__customer_tags(relation) -%}
select distinct customer_id, trim(tag) as tag
from (select customer_id, unnest(string_split(translate(tags, ';|', ',,'), ',')) as tag from {{ relation }}) as t
where trim(tag) <> ''
{%- endmacro %}

{# The columns of int_cuts by which balances are cut, and the dimension that each one feeds. #}
{% macro cut_columns() -%}
{{ return(['company_rfc', 'branch', 'segment', 'salesperson', 'account_owner', 'currency']) }}
{%- endmacro %}
{% macro dimension_of(column) -%} {{ 'company' if column == 'company_rfc' else column }} {%- endmacro %}

{# Whether a list of words joined by '|' holds a word. #}
{% macro has_flag(flags, word) -%} coalesce('|' || {{ flags }} || '|' like '%|{{ word }}|%', false) {%- endmacro %}

{# The median of a small group. #}
{% macro median_of(x) -%} {{ return(adapter.dispatch('median_of', 'cartera')(x)) }} {%- endmacro %}
{% macro default__median_of(x) -%} percentile({{ x }}, 0.5) {%- endmacro %}
{% macro duckdb__median_of(x) -%} median({{ x }}) {%- endmacro %}

{% macro matches(x, pattern) -%} {{ return(adapter.dispatch('matches', 'cartera')(x, pattern)) }} {%- endmacro %}
{% macro default__matches(x, pattern) -%} {{ x }} rlike '{{ pattern }}' {%- endmacro %}
{% macro duckdb__matches(x, pattern) -%} regexp_matches({{ x }}, '{{ pattern }}') {%- endmacro %}

{# The day by which a payment's REP must exist: the given day of the month after it, by the law of the payment's day. #}
{% macro rep_deadline(payment_date) -%}
case when {{ payment_date }} >= cast('{{ var("rep_deadline_since") }}' as date)
    then {{ add_days(month_end(payment_date), var('rep_deadline_day')) }}
    else {{ add_days(month_end(payment_date), var('rep_deadline_day_before')) }} end
{%- endmacro %}

{# How a due date was found, in words. #}
{% macro due_rule_es(rule) -%}
case {{ rule }} when 'contrarrecibo' then 'el contrarrecibo' when 'customer_terms' then 'el plazo del cliente'
    when 'payment_conditions' then 'la condición de pago del CFDI' when 'pue' then 'la fecha de emisión (PUE)' else 'el plazo general' end
{%- endmacro %}
