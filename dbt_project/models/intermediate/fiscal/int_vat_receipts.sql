-- What settled invoices in a way that causes VAT, in two readings (METRICS.md section 10). Fiscal: of a PPD, its REP's
-- documents; of any other, the real receipt, else the PUE assumed paid. Bank: receipts of the payments register, or that
-- the bank shows; before the home has a register, the documents stand for it. Advances count by their payment's day.
-- is_void: counted until void_date, when its REP or its invoice was cancelled. One row a receipt and invoice, with the day
-- on which it counts in each reading; a REP's word that differs from the receipt in more than the day is a row of its own.
with

cash_source as (select min(payment_date) as first_date from {{ ref('int_register_payments') }}),

bank as (
    select payment_key, max(case when kind = 'payment' then value_date end) as paid_day, max(case when kind = 'reversal' then value_date end) as returned_day
    from {{ ref('int_bank_matches') }}
    where status in ('matched', 'amount_mismatch') and payment_key is not null
    group by payment_key
),

-- a REP without register that was cancelled never counted; money that came back left on the day that it did
payments as (
    select
        p.payment_key, d.pago_key, case when d.pago_key is null then p.rep_uuid end as lone_rep, p.company_rfc, p.payment_date, p.fx_rate, p.amount_ccy,
        p.sources = 'assumed' as is_assumed, p.is_restored,
        case when p.forma_pago = '02' then coalesce(b.paid_day, p.payment_date) else p.payment_date end as fiscal_date,
        coalesce(b.paid_day, p.payment_date) as received_date,
        case when p.sources like 'register%' then coalesce(b.returned_day, p.reversed_date) end as reversed_date,
        case when p.sources not like 'register%' then p.reversed_date end as void_date,
        p.sources like 'register%' or b.paid_day is not null or not p.is_cash
        or p.payment_date < coalesce(s.first_date, {{ forever() }}) as is_in_bank,
        {{ causes_vat('p.forma_pago') }} as causes_vat
    from {{ ref('int_payments') }} as p
    cross join cash_source as s
    left join {{ ref('int_payment_documents') }} as d on p.payment_key = d.payment_key
    left join bank as b on p.payment_key = b.payment_key
),

-- the REP's word on PPD invoices, and on those that never came
documents as (
    select
        d.pago_key, d.docto_number, d.invoice_key, d.amount_ccy, d.amount_payment_ccy, g.company_rfc, g.forma_pago = '02' as is_cheque,
        g.payment_date, g.rep_issue_date, g.cancel_date, case when g.currency = 'MXN' then 1 else g.fx_rate end as fx_rate,
        r.pago_key is null as is_only_of_invoice,
        (i.invoice_key is null or i.metodo_pago = 'PPD') and {{ causes_vat('g.forma_pago') }} as is_fiscal
    from {{ ref('int_rep_documents') }} as d
    inner join {{ ref('int_rep_pagos') }} as g on d.pago_key = g.pago_key
    left join {{ ref('int_invoice_attributes') }} as i on d.invoice_key = i.invoice_key
    left join (select pago_key, invoice_key from {{ ref('int_rep_documents') }} group by pago_key, invoice_key having count(*) > 1) as r
        on d.pago_key = r.pago_key and d.invoice_key = r.invoice_key
),

-- with its REP's document, and whether the two say the same but for the day
applications as (
    select
        a.invoice_key, a.payment_key, p.pago_key, d.docto_number, p.lone_rep, p.company_rfc, a.amount_ccy, {{ pesos('a.amount_payment_ccy', 'p.fx_rate') }} as amount_mxn,
        p.is_assumed, p.is_restored, p.fiscal_date, p.received_date, p.reversed_date, p.void_date, p.is_in_bank, coalesce(i.metodo_pago, '') = 'PPD' as is_ppd,
        greatest(p.payment_date, a.applied_date) as recorded_date, coalesce(case when d.is_cheque then p.fiscal_date end, d.payment_date) as rep_date, d.rep_issue_date,
        coalesce(
            d.is_fiscal and p.is_in_bank and r.payment_key is null and d.company_rfc = p.company_rfc and coalesce(d.cancel_date, {{ forever() }}) = coalesce(p.void_date, {{ forever() }})
            and d.amount_payment_ccy = a.amount_payment_ccy and coalesce(d.fx_rate, p.fx_rate) = p.fx_rate, false
        ) as is_alike
    from {{ ref('int_payment_applications') }} as a
    inner join payments as p on a.payment_key = p.payment_key
    left join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
    left join documents as d
        on p.pago_key = d.pago_key and a.invoice_key = d.invoice_key and a.amount_ccy = d.amount_ccy and d.is_only_of_invoice
    left join (select payment_key, invoice_key from {{ ref('int_payment_applications') }} group by payment_key, invoice_key having count(*) > 1) as r
        on a.payment_key = r.payment_key and a.invoice_key = r.invoice_key
    where p.causes_vat
),

