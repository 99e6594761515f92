-- VAT of every receipt of int_vat_receipts by rate: the REP's ImpuestosDR, else the invoice's VAT in proportion of what was
-- paid to its total, as the difference of two rounded sums (a reversal too), so that a settled invoice leaves no centavo.
-- Pesos at the payment's rate; issue_vat_mxn is the same at the invoice's. Without a known tax the row has rate sin_dato and no amount.
with

moves as (
    select reading, invoice_key, receipt_key, receipt_date as day, recorded_date, void_date, is_void, amount_ccy, 1 as sign
    from {{ ref('int_vat_receipts') }}
    union all
    -- a cheque that came back undoes it on the day it did
    select
        reading, invoice_key, receipt_key, greatest(reversed_date, receipt_date), greatest(reversed_date, receipt_date), null, false,
        cast(-amount_ccy as decimal(18, 2)), -1
    from {{ ref('int_vat_receipts') }}
    where reversed_date is not null and not is_void
),

running as (
    select *, sum(amount_ccy) over w as so_far_ccy
    from moves
    window w as (partition by reading, is_void, invoice_key order by day, receipt_key, sign desc rows unbounded preceding)
),

receipts as (
    select
        m.*, r.payment_key, r.pago_key, r.docto_number, r.company_rfc, r.is_assumed, r.amount_ccy as receipt_ccy,
        r.amount_mxn, i.currency, i.fx_rate, i.total_ccy, coalesce(i.currency = 'MXN', false) as is_mxn
    from running as m
    inner join {{ ref('int_vat_receipts') }} as r on m.receipt_key = r.receipt_key
    left join {{ ref('int_invoice_attributes') }} as i on m.invoice_key = i.invoice_key
),

stated as (
    select
        p.pago_key, t.docto_number,
        case when t.kind = 'traslado' then {{ vat_rate('t.tipo_factor', 't.tasa_o_cuota') }} end as rate,
        {{ money('sum(t.base)') }} as base_ccy,
        {{ money('sum(coalesce(t.importe, 0))') }} as vat_ccy
    from {{ ref('stg_cfdi__payment_taxes') }} as t
    inner join {{ ref('int_rep_pagos') }} as p on t.source_file_id = p.source_file_id and t.pago_number = p.pago_number
    where t.impuesto = '002'
    group by 1, 2, 3
),

-- what is withheld has a rate of its own: it is split by the VAT of each, as an invoice's is (without VAT, the first takes it)
weighed as (
    select
        v.*, h.vat_ccy as held_ccy,
        case when sum(v.vat_ccy) over w <> 0 then v.vat_ccy when row_number() over (partition by v.pago_key, v.docto_number order by v.rate) = 1
            then 0.01 else 0.00 end as weight
    from stated as v
    left join stated as h on v.pago_key = h.pago_key and v.docto_number = h.docto_number and h.rate is null
    where v.rate is not null
    window w as (partition by v.pago_key, v.docto_number)
),

summed as (
    select
        *,
        sum(weight) over (partition by pago_key, docto_number) as weights,
        sum(weight) over (partition by pago_key, docto_number order by rate rows unbounded preceding) as up_to
    from weighed
),

rep_rates as (
    select
        pago_key, docto_number, rate, base_ccy, vat_ccy,
        coalesce({{ share('held_ccy', 'up_to', 'weights') }} - {{ share('held_ccy', 'up_to - weight', 'weights') }}, 0.00) as withheld_ccy
    from summed
),

by_rep as (
    select
        r.receipt_key, r.sign, t.rate, case when r.sign < 0 then 'reversal' else 'rep_taxes' end as rule, false as is_inferred,
        {%- for column in ['base', 'vat', 'withheld'] %}
        r.sign * case when r.is_mxn then t.{{ column }}_ccy else {{ share('t.' ~ column ~ '_ccy', 'r.amount_mxn', 'r.receipt_ccy') }} end as {{ column }}_mxn,
        {%- endfor %}
        r.sign * case when r.invoice_key is null then {{ share('t.vat_ccy', 'r.amount_mxn', 'r.receipt_ccy') }}
            else {{ pesos('t.vat_ccy', 'r.fx_rate') }} end as issue_vat_mxn
    from receipts as r
    inner join rep_rates as t on r.pago_key = t.pago_key and r.docto_number = t.docto_number
),

by_share as (
    select
        r.receipt_key, r.sign, coalesce(t.rate, 'sin_dato') as rate,
        case when r.sign < 0 then 'reversal' when r.invoice_key is null and r.amount_ccy is null then 'unapplied' when t.vat_ccy is null then 'no_taxes'
            when r.amount_ccy < 0 then 'reversal' when r.is_assumed then 'pue_assumed' else 'proportion' end as rule,
        coalesce(t.is_inferred, false) as is_inferred,
        {%- for column in ['base', 'vat', 'withheld'] %}
        case
            when r.is_mxn then {{ share('t.' ~ column ~ '_mxn', 'r.so_far_ccy', 'r.total_ccy') }}
                - {{ share('t.' ~ column ~ '_mxn', 'r.so_far_ccy - r.amount_ccy', 'r.total_ccy') }}
            else r.sign * {{ share('t.' ~ column ~ '_ccy', 'r.amount_mxn', 'r.total_ccy') }}
        end as {{ column }}_mxn,
        {%- endfor %}
        {{ share('t.vat_mxn', 'r.so_far_ccy', 'r.total_ccy') }} - {{ share('t.vat_mxn', 'r.so_far_ccy - r.amount_ccy', 'r.total_ccy') }} as issue_vat_mxn
    from receipts as r
    left join {{ ref('int_book_taxes') }} as t on t.doc_type = 'I' and r.invoice_key = t.doc_key
    left join (select distinct receipt_key from by_rep) as b on r.receipt_key = b.receipt_key
    where b.receipt_key is null
),

lines as (
    select * from by_rep
    union all
    select * from by_share
)

select
    r.reading, r.invoice_key, r.payment_key, r.pago_key, r.company_rfc, r.amount_ccy, r.day as receipt_date, r.recorded_date, r.void_date, r.is_void,
    l.rate, l.rule, l.is_inferred, l.base_mxn, l.vat_mxn, l.withheld_mxn, l.issue_vat_mxn
from lines as l
inner join receipts as r on l.receipt_key = r.receipt_key and l.sign = r.sign
