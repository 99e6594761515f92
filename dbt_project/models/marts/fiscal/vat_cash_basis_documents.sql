-- The documents behind vat_cash_basis: what each invoice and credit note charged, and what each receipt collected of it,
-- by rate. A line that both readings share is `both`. The month mart is the sum of these lines.
with

charged as (
    select
        'charged' as entry, 'both' as reading, issue_date as day, issue_date as recorded_date, company_rfc, rate,
        case when rate = 'sin_dato' then 'no_taxes' when is_inferred then 'register' else 'cfdi' end as rule,
        case when doc_type = 'I' then doc_key end as invoice_key, case when doc_type = 'E' then doc_key end as cn_key,
        cast(null as integer) as payment_key, cast(null as integer) as pago_key, is_inferred,
        {%- for column in ['base', 'vat', 'withheld'] %}
        case when doc_type = 'E' then -{{ column }}_mxn else {{ column }}_mxn end as {{ column }}_mxn,
        {%- endfor %}
        case when doc_type = 'E' then vat_mxn - issue_vat_mxn else 0 end as fx_mxn
    from {{ ref('int_book_taxes') }}
    where excluded_date is null
),

-- only where an invoice has several receipts can two lines be one
collected as (
    select
        c.reading, c.receipt_date as day, max(c.fiscal_recorded) as fiscal_recorded, max(c.bank_recorded) as bank_recorded, c.company_rfc, c.rate, c.rule,
        c.invoice_key, cast(null as integer) as cn_key, c.payment_key, c.pago_key, c.is_inferred,
        sum(c.base_mxn) as base_mxn, sum(c.vat_mxn) as vat_mxn, sum(c.withheld_mxn) as withheld_mxn, sum(c.fx_mxn) as fx_mxn
    from {{ ref('int_vat_collected') }} as c
    where not c.is_void and not c.is_alone
    group by c.reading, c.receipt_date, c.company_rfc, c.rate, c.rule, c.invoice_key, c.payment_key, c.pago_key, c.is_inferred
    union all
    select
        n.reading, n.day, n.day, n.day, d.company_rfc, n.rate, 'credit_note', n.invoice_key, n.cn_key, null, null, n.is_inferred,
        n.base_mxn, n.vat_mxn, n.withheld_mxn, n.vat_mxn - n.issue_vat_mxn
    from {{ ref('int_vat_notes') }} as n
    inner join {{ ref('int_book_documents') }} as d on d.doc_type = 'E' and n.cn_key = d.doc_key
),

lines as (
    select * from charged
    union all
    select
        'collected', case when count(*) = 2 then 'both' else max(reading) end, day, greatest(max(fiscal_recorded), max(bank_recorded)), company_rfc, rate, rule,
        invoice_key, cn_key, payment_key, pago_key, is_inferred, base_mxn, vat_mxn, withheld_mxn, fx_mxn
    from collected
    group by day, company_rfc, rate, rule, invoice_key, cn_key, payment_key, pago_key, is_inferred, base_mxn, vat_mxn, withheld_mxn, fx_mxn
    union all
    select
        'collected', reading, receipt_date, greatest(fiscal_recorded, bank_recorded), company_rfc, rate, rule, invoice_key, null, payment_key, pago_key,
        is_inferred, base_mxn, vat_mxn, withheld_mxn, fx_mxn
    from {{ ref('int_vat_collected') }}
    where not is_void and is_alone
),

final as (
    select
        {{ month_start('l.day') }} as month,
        coalesce(i.company_rfc, l.company_rfc, 'sin asignar') as company,
        l.rate,
        l.entry,
        l.reading,
        l.day as date,
        l.recorded_date,
        l.rule,
        i.invoice_id,
        n.cn_id,
        coalesce(p.payment_id, {{ pago_id('g') }}) as payment_id,
        {%- for column in ['base', 'vat', 'withheld'] %}
        {{ money('l.' ~ column ~ '_mxn') }} as {{ column }}_mxn,
        {%- endfor %}
        {{ money('l.fx_mxn') }} as fx_mxn,
        l.is_inferred as is_rate_inferred
    from lines as l
    left join {{ ref('int_invoice_attributes') }} as i on l.invoice_key = i.invoice_key
    left join {{ ref('int_credit_notes') }} as n on l.cn_key = n.cn_key
    left join {{ ref('int_payments') }} as p on l.payment_key = p.payment_key
    -- a Pago that no payment is
    left join {{ ref('int_rep_pagos') }} as g on l.pago_key = g.pago_key and l.payment_key is null
)

select * from final
