-- Customers with their contact data of today and the terms and limit in force at as_of.
select
    c.customer_id,
    c.customer_key,
    c.customer_name,
    c.rfc,
    c.segment,
    c.branch,
    c.account_owner,
    r.account_owner_email,
    r.contact_name,
    r.contact_email,
    r.contact_phone,
    t.terms_days,
    t.terms_from,
    r.revision_days,
    r.payment_days,
    r.portal,
    t.credit_limit,
    case when t.credit_limit is not null then t.credit_limit_currency end as credit_limit_currency,
    coalesce(r.do_not_contact, false) as do_not_contact,
    r.tags,
    c.sources,
    c.is_generic
from {{ ref('int_customers') }} as c
left join {{ latest_delivery(ref('stg_register__customers'), ['customer_id']) }} as r on c.customer_id = r.customer_id
left join {{ ref('int_customer_terms') }} as t
    on c.customer_key = t.customer_key and t.valid_from <= {{ as_of() }} and t.valid_to > {{ as_of() }}
