-- Every customer named anywhere, under one integer key: the register's, those that only documents name, and receivers.
with registered as (
    select * from {{ latest_delivery(ref('stg_register__customers'), ['customer_id']) }} as c
),

receivers as (
    select
        customer_id,
        {{ last_by('receptor_nombre', "cast(fecha as string) || uuid") }} as customer_name,
        {{ last_by('receptor_rfc', "cast(fecha as string) || uuid") }} as rfc
    from {{ ref('int_cfdi_documents') }}
    where is_own and outcome = 'counts' and tipo_de_comprobante in ('I', 'E', 'P') and issue_date <= {{ as_of() }}
    group by customer_id
),

named as (
    select customer_id from registered
    union
    select customer_id from receivers
    {% for kind in ['invoices', 'payments', 'credit_notes', 'opening_balances', 'pending_sales', 'incidents', 'promises',
                    'reminders', 'actions', 'reported_payments', 'plan_billing', 'plan_collections'] %}
    union
    select customer_id from {{ ref('stg_register__' ~ kind) }}
    {% endfor %}
    union
    -- whoever paid an invoice that never came
    select 'desconocido'
    from {{ ref('stg_register__payments') }} as p
    left join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('coalesce(p.invoice_id, p.invoice_uuid)') }} = a.alias
    where p.customer_id is null and a.alias is null
)

select
    cast(row_number() over (order by n.customer_id) as integer) as customer_key,
    n.customer_id,
    case
        when r.customer_id is not null then r.name
        when n.customer_id = 'publico' then 'Público en general'
        when n.customer_id = 'desconocido' then 'Cliente por identificar'
        else coalesce(c.customer_name, n.customer_id)
    end as customer_name,
    upper(coalesce(r.rfc, c.rfc)) as rfc,
    case when r.customer_id is not null then 'register' when c.customer_id is not null then 'cfdi' else 'documents' end
        as sources,
    n.customer_id in ('publico', 'desconocido') as is_generic,
    r.branch,
    r.segment,
    r.account_owner
from named as n
left join registered as r on n.customer_id = r.customer_id
left join receivers as c on n.customer_id = c.customer_id
where n.customer_id is not null
