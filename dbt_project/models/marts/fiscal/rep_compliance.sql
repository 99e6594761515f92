-- Complementos de pago: each payment of a PPD invoice with the day by which its REP had to exist (day
-- rep_deadline_day of the next month) and the day it was issued. Without the REP's own file, only its UUID is known.
with

reps as (
    select uuid, min(issue_date) as issued_date
    from {{ ref('int_cfdi_documents') }}
    where tipo_de_comprobante = 'P' and outcome = 'counts'
    group by uuid
),

paid as (
    select
        a.original_invoice_id as invoice_id,
        a.payment_id,
        max(a.customer_id) as customer_id,
        max(a.payment_date) as payment_date,
        max(a.reversed_date) as reversed_date,
        sum(a.amount_ccy) as amount_ccy,
        max(a.currency) as currency,
        sum(a.amount_mxn_issue) as amount_mxn
    from {{ ref('fct_payment_applications') }} as a
    where a.is_invoice_known
    group by a.original_invoice_id, a.payment_id
),

dated as (
    select
        p.*,
        f.rep_uuid,
        i.company_rfc,
        {{ rep_deadline('p.payment_date') }} as rep_due_date,
        r.issued_date as rep_issued_date
    from paid as p
    inner join {{ ref('fct_invoices') }} as i on p.invoice_id = i.invoice_id
    inner join {{ ref('fct_payments') }} as f on p.payment_id = f.payment_id
    left join reps as r on f.rep_uuid = r.uuid
    where i.metodo_pago = 'PPD' and coalesce(f.sources, '') <> 'assumed'
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
            when reversed_date is null then greatest({{ days_between('rep_due_date', as_of()) }}, 0)
        end as days_late,
        case
            when rep_issued_date > rep_due_date then 'late'
            when rep_issued_date is not null then 'on_time'
            when rep_uuid is not null then 'issued'
            when reversed_date is not null then 'not_required'
            when rep_due_date < {{ as_of() }} then 'missing'
            else 'pending'
        end as status
    from dated
)

select * from final
