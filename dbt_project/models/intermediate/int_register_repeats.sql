-- The same id twice inside one file, for invoices and payments: equal rows (contents_count 1) or different ones.
-- Only the rows of an id that came more than once, in whatever file, are looked at with their contents.
{% for kind, key in [('invoices', 'invoice_id'), ('payments', 'payment_id')] %}
select
    '{{ kind }}' as kind,
    x.{{ key }} as entity_id,
    x.source_file_id,
    max(x.delivery_date) as delivery_date,
    cast(count(*) as integer) as rows_count,
    cast(count(distinct x.row_hash) as integer) as contents_count
from {{ ref('stg_register__' ~ kind) }} as x
inner join (
    select {{ key }} from {{ ref('stg_register__' ~ kind) }} group by {{ key }} having count(*) > 1
) as again on x.{{ key }} = again.{{ key }}
group by x.{{ key }}, x.source_file_id
having count(*) > 1
{% if not loop.last %}union all{% endif %}
{% endfor %}
