-- Every combination of the seven things by which balances are cut, with an integer key. Documents without an
-- invoice (payments, credit notes) stand under their customer's own branch, and no salesperson.
with

customers as (select customer_id, branch, segment, account_owner from {{ ref('dim_customers') }}),

documents as (
    select customer_id, company_rfc, currency from {{ ref('fct_payments') }}
    union
    select customer_id, company_rfc, currency from {{ ref('fct_credit_notes') }}
),

combinations as (
    select customer_id, company_rfc as company, branch, segment, salesperson, account_owner, currency
    from {{ ref('fct_invoices') }}
    union
    select d.customer_id, d.company_rfc, c.branch, c.segment, cast(null as varchar), c.account_owner, d.currency
    from documents as d left join customers as c on d.customer_id = c.customer_id
),

named as (
    select distinct
        coalesce(customer_id, '') as customer_id,
        coalesce(company, 'sin asignar') as company,
        coalesce(branch, 'sin asignar') as branch,
        coalesce(segment, 'sin asignar') as segment,
        coalesce(salesperson, 'sin asignar') as salesperson,
        coalesce(account_owner, 'sin asignar') as account_owner,
        coalesce(currency, 'sin asignar') as currency
    from combinations
),

final as (
    select
        cast(row_number() over (
            order by customer_id, company, branch, segment, salesperson, account_owner, currency
        ) as integer) as cut_key,
        cast(dense_rank() over (order by customer_id) as integer) as customer_key,
        *
    from named
)

select * from final
