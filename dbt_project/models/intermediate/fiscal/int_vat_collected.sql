-- VAT of every receipt of int_vat_receipts by rate: the REP's ImpuestosDR, else the invoice's VAT in proportion of what was
-- paid to its total, as the difference of two rounded sums (a reversal too), so that a settled invoice leaves no centavo.
-- Pesos at the payment's rate; fx_mxn is what that adds to the invoice's. Without a known tax the row has rate sin_dato and
-- no amount. An invoice with one receipt (nearly all) has nothing to add up: it is_alone, and reading `both` if it counts
-- on the same day in both.
{%- set columns = 'r.reading, r.invoice_key, r.payment_key, r.pago_key, r.company_rfc, r.day, r.fiscal_recorded, r.bank_recorded, r.void_date, r.is_void, r.is_alone, r.sign' %}
with

several as (
    select invoice_key from {{ ref('int_vat_receipts') }} where invoice_key is not null group by invoice_key having count(*) > 1
),

days as (
    select *, fiscal_date as fiscal_day, bank_date as bank_day, amount_ccy as moved_ccy, 1 as sign from {{ ref('int_vat_receipts') }}
    union all
    -- a cheque that came back undoes it on the day it did
    select
        *, case when fiscal_date is not null then greatest(reversed_date, fiscal_date) end,
        case when bank_date is not null then greatest(reversed_date, bank_date) end, cast(-amount_ccy as decimal(18, 2)), -1
    from {{ ref('int_vat_receipts') }}
    where reversed_date is not null and not is_void
),

receipts as (
    select
        d.*, s.invoice_key is null and d.invoice_key is not null as is_alone, i.fx_rate, i.total_ccy, coalesce(i.currency = 'MXN', false) as is_mxn
    from days as d
    left join several as s on d.invoice_key = s.invoice_key
    left join {{ ref('int_invoice_attributes') }} as i on d.invoice_key = i.invoice_key
),

moves as (
    select *, fiscal_day as day, fiscal_date as receipt_date, case when is_alone and fiscal_day = bank_day then 'both' else 'fiscal' end as reading
    from receipts where fiscal_date is not null
    union all
    select *, bank_day, bank_date, 'bank'
    from receipts where bank_date is not null and not coalesce(is_alone and fiscal_day = bank_day, false)
),

running as (
    select *, case when sign > 0 then moved_ccy else 0 end as so_far_ccy from moves where is_alone
    union all
    select *, sum(moved_ccy) over w from moves where not is_alone
    window w as (
        partition by reading, is_void, invoice_key
        order by day, receipt_date, payment_key, pago_key, docto_number, amount_ccy, amount_mxn, sign desc rows unbounded preceding
    )
),

told as (
    select r.*, t.rate, t.base_ccy, t.vat_ccy, t.withheld_ccy
    from running as r
    left join {{ ref('int_rep_taxes') }} as t on r.pago_key = t.pago_key and r.docto_number = t.docto_number
),

lines as (
    select
        {{ columns }}, r.rate, case when sign < 0 then 'reversal' else 'rep_taxes' end as rule, false as is_inferred,
        {%- for column in ['base', 'vat', 'withheld'] %}
        sign * case when is_mxn then {{ column }}_ccy else {{ share(column ~ '_ccy', 'amount_mxn', 'amount_ccy') }} end as {{ column }}_mxn,
        {%- endfor %}
        sign * case when is_mxn then vat_ccy when invoice_key is null then {{ share('vat_ccy', 'amount_mxn', 'amount_ccy') }}
            else {{ pesos('vat_ccy', 'fx_rate') }} end as issue_vat_mxn
    from told as r
    where rate is not null
    union all
    select
        {{ columns }}, coalesce(t.rate, 'sin_dato'),
        case when r.sign < 0 then 'reversal' when r.invoice_key is null and r.amount_ccy is null then 'unapplied' when t.vat_ccy is null then 'no_taxes'
            when r.moved_ccy < 0 then 'reversal' when r.is_assumed then 'pue_assumed' else 'proportion' end,
        coalesce(t.is_inferred, false),
        {%- for column in ['base', 'vat', 'withheld'] %}
        case
            when r.is_mxn then {{ share('t.' ~ column ~ '_mxn', 'r.so_far_ccy', 'r.total_ccy') }}
                - {{ share('t.' ~ column ~ '_mxn', 'r.so_far_ccy - r.moved_ccy', 'r.total_ccy') }}
            else r.sign * {{ share('t.' ~ column ~ '_ccy', 'r.amount_mxn', 'r.total_ccy') }}
        end,
        {%- endfor %}
        {{ share('t.vat_mxn', 'r.so_far_ccy', 'r.total_ccy') }} - {{ share('t.vat_mxn', 'r.so_far_ccy - r.moved_ccy', 'r.total_ccy') }}
    from told as r
    left join {{ ref('int_book_taxes') }} as t on t.doc_type = 'I' and r.invoice_key = t.doc_key
    where r.rate is null
)

select
    reading, invoice_key, payment_key, pago_key, company_rfc, day as receipt_date, void_date, is_void, is_alone,
    case when reading = 'bank' then null when sign > 0 then fiscal_recorded else day end as fiscal_recorded,
    case when reading = 'fiscal' then null when sign > 0 then bank_recorded else day end as bank_recorded,
    rate, rule, is_inferred, {{ money('base_mxn') }} as base_mxn, {{ money('vat_mxn') }} as vat_mxn, {{ money('withheld_mxn') }} as withheld_mxn,
    {{ money('vat_mxn - issue_vat_mxn') }} as fx_mxn
from lines
