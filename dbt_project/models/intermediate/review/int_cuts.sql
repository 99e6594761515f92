-- Every combination of the seven things by which balances are cut, with an integer key. Documents without an
-- invoice (payments, credit notes) stand under their customer's own branch, and under no salesperson.
with

customers as (select customer_key, customer_id, branch, segment, account_owner from {{ ref('int_customers') }}),

documents as (
    select customer_key, company_rfc, currency from {{ ref('int_payments') }}
    union
    select customer_key, company_rfc, currency from {{ ref('int_credit_notes') }}
    union
    select customer_key, company_rfc, currency from {{ ref('int_invoices_unified') }}
),

combinations as (
    select customer_key, company_rfc, branch, segment, salesperson, account_owner, currency
    from {{ ref('int_invoices_unified') }}
    union
    select d.customer_key, d.company_rfc, c.branch, c.segment, cast(null as string), c.account_owner, d.currency
    from documents as d left join customers as c on d.customer_key = c.customer_key
),

named as (
    select distinct
        coalesce(customer_key, -1) as customer_key,
        {%- for column in cut_columns() %}
        coalesce({{ column }}, 'sin asignar') as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from combinations
),

final as (
    select
        cast(row_number() over (order by n.customer_key, {{ cut_columns() | join(', ') }}) as integer) as cut_key,
        n.*,
        coalesce(c.customer_id, '') as customer_id
    from named as n left join (select customer_key, customer_id from customers) as c on n.customer_key = c.customer_key
)

select * from final
