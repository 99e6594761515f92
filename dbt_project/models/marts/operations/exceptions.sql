-- What needs somebody's eyes at the run's as_of: one row per rule and entity. What each rule means, why it matters and
-- what to do stand in the seed exception_rules.
with

found as (
    select rule, entity_type, entity_id, customer_id, amount_mxn, detail, since, cast(null as string) as owner
    from {{ ref('int_exceptions_documents') }}
    union all
    select rule, entity_type, entity_id, customer_id, amount_mxn, detail, since, null from {{ ref('int_exceptions_payments') }}
    union all
    select rule, entity_type, entity_id, customer_id, amount_mxn, detail, since, owner from {{ ref('int_exceptions_balances') }}
),

once as (
    select *, row_number() over (partition by rule, entity_id order by since, detail, entity_type) as place from found
    where since is null or since <= {{ as_of() }}
),

-- whose due date nobody gave: neither the document, nor the customer's terms
assumed as (
    select 'invoice' as entity_type, invoice_id as entity_id from {{ ref('fct_invoices') }} where due_rule = 'default'
    union
    select 'customer', customer_id from {{ ref('fct_invoices') }} where due_rule = 'default'
),

final as (
    select
        f.rule,
        f.entity_type,
        f.entity_id,
        f.customer_id,
        cast(f.amount_mxn as decimal(18, 2)) as amount_mxn,
        f.detail,
        coalesce(f.owner, c.account_owner) as owner,
        f.since,
        -- a due date that the customer's terms give needs nobody; one that was assumed does
        case when f.rule = 'MISSING_DUE_DATE' and a.entity_id is null then 'info' else r.severity end as severity
    from once as f
    inner join {{ ref('exception_rules') }} as r on f.rule = r.rule
    left join {{ ref('dim_customers') }} as c on f.customer_id = c.customer_id
    left join assumed as a on f.entity_type = a.entity_type and f.entity_id = a.entity_id
    where f.place = 1
)

select * from final
order by rule, entity_id
