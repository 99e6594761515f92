-- PUE invoices that count as collected on their issue date: no payments register covers that date and no payment
-- names them. The amount is what notes of that day, and advances, leave of the total.
with cash_source as (
    select min(payment_date) as first_date from {{ ref('stg_register__payments') }}
),

paid as (
    select distinct invoice_key from {{ ref('int_application_documents') }} where invoice_key is not null
),

notes as (
    select
        a.invoice_key,
        sum(a.amount_ccy) as amount_ccy
    from {{ ref('int_credit_note_applications') }} as a
    inner join {{ ref('int_credit_notes') }} as n on a.cn_key = n.cn_key
    inner join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
    where n.cancel_date is null and (n.kind = 'anticipo' or n.issue_date <= i.issue_date)
    group by a.invoice_key
)

select
    i.invoice_key,
    k.last_key + cast(row_number() over (order by i.invoice_key) as integer) as payment_key,
    'pue:' || i.invoice_id as payment_id,
    i.customer_key,
    i.company_rfc,
    i.issue_date as payment_date,
    i.currency,
    i.fx_rate,
    i.forma_pago,
    coalesce(f.is_cash, true) as is_cash,
    i.end_date as reversed_date,
    i.delivery_date,
    i.source_file_id,
    cast(i.total_ccy - coalesce(n.amount_ccy, 0) as decimal(18, 2)) as amount_ccy
from {{ ref('int_invoice_attributes') }} as i
cross join cash_source as s
cross join (select coalesce(max(payment_key), 0) as last_key from {{ ref('int_payment_documents') }}) as k
left join {{ ref('payment_forms') }} as f on i.forma_pago = f.forma_pago
left join paid as p on i.invoice_key = p.invoice_key
left join notes as n on i.invoice_key = n.invoice_key
where
    '{{ var("pue_without_cash_source") }}' = 'paid'
    and i.metodo_pago = 'PUE'
    and not i.is_opening
    and (i.is_receivable or i.is_global)
    and i.total_ccy > coalesce(n.amount_ccy, 0)
    and p.invoice_key is null
    and (s.first_date is null or i.issue_date < s.first_date)
