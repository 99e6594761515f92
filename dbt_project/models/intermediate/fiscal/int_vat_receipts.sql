-- What settled invoices in a way that causes VAT, in two readings (METRICS.md section 10). Fiscal: of a PPD, its REP's
-- documents; of any other, the real receipt, else the PUE assumed paid. Bank: receipts of the payments register, or that
-- the bank shows; before the home has a register, the documents stand for it. Advances count by their payment's day.
-- is_void: counted until void_date, when its REP or its invoice was cancelled. One row a reading, receipt and invoice.
with

cash_source as (select min(payment_date) as first_date from {{ ref('int_register_payments') }}),

bank as (
    select payment_id, max(case when kind = 'payment' then value_date end) as paid_day, max(case when kind = 'reversal' then value_date end) as returned_day
    from {{ ref('int_bank_matches') }}
    where status in ('matched', 'amount_mismatch') and payment_id is not null
    group by payment_id
),

-- a REP without register that was cancelled never counted; money that came back left on the day that it did
payments as (
    select
        p.payment_key, p.rep_uuid, d.pago_key, p.company_rfc, p.payment_date, p.fx_rate, p.amount_ccy, p.sources, p.is_restored,
        case when p.forma_pago = '02' then coalesce(b.paid_day, p.payment_date) else p.payment_date end as fiscal_date,
        coalesce(b.paid_day, p.payment_date) as received_date,
        case when p.sources like 'register%' then coalesce(b.returned_day, p.reversed_date) end as reversed_date,
        case when p.sources not like 'register%' then p.reversed_date end as void_date,
        p.sources like 'register%' or b.paid_day is not null or not p.is_cash
        or p.payment_date < coalesce(s.first_date, {{ forever() }}) as is_in_bank,
        {{ causes_vat('p.forma_pago') }} as causes_vat
    from {{ ref('int_payments') }} as p
    cross join cash_source as s
    left join {{ ref('int_payment_documents') }} as d on p.payment_id = d.payment_id
    left join bank as b on p.payment_id = b.payment_id
),

documents as (
    select *, count(*) over (partition by pago_key, invoice_key) as of_invoice from {{ ref('int_rep_documents') }}
),

applications as (
    select
        a.invoice_key, a.payment_key, a.applied_date, a.amount_ccy, p.company_rfc, p.sources, p.rep_uuid, p.pago_key, p.is_restored,
        p.payment_date, p.fiscal_date, p.received_date, p.reversed_date, p.void_date, p.is_in_bank, i.metodo_pago,
        d.docto_number, {{ pesos('a.amount_payment_ccy', 'p.fx_rate') }} as amount_mxn
    from {{ ref('int_payment_applications') }} as a
    inner join payments as p on a.payment_key = p.payment_key
    left join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
    left join documents as d
        on p.pago_key = d.pago_key and a.invoice_key = d.invoice_key and d.of_invoice = 1 and a.amount_ccy = d.amount_ccy
    where p.causes_vat
),

receipts as (
    -- the REP's word on PPD invoices, and on those that never came
    select
        'fiscal' as reading, d.invoice_key, p.payment_key, d.pago_key, d.docto_number, g.company_rfc,
        coalesce(case when g.forma_pago = '02' then p.fiscal_date end, g.payment_date) as receipt_date, g.rep_issue_date as recorded_date,
        p.reversed_date, g.cancel_date as void_date, d.amount_ccy, {{ pesos('d.amount_payment_ccy', "case when g.currency = 'MXN' then 1 else coalesce(g.fx_rate, p.fx_rate) end") }} as amount_mxn,
        false as is_assumed
    from documents as d
    inner join {{ ref('int_rep_pagos') }} as g on d.pago_key = g.pago_key
    left join payments as p on d.pago_key = p.pago_key
    left join {{ ref('int_invoice_attributes') }} as i on d.invoice_key = i.invoice_key
    where (i.invoice_key is null or i.metodo_pago = 'PPD') and {{ causes_vat('g.forma_pago') }}
    union all
    -- what came back of a REP that is several payments: deposits apart, or one returned in part
    select
        'fiscal', a.invoice_key, a.payment_key, a.pago_key, null, a.company_rfc, a.reversed_date, a.reversed_date, null, null,
        -a.amount_ccy, -a.amount_mxn, false
    from applications as a
    inner join (select distinct rep_uuid from {{ ref('int_rep_pagos') }}) as g on a.rep_uuid = g.rep_uuid
    where a.metodo_pago = 'PPD' and a.pago_key is null and a.reversed_date is not null
    union all
    -- and what of it was given back
    select
        'fiscal', a.invoice_key, a.payment_key, a.pago_key, null, a.company_rfc, a.fiscal_date, a.fiscal_date, null, null,
        a.amount_ccy, a.amount_mxn, false
    from applications as a
    inner join (select distinct rep_uuid from {{ ref('int_rep_pagos') }}) as g on a.rep_uuid = g.rep_uuid
    where a.metodo_pago = 'PPD' and a.pago_key is null and a.is_restored
    union all
    -- the real receipt of the others, and of a PPD whose REP is known only by its UUID
    select
        'fiscal', a.invoice_key, a.payment_key, a.pago_key, a.docto_number, a.company_rfc,
        case when a.metodo_pago = 'PPD' then a.fiscal_date else a.received_date end, greatest(a.payment_date, a.applied_date),
        a.reversed_date, a.void_date, a.amount_ccy, a.amount_mxn, a.sources = 'assumed'
    from applications as a
    left join (select distinct rep_uuid from {{ ref('int_rep_pagos') }}) as g on a.rep_uuid = g.rep_uuid
    where a.invoice_key is not null
        and (coalesce(a.metodo_pago, '') <> 'PPD' or (a.rep_uuid is not null and a.pago_key is null and g.rep_uuid is null))
    union all
    select
        'bank', a.invoice_key, a.payment_key, a.pago_key, a.docto_number, a.company_rfc, a.received_date,
        greatest(a.payment_date, a.applied_date), a.reversed_date, a.void_date, a.amount_ccy, a.amount_mxn, a.sources = 'assumed'
    from applications as a
    where a.is_in_bank
    union all
    -- money on no invoice: an advance whose VAT nobody has said
    select
        'bank', null, p.payment_key, null, null, p.company_rfc, p.received_date, p.payment_date, p.reversed_date, p.void_date, null,
        {{ pesos('p.amount_ccy - coalesce(a.amount_ccy, 0)', 'p.fx_rate') }}, false
    from payments as p
    left join (
        select payment_key, sum(amount_payment_ccy) as amount_ccy from {{ ref('int_payment_applications') }} group by payment_key
    ) as a on p.payment_key = a.payment_key
    where p.is_in_bank and p.causes_vat and p.amount_ccy > coalesce(a.amount_ccy, 0)
)

select
    cast(row_number() over (order by reading, invoice_key, receipt_date, payment_key, pago_key, docto_number, amount_ccy, amount_mxn) as integer)
        as receipt_key,
    *,
    void_date is not null as is_void
from receipts
