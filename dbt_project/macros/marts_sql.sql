{#- Small words of the review marts (aging, speed, operations, summary): day arithmetic, ratios, the latest
    version of a row, text for people. Whatever only DuckDB understands stands here, with a branch where
    another engine spells it differently. The ledger's own words are in the other macro files. -#}

{% macro as_of_date() -%} cast('{{ var("as_of") }}' as date) {%- endmacro %}

{#- whole days from `a` to `b` -#}
{% macro days_from(a, b) -%}
  {%- if target.type == 'duckdb' -%} cast(date_diff('day', {{ a }}, {{ b }}) as integer)
  {%- else -%} datediff({{ b }}, {{ a }}) {%- endif -%}
{%- endmacro %}

{% macro plus_days(d, n) -%}
  {%- if target.type == 'duckdb' -%} cast({{ d }} + cast({{ n }} as integer) as date)
  {%- else -%} date_add({{ d }}, cast({{ n }} as int)) {%- endif -%}
{%- endmacro %}

{% macro month_of(d) -%} cast(date_trunc('month', {{ d }}) as date) {%- endmacro %}

{% macro month_last_day(d) -%} last_day({{ d }}) {%- endmacro %}

{#- the Sunday that closes the week (Monday to Sunday) of a date -#}
{% macro week_close(d) -%} {{ plus_days("cast(date_trunc('week', " ~ d ~ ") as date)", 6) }} {%- endmacro %}

{% macro money(x) -%} cast(round({{ x }}, 2) as decimal(18,2)) {%- endmacro %}

{#- pesos of an amount: rounded half up to the cent, per document and date; null where the rate is missing -#}
{% macro to_mxn(amount, rate, currency) -%}
case when {{ currency }} = 'MXN' then {{ amount }} else cast(round({{ amount }} * {{ rate }}, 2) as decimal(18,2)) end
{%- endmacro %}

{#- a quotient with 4 decimals; null for a zero denominator (C12). Widened: DECIMAL(18) x DECIMAL(18) overflows -#}
{% macro ratio(num, den, times=1) -%}
cast(round(cast({{ num }} as double) * {{ times }} / nullif(cast({{ den }} as double), 0), 4) as decimal(18,4))
{%- endmacro %}

{% macro pct(num, den) -%} {{ ratio(num, den, 100) }} {%- endmacro %}

{#- The version of each row that counts: latest delivery, ties by hash (IDENTITY.md), rows dated after as_of left out -#}
{% macro latest_rows(relation, keys, dated) -%}
(
    select * from (
        select s.*, row_number() over (
            partition by {{ keys | join(', ') }} order by s.delivery_date desc, s.row_hash desc, s.row_number desc
        ) as version_rank
        from {{ relation }} as s
    ) as v
    where version_rank = 1 and {{ dated }} <= {{ as_of_date() }}
)
{%- endmacro %}

{#- '24 jun' -#}
{% macro day_month_es(d) -%}
cast(extract(day from {{ d }}) as varchar) || ' ' || case extract(month from {{ d }})
    when 1 then 'ene' when 2 then 'feb' when 3 then 'mar' when 4 then 'abr' when 5 then 'may' when 6 then 'jun'
    when 7 then 'jul' when 8 then 'ago' when 9 then 'sep' when 10 then 'oct' when 11 then 'nov' else 'dic' end
{%- endmacro %}

{% macro month_name_es(d) -%}
case extract(month from {{ d }}) when 1 then 'enero' when 2 then 'febrero' when 3 then 'marzo' when 4 then 'abril'
    when 5 then 'mayo' when 6 then 'junio' when 7 then 'julio' when 8 then 'agosto' when 9 then 'septiembre'
    when 10 then 'octubre' when 11 then 'noviembre' else 'diciembre' end
{%- endmacro %}

{#- '2 días', '1 día' -#}
{% macro days_es(n) -%} cast({{ n }} as varchar) || case when {{ n }} = 1 then ' día' else ' días' end {%- endmacro %}

{#- '$1,234,567.89' -#}
{% macro money_es(x) -%}
  {%- if target.type == 'duckdb' -%} '$' || format('{:,}', cast(trunc({{ x }}) as bigint)) || '.'
    || lpad(cast(cast(abs({{ x }} - trunc({{ x }})) * 100 as integer) as varchar), 2, '0')
  {%- else -%} '$' || format_number({{ x }}, 2) {%- endif -%}
{%- endmacro %}

{#- texts of a group in one, sorted, '|' between; null for an empty group -#}
{% macro joined_ids(x) -%}
  {%- if target.type == 'duckdb' -%} string_agg({{ x }}, '|' order by {{ x }})
  {%- else -%} array_join(sort_array(collect_list({{ x }})), '|') {%- endif -%}
{%- endmacro %}

{#- one row per tag of a customer; tags are separated by comma, semicolon or | -#}
{% macro customer_tags(relation) -%}
  {%- if target.type == 'duckdb' -%}
select distinct customer_id, trim(tag) as tag
from (select customer_id, unnest(string_split(translate(tags, ';|', ',,'), ',')) as tag from {{ relation }} where tags is not null) as t
where trim(tag) <> ''
  {%- else -%}
select distinct customer_id, trim(tag) as tag
from (select customer_id, explode(split(translate(tags, ';|', ',,'), ',')) as tag from {{ relation }} where tags is not null) as t
where trim(tag) <> ''
  {%- endif -%}
{%- endmacro %}

{#- the bucket of a number of days past due, from the one row `b` of bucket bounds (int_bucket_bounds) -#}
{% macro bucket_code(days, b) -%}
case when {{ days }} <= {{ b }}.current_to then 'current' when {{ days }} <= {{ b }}.d1_30_to then '1-30'
    when {{ days }} <= {{ b }}.d31_60_to then '31-60' when {{ days }} <= {{ b }}.d61_90_to then '61-90'
    when {{ days }} <= {{ b }}.d91_120_to then '91-120' else '120+' end
{%- endmacro %}
