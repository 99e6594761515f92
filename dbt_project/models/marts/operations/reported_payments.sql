-- Payments that a customer or a collector says were made, and whether the register (or a REP) or the bank confirms
-- them. A report never lowers a balance: it holds the reminders of its invoice (without one, of its customer) for
-- `reported_payment_hold_days`, and for as long as the money is in the bank and not in the register. A report is a
-- payment of the customer by its reference, else by currency and amount within 5 days: one to one, the closest first.
with

reports as (
    select
        r.report_id,
        coalesce(c.customer_key, i.customer_key) as customer_key,
        coalesce(i.invoice_id, r.invoice_id) as invoice_id,
        r.reported_date,
        {{ money('r.amount') }} as amount_ccy,
        r.currency,
        r.method,
        nullif(trim(r.reference), '') as reference,
        {{ add_days('r.reported_date', var('reported_payment_hold_days')) }} as hold_until
    from {{ log_rows(ref('stg_register__reported_payments'), ['report_id'], 'reported_date') }} as r
    left join {{ ref('int_invoice_aliases') }} as a on a.alias = {{ invoice_alias('r.invoice_id') }}
    left join {{ ref('int_invoices_unified') }} as i on a.invoice_key = i.invoice_key
    left join {{ ref('int_customers') }} as c on r.customer_id = c.customer_id
),

candidates as (
    select
        r.report_id,
        r.reported_date,
        p.payment_id,
        p.payment_date,
        coalesce(r.reference = p.bank_reference, false) as is_referred,
        r.amount_ccy = p.amount_ccy as is_same_amount,
        abs({{ days_between('r.reported_date', 'p.payment_date') }}) as gap_days
    from reports as r
    inner join {{ ref('int_payments') }} as p on r.customer_key = p.customer_key and r.currency = p.currency
    where p.reversed_date is null and coalesce(p.sources, '') <> 'assumed'
),

ranked as (
    select
        *,
        row_number() over (
            partition by report_id order by is_referred desc, is_same_amount desc, gap_days, payment_date, payment_id
        ) as report_place,
        row_number() over (
            partition by payment_id order by is_referred desc, is_same_amount desc, gap_days, reported_date, report_id
        ) as payment_place
    from candidates
    where is_referred or (is_same_amount and gap_days <= 5)
),

registered as (select report_id, payment_id from ranked where report_place = 1 and payment_place = 1),

deposits as (
    select
        r.report_id,
        b.bank_line_id,
        row_number() over (
            partition by r.report_id
            order by coalesce(r.reference = b.bank_reference, false) desc, b.value_date, b.bank_line_id
        ) as report_place,
        row_number() over (
            partition by b.bank_line_id
            order by coalesce(r.reference = b.bank_reference, false) desc, r.reported_date, r.report_id
        ) as line_place
    from reports as r
    inner join {{ ref('bank_reconciliation') }} as b on r.currency = b.currency and r.amount_ccy = b.bank_amount_ccy
    left join registered as p on r.report_id = p.report_id
    where b.status = 'bank_line_unidentified' and p.report_id is null
        and abs({{ days_between('r.reported_date', 'b.value_date') }}) <= 5
),

judged as (
    select
        r.*,
        p.payment_id,
        d.bank_line_id,
        case
            when p.payment_id is not null then 'registered'
            when d.bank_line_id is not null then 'in_bank'
            when r.hold_until >= {{ as_of() }} then 'pending'
            else 'expired'
        end as status
    from reports as r
    left join registered as p on r.report_id = p.report_id
    left join deposits as d on r.report_id = d.report_id and d.report_place = 1 and d.line_place = 1
),

final as (
    select
        j.report_id,
        c.customer_id,
        c.customer_name,
        j.invoice_id,
        j.reported_date,
        j.amount_ccy,
        j.currency,
        {{ pesos('j.amount_ccy', 'x.mxn_per_unit') }} as amount_mxn,
        j.method,
        j.reference,
        j.status,
        j.status in ('pending', 'in_bank') as is_holding,
        j.hold_until,
        j.payment_id,
        j.bank_line_id
    from judged as j
    left join {{ ref('dim_customers') }} as c on j.customer_key = c.customer_key
    left join {{ ref('fx_rates_daily') }} as x on x.date = {{ as_of() }} and j.currency = x.currency
)

select * from final
order by report_id
