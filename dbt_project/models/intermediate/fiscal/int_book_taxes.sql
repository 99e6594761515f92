-- VAT of each document of the sales book by rate: base, charged and withheld, in its currency and in pesos. The CFDI says
-- it; a register's document has one rate, the nearest to iva / subtotal (inferred), and its credit note its invoice's.
-- The pesos of a document are split over its rates in cents by largest remainder; what is withheld, by the VAT. Most
-- documents have one rate, or rates in pesos that add up to its VAT: nothing to split, and sorting them costs more than all.
with

stated as (
    select
        d.doc_type, d.doc_key,
        {{ vat_rate('t.tipo_factor', 't.tasa_o_cuota') }} as rate,
        sum(coalesce(t.base, case when t.tasa_o_cuota > 0 then t.importe / t.tasa_o_cuota end)) as base_ccy,
        sum(coalesce(t.importe, 0)) as vat_ccy
    from {{ ref('int_book_documents') }} as d
    inner join {{ ref('stg_cfdi__taxes') }} as t on d.cfdi_file_id = t.source_file_id
    where t.kind = 'traslado' and t.impuesto = '002'
    group by 1, 2, 3
),

mixed as (
    select doc_type, doc_key, sum(base_ccy) as base_ccy, sum(round(vat_ccy, 2)) as vat_ccy from stated group by doc_type, doc_key having count(*) > 1
),

held as (
    select source_file_id, sum(importe) as withheld_ccy
    from {{ ref('stg_cfdi__taxes') }}
    where kind = 'retencion' and impuesto = '002'
    group by source_file_id
),

-- before 4.0 a rate's base is not written: what the other rates leave of the subtotal
lines as (
    select
        d.doc_type, d.doc_key, d.company_rfc, d.issue_date, d.excluded_date, d.fx_rate, d.iva_ccy, h.withheld_ccy, d.invoice_fx_rate,
        case
            when s.rate is not null then s.rate
            when d.cfdi_file_id is not null then case when c.version = '4.0' then 'no_objeto' else 'exento' end
            when d.iva_ccy is null then 'sin_dato'
            when d.iva_ccy >= {{ wide('d.subtotal_ccy') }} * 0.12 and d.iva_ccy <> 0 then '16'
            when d.iva_ccy >= {{ wide('d.subtotal_ccy') }} * 0.04 and d.iva_ccy <> 0 then '8'
            else '0'
        end as rate,
        {{ money("case
            when s.rate is null and d.cfdi_file_id is null and d.iva_ccy is null then null
            when s.rate is null then d.subtotal_ccy
            else coalesce(s.base_ccy, greatest(d.subtotal_ccy - coalesce(m.base_ccy, 0), 0))
        end") }} as base_ccy,
        {{ money("coalesce(s.vat_ccy, d.iva_ccy)") }} as vat_ccy,
        d.cfdi_file_id is null and d.iva_ccy is not null as is_inferred,
        m.doc_key is not null as is_mixed,
        m.doc_key is not null and not coalesce(m.vat_ccy = d.iva_ccy and d.fx_rate = 1 and coalesce(h.withheld_ccy, 0) = 0, false) as is_split
    from {{ ref('int_book_documents') }} as d
    left join stated as s on d.doc_type = s.doc_type and d.doc_key = s.doc_key
    left join mixed as m on d.doc_type = m.doc_type and d.doc_key = m.doc_key
    left join held as h on d.cfdi_file_id = h.source_file_id
    left join {{ ref('int_cfdi_documents') }} as c on case when s.rate is null then d.cfdi_file_id end = c.source_file_id
),

weighed as (
    select
        *,
        {{ cents(pesos('iva_ccy', 'fx_rate')) }} as vat_cents,
        {{ cents('coalesce(withheld_ccy, 0)') }} as held_cents,
        {{ cents(pesos('coalesce(withheld_ccy, 0)', 'fx_rate')) }} as held_mxn_cents,
        case
            when sum(vat_ccy) over w <> 0 then {{ cents('vat_ccy') }}
            when row_number() over (partition by doc_type, doc_key order by rate) = 1 then 1
            else 0
        end as weight
    from lines
    where is_split
    window w as (partition by doc_type, doc_key)
),

{# the three amounts are split alike #}
{%- set splits = [('vat_cents', 'vat_mxn'), ('held_cents', 'withheld_ccy'), ('held_mxn_cents', 'withheld_mxn')] %}
floored as (
    select
        *,
        {%- for amount, name in splits %}
        {{ quotient('abs(' ~ amount ~ ') * abs(weight)', 'abs(sum(weight) over w)') }} as {{ name }}_floor,
        (abs({{ amount }}) * abs(weight)) % abs(sum(weight) over w) as {{ name }}_rest
        {{- ',' if not loop.last }}
        {%- endfor %}
    from weighed
    window w as (partition by doc_type, doc_key)
),

ranked as (
    select
        *
        {%- for amount, name in splits %},
        sum({{ name }}_floor) over (partition by doc_type, doc_key) as {{ name }}_sum,
        row_number() over (partition by doc_type, doc_key order by {{ name }}_rest desc, rate) as {{ name }}_place
        {%- endfor %}
    from floored
),

split as (
    select
        doc_type, doc_key, company_rfc, issue_date, excluded_date, rate, base_ccy, vat_ccy, is_inferred, is_mixed, fx_rate, invoice_fx_rate
        {%- for amount, name in splits %},
        cast(cast(
            ({{ name }}_floor + case when {{ name }}_place <= abs({{ amount }}) - {{ name }}_sum then 1 else 0 end)
            * case when {{ amount }} < 0 then -1 else 1 end as decimal(18, 0)
        ) * 0.01 as decimal(18, 2)) as {{ name }}
        {%- endfor %}
    from ranked
    union all
    select
        doc_type, doc_key, company_rfc, issue_date, excluded_date, rate, base_ccy, vat_ccy, is_inferred, is_mixed, fx_rate, invoice_fx_rate,
        case when is_mixed then vat_ccy else {{ pesos('iva_ccy', 'fx_rate') }} end, {{ money('coalesce(withheld_ccy, 0)') }}, {{ pesos('coalesce(withheld_ccy, 0)', 'fx_rate') }}
    from lines
    where not is_split
)

-- issue_vat_mxn: a note's VAT at its invoice's rate, so that what it settles leaves no exchange difference pending
select
    doc_type, doc_key, company_rfc, issue_date, excluded_date, rate, base_ccy, vat_ccy, withheld_ccy, is_inferred, is_mixed,
    {{ pesos('base_ccy', 'fx_rate') }} as base_mxn, vat_mxn, withheld_mxn, case when fx_rate = invoice_fx_rate then vat_mxn else {{ pesos('vat_ccy', 'invoice_fx_rate') }} end as issue_vat_mxn
from split
