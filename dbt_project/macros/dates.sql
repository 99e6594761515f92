{# Dates. No model calls current_date: today is the variable as_of. #}

{% macro as_of() -%}
    cast('{{ var("as_of") }}' as date)
{%- endmacro %}

{# A date that at as_of has not happened yet is not known yet. #}
{% macro known_date(column) -%}
    case when {{ column }} <= {{ as_of() }} then {{ column }} end
{%- endmacro %}

{# A date that cannot come before another: nothing is undone before it is made. Null stays null. #}
{% macro not_before(date, first) -%}
    case when {{ date }} < {{ first }} then {{ first }} else {{ date }} end
{%- endmacro %}

{# The first day of the ledger: history_starts, else ten years before as_of. #}
{% macro ledger_start() -%}
    {%- if var("history_starts") -%} cast('{{ var("history_starts") }}' as date)
    {%- else -%} {{ add_months(as_of(), -120) }} {%- endif -%}
{%- endmacro %}

{% macro forever() -%} cast('9999-12-31' as date) {%- endmacro %}

{# later - earlier, in days, as an integer #}
{% macro days_between(earlier, later) -%}
    {{ return(adapter.dispatch('days_between', 'cartera')(earlier, later)) }}
{%- endmacro %}
{% macro default__days_between(earlier, later) -%} datediff({{ later }}, {{ earlier }}) {%- endmacro %}
{% macro duckdb__days_between(earlier, later) -%} cast(({{ later }}) - ({{ earlier }}) as integer) {%- endmacro %}

{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch('add_days', 'cartera')(day, days)) }}
{%- endmacro %}
{% macro default__add_days(day, days) -%} date_add({{ day }}, {{ days }}) {%- endmacro %}
{% macro duckdb__add_days(day, days) -%} (({{ day }}) + cast({{ days }} as integer)) {%- endmacro %}

{% macro add_months(day, months) -%}
    {{ return(adapter.dispatch('add_months', 'cartera')(day, months)) }}
{%- endmacro %}
{% macro default__add_months(day, months) -%} add_months({{ day }}, {{ months }}) {%- endmacro %}
{% macro duckdb__add_months(day, months) -%}
    cast(({{ day }}) + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{# A timestamp so many hours later. #}
{% macro add_hours(moment, hours) -%}
    {{ return(adapter.dispatch('add_hours', 'cartera')(moment, hours)) }}
{%- endmacro %}
{% macro default__add_hours(moment, hours) -%} timestampadd(hour, {{ hours }}, {{ moment }}) {%- endmacro %}
{% macro duckdb__add_hours(moment, hours) -%} (({{ moment }}) + to_hours({{ hours }})) {%- endmacro %}

{% macro month_start(day) -%} cast(date_trunc('month', {{ day }}) as date) {%- endmacro %}
{% macro month_end(day) -%} last_day({{ day }}) {%- endmacro %}

{# 1 Monday … 7 Sunday #}
{% macro weekday(day) -%}
    {{ return(adapter.dispatch('weekday', 'cartera')(day)) }}
{%- endmacro %}
{% macro default__weekday(day) -%} (weekday({{ day }}) + 1) {%- endmacro %}
{% macro duckdb__weekday(day) -%} cast(isodow({{ day }}) as integer) {%- endmacro %}

{# Whether nobody can be asked to pay on a day: weekends, the days of rest of article 74 of the Ley Federal del Trabajo
   (the change of federal government: 1 December until 2018, 1 October since 2024), and the home's own holidays. #}
{% macro is_rest_day(day) -%}
    {%- set month, number = 'extract(month from ' ~ day ~ ')', 'extract(day from ' ~ day ~ ')' -%}
    {{ weekday(day) }} in (6, 7)
    or ({{ month }} = 1 and {{ number }} = 1)
    or ({{ month }} = 2 and {{ weekday(day) }} = 1 and {{ number }} <= 7)
    or ({{ month }} in (3, 11) and {{ weekday(day) }} = 1 and {{ number }} between 15 and 21)
    or ({{ month }} = 5 and {{ number }} = 1)
    or ({{ month }} = 9 and {{ number }} = 16)
    or ({{ month }} = 12 and {{ number }} = 25)
    or ({{ number }} = 1 and mod(extract(year from {{ day }}), 6) = 2
        and {{ month }} = case when extract(year from {{ day }}) < 2024 then 12 else 10 end)
    {%- for holiday in var('holidays') %}
    or {{ day }} = cast('{{ holiday }}' as date)
    {%- endfor %}
{%- endmacro %}

{# The first business day on or after a day, where the home asks for it (METRICS C14); else the day. Longer than ten days
   nobody rests. #}
{% macro business_day(day) -%}
    {%- if not var('business_day_shift') -%} {{ day }}
    {%- else -%}
    case
        {%- for k in range(11) %}
        when not ({{ is_rest_day(add_days(day, k)) }}) then {{ add_days(day, k) }}
        {%- endfor %}
        else {{ day }}
    end
    {%- endif -%}
{%- endmacro %}

{# The Sunday that closes the day's week. #}
{% macro week_end(day) -%} {{ add_days(day, '7 - ' ~ weekday(day)) }} {%- endmacro %}

{# A query: the seven days of each week of `weeks` (week_start, week_end), for what meets its week by one day. #}
{% macro week_days(weeks) -%}
    {%- for k in range(7) %}
    select {{ add_days('week_end', -k) }} as day, week_start, week_end from {{ weeks }}
    {{- ' union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# A query of one date column `name`: every day from first to last, both scalar expressions of `relation`. #}
{% macro date_spine(first, last, relation, name='date') -%}
    {{ return(adapter.dispatch('date_spine', 'cartera')(first, last, relation, name)) }}
{%- endmacro %}
{% macro default__date_spine(first, last, relation, name) -%}
    select explode(sequence({{ first }}, {{ last }})) as {{ name }} from {{ relation }}
{%- endmacro %}
{% macro duckdb__date_spine(first, last, relation, name) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date) as {{ name }}
    from {{ relation }}
{%- endmacro %}
