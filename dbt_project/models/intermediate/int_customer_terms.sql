-- Terms and limits of each customer by delivery: a change holds from its delivery on, the first one from always.
-- payment_mask: seven 0/1, Monday first, of the customer's payment days.
with versions as (
    select
        customer_id,
        delivery_date,
        terms_days,
        terms_from,
        payment_days,
        credit_limit,
        credit_limit_currency,
        row_number() over (partition by customer_id order by delivery_date) as place,
        lead(delivery_date) over (partition by customer_id order by delivery_date) as next_delivery
    from {{ latest_delivery(ref('stg_register__customers'), ['customer_id', 'delivery_date']) }} as v
)

select
    c.customer_key,
    case when v.place = 1 then cast('0001-01-01' as date) else v.delivery_date end as valid_from,
    coalesce(v.next_delivery, {{ forever() }}) as valid_to,
    v.terms_days,
    lower(v.terms_from) as terms_from,
    v.payment_days,
    {{ weekday_mask('v.payment_days') }} as payment_mask,
    {{ money('v.credit_limit') }} as credit_limit,
    coalesce(v.credit_limit_currency, 'MXN') as credit_limit_currency
from versions as v
inner join {{ ref('int_customers') }} as c on v.customer_id = c.customer_id
