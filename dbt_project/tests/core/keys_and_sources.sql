-- Every key once and never blank; every row of a mart names the raw file it came from, and raw has it. Of a register only
-- the distinct files are looked up: a million rows come of a few.
{% set facts = ['fct_invoices', 'fct_payments', 'fct_payment_applications', 'fct_credit_notes', 'fct_movements'] %}
{% set registers = [
    'invoices', 'payments', 'payment_reversals', 'payment_applications', 'credit_notes', 'credit_note_applications', 'opening_balances',
    'write_offs',
] %}
{% set marts = {
    'fct_invoices': 'invoice_id', 'fct_payments': 'payment_id',
    'fct_payment_applications': 'application_id', 'fct_credit_notes': 'cn_id', 'dim_customers': 'customer_id',
    'dim_report_dates': 'as_of',
} %}
with files as (
    select source_file_id from {{ ref('stg_cfdi__documents') }}
    {%- for register in registers %}
    union all
    select distinct source_file_id from {{ ref('stg_register__' ~ register) }}
    {%- endfor %}
),

named as (
    {%- for mart in facts %}
    select '{{ mart }}' as mart, source_file_id from {{ ref(mart) }} {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select n.mart, n.source_file_id as entity, count(*) as rows_count
from named as n left join files as f on n.source_file_id = f.source_file_id
where n.source_file_id is not null and f.source_file_id is null
group by n.mart, n.source_file_id
union all
{% for mart, key in marts.items() %}
select '{{ mart }}' as mart, cast({{ key }} as string) as entity, count(*) as rows_count
from {{ ref(mart) }}
group by {{ key }}
having count(*) > 1 or {{ key }} is null {% if mart.startswith('fct_') %}or max(case when source_file_id is null then 1 else 0 end) = 1{% endif %}

union all
{% endfor %}
select 'fct_movements', invoice_id, count(*)
from {{ ref('fct_movements') }}
group by invoice_id, instalment, movement_number
having count(*) > 1 or invoice_id is null or instalment is null or movement_number is null
    or max(case when source_file_id is null then 1 else 0 end) = 1
union all
select 'fx_rates_daily', currency || cast(date as string), count(*)
from {{ ref('fx_rates_daily') }}
group by currency, date
having count(*) > 1
union all
-- keys of the marts that intervals use
select 'invoice_key', cast(invoice_key as string), count(*) from {{ ref('fct_invoices') }} group by invoice_key having count(*) > 1
union all
select 'customer_key', cast(customer_key as string), count(*) from {{ ref('dim_customers') }} group by customer_key having count(*) > 1
