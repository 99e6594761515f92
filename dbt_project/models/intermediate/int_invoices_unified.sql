-- The invoice as every mart reads it: its attributes, and whether it is a credit sale (C9).
{{ config(materialized='view') }}
select
    i.*,
    p.invoice_key is not null as pue_assumed_paid,
    i.due_date > i.issue_date and p.invoice_key is null and not i.is_global as is_credit_sale
from {{ ref('int_invoice_attributes') }} as i
left join {{ ref('int_pue_assumed') }} as p on i.invoice_key = p.invoice_key