-- REPs that are several payments: deposits apart, or one returned in part
shared_reps as (
    select distinct a.lone_rep from applications as a inner join {{ ref('int_rep_pagos') }} as g on a.lone_rep = g.rep_uuid where a.is_ppd
),

receipts as (
    -- the receipt; its fiscal day is its REP's where both agree, and its own where no REP is asked for, or known only by its UUID
    select
        a.invoice_key, a.payment_key, a.pago_key, a.docto_number, a.company_rfc,
        case
            when a.is_alike then a.rep_date
            when a.invoice_key is not null and not a.is_ppd then a.received_date
            when a.invoice_key is not null and a.lone_rep is not null and g.lone_rep is null then a.fiscal_date
        end as fiscal_date,
        case when a.is_alike then a.rep_issue_date else a.recorded_date end as fiscal_recorded,
        case when a.is_in_bank then a.received_date end as bank_date, a.recorded_date as bank_recorded,
        a.reversed_date, a.void_date, a.amount_ccy, a.amount_mxn, a.is_assumed
    from applications as a
    left join shared_reps as g on a.lone_rep = g.lone_rep
    union all
    select
        d.invoice_key, p.payment_key, d.pago_key, d.docto_number, d.company_rfc,
        coalesce(case when d.is_cheque then p.fiscal_date end, d.payment_date), d.rep_issue_date, null, null,
        p.reversed_date, d.cancel_date, d.amount_ccy, {{ pesos('d.amount_payment_ccy', 'coalesce(d.fx_rate, p.fx_rate)') }}, false
    from documents as d
    left join payments as p on d.pago_key = p.pago_key
    left join applications as a on a.is_alike and p.payment_key = a.payment_key and d.docto_number = a.docto_number
    where d.is_fiscal and a.payment_key is null
    union all
    -- what came back of a REP that is several payments
    select
        a.invoice_key, a.payment_key, a.pago_key, null, a.company_rfc, a.reversed_date, a.reversed_date, null, null, null, null, -a.amount_ccy, -a.amount_mxn, false
    from applications as a inner join shared_reps as g on a.lone_rep = g.lone_rep
    where a.is_ppd and a.reversed_date is not null
    union all
    -- and what of it was given back
    select
        a.invoice_key, a.payment_key, a.pago_key, null, a.company_rfc, a.fiscal_date, a.fiscal_date, null, null, null, null, a.amount_ccy, a.amount_mxn, false
    from applications as a inner join shared_reps as g on a.lone_rep = g.lone_rep
    where a.is_ppd and a.is_restored
    union all
    -- money on no invoice: an advance whose VAT nobody has said
    select
        null, p.payment_key, null, null, p.company_rfc, null, null, p.received_date, p.payment_date, p.reversed_date, p.void_date, null,
        {{ pesos('p.amount_ccy - coalesce(a.amount_ccy, 0)', 'p.fx_rate') }}, false
    from payments as p
    left join (select payment_key, sum(amount_payment_ccy) as amount_ccy from {{ ref('int_payment_applications') }} group by payment_key) as a
        on p.payment_key = a.payment_key
    where p.is_in_bank and p.causes_vat and p.amount_ccy > coalesce(a.amount_ccy, 0)
)

select *, void_date is not null as is_void from receipts where fiscal_date is not null or bank_date is not null
