-- The cut of payments and credit notes as documents of their customer: doc_type payment | credit_note and doc_key.
with

customers as (select customer_key, branch, segment, account_owner from {{ ref('int_customers') }}),

documents as (
    select 'payment' as doc_type, payment_key as doc_key, customer_key, company_rfc, currency from {{ ref('int_payments') }}
    union all
    select 'credit_note', cn_key, customer_key, company_rfc, currency from {{ ref('int_credit_notes') }}
),

final as (
    select d.doc_type, d.doc_key, c.cut_key
    from documents as d
    left join customers as k on d.customer_key = k.customer_key
    inner join {{ ref('int_cuts') }} as c
        on coalesce(d.customer_key, -1) = c.customer_key
        and coalesce(d.company_rfc, 'sin asignar') = c.company_rfc
        and coalesce(d.currency, 'sin asignar') = c.currency
        and coalesce(k.branch, 'sin asignar') = c.branch
        and coalesce(k.segment, 'sin asignar') = c.segment
        and coalesce(k.account_owner, 'sin asignar') = c.account_owner
        and c.salesperson = 'sin asignar'
)

select * from final
