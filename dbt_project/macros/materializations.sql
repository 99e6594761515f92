{# How tables and views are written in DuckDB: one statement, in place, inside the model's transaction. dbt-duckdb's own
   way writes under another name, renames twice and drops; at two hundred models that is a fifth of dbt's time.
   Another engine uses its adapter's own materializations. #}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set made = this.incorporate(type='table') -%}
    {%- do drop_if_not_a(made.type) -%}
    {% call statement('main') -%}
        create or replace table {{ made }} as
        {{ sql }}
    {%- endcall %}
    {%- if config.get('contract').enforced %}{% do compare_with_contract(made) %}{% endif %}
    {% do adapter.commit() %}
    {{ return({'relations': [made]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb', supported_languages=['sql'] %}
    {%- set made = this.incorporate(type='view') -%}
    {%- do drop_if_not_a(made.type) -%}
    {% call statement('main') -%}
        create or replace view {{ made }} as
        {{ sql }}
    {%- endcall %}
    {% do adapter.commit() %}
    {{ return({'relations': [made]}) }}
{% endmaterialization %}

{# A table that became a view, or a view that became a table, since the last build. #}
{% macro drop_if_not_a(type) -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none and existing.type != type %}{% do adapter.drop_relation(existing) %}{% endif -%}
{%- endmacro %}

{# The table just made against the columns its yml promises, in their order; a difference undoes the transaction. #}
{% macro compare_with_contract(made) -%}
    {%- set found, promised = [], [] -%}
    {%- for column in adapter.get_column_schema_from_query('select * from ' ~ made) -%}
        {%- do found.append({'name': column.name, 'data_type': column.dtype, 'formatted': column.name ~ ' ' ~ column.dtype}) -%}
    {%- endfor -%}
    {%- for name, column in model.columns.items() -%}
        {%- do promised.append({'name': name, 'data_type': column.data_type, 'formatted': name ~ ' ' ~ column.data_type}) -%}
    {%- endfor -%}
    {%- if found != promised %}{% do exceptions.raise_contract_error(promised, found) %}{% endif -%}
{%- endmacro %}
