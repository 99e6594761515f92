-- VAT of every receipt of int_vat_receipts by rate: the REP's ImpuestosDR, else the invoice's VAT in proportion of what was
-- paid to its total, as the difference of two rounded sums, so that a settled invoice leaves no centavo. Pesos at the
-- payment's rate; issue_vat_mxn is the same at the invoice's. Without a known tax the row has rate sin_dato and no amount.
with

receipts as (
    select
        r.*, i.currency, i.fx_rate, i.total_ccy, coalesce(i.currency = 'MXN', false) as is_mxn,
        sum(r.amount_ccy) over w as so_far_ccy
    from {{ ref('int_vat_receipts') }} as r
    left join {{ ref('int_invoice_attributes') }} as i on r.invoice_key = i.invoice_key
    window w as (partition by r.reading, r.is_void, r.invoice_key order by r.receipt_key)
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

-- what is withheld has a rate of its own: it goes to the document's largest VAT
rep_rates as (
    select
        v.*,
        case when row_number() over (partition by v.pago_key, v.docto_number order by v.vat_ccy desc, v.rate) = 1
            then coalesce(h.vat_ccy, 0.00) else 0.00 end as withheld_ccy
    from stated as v
    left join stated as h on v.pago_key = h.pago_key and v.docto_number = h.docto_number and h.rate is null
    where v.rate is not null
),

by_rep as (
    select
        r.receipt_key, t.rate, 'rep_taxes' as rule, false as is_inferred,
        {%- for column in ['base', 'vat', 'withheld'] %}
        case when r.is_mxn then t.{{ column }}_ccy else {{ share('t.' ~ column ~ '_ccy', 'r.amount_mxn', 'r.amount_ccy') }} end as {{ column }}_mxn,
        {%- endfor %}
        case when r.invoice_key is null then {{ share('t.vat_ccy', 'r.amount_mxn', 'r.amount_ccy') }}
            else {{ pesos('t.vat_ccy', 'r.fx_rate') }} end as issue_vat_mxn
    from receipts as r
    inner join rep_rates as t on r.pago_key = t.pago_key and r.docto_number = t.docto_number
),

by_share as (
    select
        r.receipt_key, coalesce(t.rate, 'sin_dato') as rate,
        case when r.invoice_key is null and r.amount_ccy is null then 'unapplied' when t.vat_ccy is null then 'no_taxes' when r.amount_ccy < 0 then 'reversal'
            when r.is_assumed then 'pue_assumed' else 'proportion' end as rule,
        coalesce(t.is_inferred, false) as is_inferred,
        {%- for column in ['base', 'vat', 'withheld'] %}
        case
            when r.is_mxn then {{ share('t.' ~ column ~ '_mxn', 'r.so_far_ccy', 'r.total_ccy') }}
                - {{ share('t.' ~ column ~ '_mxn', 'r.so_far_ccy - r.amount_ccy', 'r.total_ccy') }}
            else {{ share('t.' ~ column ~ '_ccy', 'r.amount_mxn', 'r.total_ccy') }}
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
    r.reading, r.invoice_key, r.payment_key, r.pago_key, r.company_rfc, r.amount_ccy, r.receipt_date, r.recorded_date, r.void_date, r.is_void,
    l.rate, l.rule, l.is_inferred, l.base_mxn, l.vat_mxn, l.withheld_mxn, l.issue_vat_mxn
from lines as l
inner join {{ ref('int_vat_receipts') }} as r on l.receipt_key = r.receipt_key
union all
-- a cheque that came back undoes it on the day it did
select
    r.reading, r.invoice_key, r.payment_key, r.pago_key, r.company_rfc, -r.amount_ccy, greatest(r.reversed_date, r.receipt_date),
    greatest(r.reversed_date, r.receipt_date), null, false, l.rate, 'reversal', l.is_inferred, -l.base_mxn, -l.vat_mxn,
    -l.withheld_mxn, -l.issue_vat_mxn
from lines as l
inner join {{ ref('int_vat_receipts') }} as r on l.receipt_key = r.receipt_key
where r.reversed_date is not null and not r.is_void
