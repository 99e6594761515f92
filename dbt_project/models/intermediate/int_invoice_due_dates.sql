-- The due date of each invoice and the rule that gave it (METRICS C7), before instalments.
{%- set allowed %}
    case
        when due_rule = 'contrarrecibo' then {{ next_allowed_day('contractual_due_date', 'payment_mask') }}
        else contractual_due_date
    end
{%- endset %}
with dated as (
    select
        d.invoice_key,
        d.issue_date,
        d.document_due_date,
        d.contrarrecibo_date,
        d.metodo_pago,
        t.terms_days,
        t.terms_from,
        t.payment_mask,
        {{ condition_days('d.condiciones_de_pago') }} as condition_days
    from {{ ref('int_invoice_documents') }} as d
    left join {{ ref('int_customers') }} as c on d.customer_id = c.customer_id
    left join {{ ref('int_customer_terms') }} as t
        on c.customer_key = t.customer_key and d.issue_date >= t.valid_from and d.issue_date < t.valid_to
),

ruled as (
    select
        *,
        case
            when document_due_date is not null then 'document'
            when terms_from = 'contrarrecibo' and contrarrecibo_date is not null and terms_days is not null
                then 'contrarrecibo'
            when terms_days is not null then 'customer_terms'
            when condition_days is not null then 'payment_conditions'
            when metodo_pago = 'PUE' then 'pue'
            else 'default'
        end as due_rule
    from dated
),

contractual as (
    select
        *,
        case due_rule
            when 'document' then document_due_date
            when 'contrarrecibo' then {{ add_days('contrarrecibo_date', 'terms_days') }}
            when 'customer_terms' then {{ add_days('issue_date', 'terms_days') }}
            when 'payment_conditions' then {{ add_days('issue_date', 'condition_days') }}
            when 'pue' then issue_date
            else {{ add_days('issue_date', var('default_terms_days')) }}
        end as contractual_due_date
    from ruled
)

select
    invoice_key,
    contractual_due_date,
    {{ business_day(allowed) }} as due_date,
    due_rule,
    case due_rule
        when 'payment_conditions' then condition_days
        when 'pue' then 0
        when 'default' then {{ var('default_terms_days') }}
        when 'document' then coalesce(terms_days, {{ days_between('issue_date', 'document_due_date') }})
        else terms_days
    end as terms_days
from contractual
