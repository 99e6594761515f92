-- The RFCs that exactly one customer of the register has, and whose they are.
select
    upper(rfc) as rfc,
    min(customer_id) as customer_id
from {{ latest_delivery(ref('stg_register__customers'), ['customer_id']) }} as c
where rfc is not null and upper(rfc) not in ('XAXX010101000', 'XEXX010101000')
group by upper(rfc)
having count(*) = 1
