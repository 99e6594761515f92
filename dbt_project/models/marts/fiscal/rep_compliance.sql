-- Complementos de pago: each payment of a PPD invoice with the day by which its REP had to exist (day
-- rep_deadline_day of the next month) and the day it was issued. Without the REP's own file, only its UUID is known.
with

receipts as (
    select p.payment_key, p.payment_id, p.payment_date, p.reversed_date, p.rep_uuid, r.issue_date as rep_issued_date
    from {{ ref('int_payments') }} as p
    left join (
        select uuid, issue_date from {{ ref('int_cfdi_documents') }} where tipo_de_comprobante = 'P' and outcome = 'counts'
    ) as r on p.rep_uuid = r.uuid
),

applied as (
    select a.application_key, a.payment_key, a.invoice_key, coalesce(m.invoice_key, a.invoice_key) as home_key, a.amount_ccy
    from {{ ref('int_payment_applications') }} as a
    left join {{ ref('int_moved_applications') }} as m on a.application_key = m.application_key
    where a.invoice_key is not null and a.source_kind <> 'assumed'
),

-- the customer and the rate are of the invoice where the payment stands now
paid as (
    select
        a.invoice_key,
        a.payment_key,
        max(h.customer_key) as customer_key,
        sum(a.amount_ccy) as amount_ccy,
        sum({{ pesos('a.amount_ccy', 'h.fx_rate') }}) as amount_mxn
    from applied as a
    inner join {{ ref('int_invoice_attributes') }} as h on a.home_key = h.invoice_key
    group by a.invoice_key, a.payment_key
),

dated as (
    select
        i.invoice_id,
        p.payment_id,
        c.customer_id,
        i.company_rfc,
        p.payment_date,
        p.reversed_date,
        i.currency,
        a.amount_ccy,
        a.amount_mxn,
        p.rep_uuid,
        {{ rep_deadline('p.payment_date') }} as rep_due_date,
        p.rep_issued_date
    from paid as a
    inner join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
    inner join receipts as p on a.payment_key = p.payment_key
    inner join {{ ref('int_customers') }} as c on a.customer_key = c.customer_key
    where i.metodo_pago = 'PPD'
),

final as (
    select
        invoice_id,
        payment_id,
        customer_id,
        company_rfc,
        payment_date,
        currency,
        {{ money('amount_ccy') }} as amount_ccy,
        {{ money('amount_mxn') }} as amount_mxn,
        rep_uuid,
        rep_due_date,
        rep_issued_date,
        rep_uuid is not null as is_issued,
        case
            when rep_issued_date is not null then greatest({{ days_between('rep_due_date', 'rep_issued_date') }}, 0)
            when rep_uuid is not null then null
            when reversed_date is null and amount_ccy > 0 then greatest({{ days_between('rep_due_date', as_of()) }}, 0)
        end as days_late,
        case
            when rep_issued_date > rep_due_date then 'late'
            when rep_issued_date is not null then 'on_time'
            when rep_uuid is not null then 'issued'
            when reversed_date is not null or amount_ccy <= 0 then 'not_required'
            when rep_due_date < {{ as_of() }} then 'missing'
            else 'pending'
        end as status
    from dated
)

select * from final
