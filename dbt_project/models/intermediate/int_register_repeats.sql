-- The same id twice inside one file, for invoices and payments: equal rows (contents_count 1) or different ones.
{% for kind, key in [('invoices', 'invoice_id'), ('payments', 'payment_id')] %}
select
    '{{ kind }}' as kind,
    {{ key }} as entity_id,
    source_file_id,
    max(delivery_date) as delivery_date,
    cast(count(*) as integer) as rows_count,
    cast(count(distinct row_hash) as integer) as contents_count
from {{ ref('stg_register__' ~ kind) }}
group by {{ key }}, source_file_id
having count(*) > 1
{% if not loop.last %}union all{% endif %}
{% endfor %}
