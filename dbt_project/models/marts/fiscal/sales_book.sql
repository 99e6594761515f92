-- Libro de ventas: every invoice and credit note issued, by document date, at its own rate. What is cancelled, or has a
-- live substitute, keeps its amounts and says that it is in no total. Credit notes (E) are negative. VAT by rate is that
-- of vat_cash_basis.
{%- set rates = ['16', '8', '0', 'exento'] %}
{%- set signed = "case when d.doc_type = 'E' then -? else ? end" %}
with

taxes as (
    select
        source_file_id,
        sum(case when kind = 'traslado' and impuesto = '003' then importe end) as ieps,
        sum(case when kind = 'retencion' and impuesto = '001' then importe end) as isr_withheld,
        sum(case when kind = 'retencion' and impuesto = '002' then importe end) as iva_withheld
    from {{ ref('stg_cfdi__taxes') }}
    where impuesto <> '002' or kind = 'retencion'
    group by source_file_id
),

vat as (
    select
        doc_type, doc_key,
        {%- for rate in rates %}
        case when rate = '{{ rate }}' then base_mxn end as base_{{ rate }},
        case when rate = '{{ rate }}' then vat_mxn end as iva_{{ rate }},
        {%- endfor %}
        is_inferred, is_mixed
    from {{ ref('int_book_taxes') }}
),

-- one row a document: only those with several rates have to be brought together
documents_vat as (
    select * from vat where not is_mixed
    union all
    select
        doc_type, doc_key,
        {%- for rate in rates %}
        max(base_{{ rate }}), max(iva_{{ rate }}),
        {%- endfor %}
        bool_or(is_inferred), true
    from vat where is_mixed
    group by doc_type, doc_key
),

related as (
    select source_file_id, {{ join_text('related_uuid') }} as related_uuid, {{ join_text('tipo_relacion') }} as tipo_relacion
    from {{ ref('stg_cfdi__related') }}
    group by source_file_id
),

named as (
    select
        'I' as doc_type, i.invoice_key as doc_key, i.invoice_id as document_id, cast(null as string) as credit_note_kind, i.serie,
        coalesce(i.folio_label, i.folio, i.invoice_id) as folio, i.uuid, i.customer_id, i.customer_name, i.customer_rfc as rfc,
        i.metodo_pago, i.forma_pago
    from {{ ref('fct_invoices') }} as i
    union all
    select
        'E', n.cn_key, n.cn_id, n.kind, n.serie, coalesce(nullif(concat_ws('-', n.serie, n.folio), ''), n.cn_id), n.uuid,
        n.customer_id, n.customer_name, c.rfc, f.metodo_pago, f.forma_pago
    from {{ ref('fct_credit_notes') }} as n
    left join {{ ref('dim_customers') }} as c on n.customer_id = c.customer_id
    left join {{ ref('int_credit_notes') }} as k on n.cn_key = k.cn_key
    left join {{ ref('int_cfdi_documents') }} as f on k.cfdi_file_id = f.source_file_id
),

final as (
    select
        n.document_id,
        d.issue_date as fecha,
        n.serie,
        n.folio,
        n.uuid,
        r.related_uuid,
        r.tipo_relacion,
        d.company_rfc,
        n.customer_id,
        n.customer_name,
        n.rfc,
        d.doc_type as tipo,
        n.credit_note_kind,
        n.metodo_pago,
        n.forma_pago,
        d.currency,
        d.fx_rate,
        {%- for column in ['subtotal', 'iva', 'retenciones', 'total'] %}
        {{ pesos(signed | replace('?', 'd.' ~ column ~ '_ccy'), 'd.fx_rate') }} as {{ column }}_mxn,
        {%- endfor %}
        {%- for rate in rates %}
        {%- for column in ['base', 'iva'] if (column, rate) not in [('iva', '0'), ('iva', 'exento')] %}
        {{ signed | replace('?', 'v.' ~ column ~ '_' ~ rate) }} as {{ column }}_{{ rate }}_mxn,
        {%- endfor %}
        {%- endfor %}
        {%- for column in ['ieps', 'isr_withheld', 'iva_withheld'] %}
        {{ pesos(signed | replace('?', 't.' ~ column), 'd.fx_rate') }} as {{ column }}_mxn,
        {%- endfor %}
        coalesce(v.is_inferred, false) as is_rate_inferred,
        case when d.cancel_date is null then 'vigente' else 'cancelada' end as estatus,
        d.cancel_date,
        d.excluded_date is null as is_in_totals
    from {{ ref('int_book_documents') }} as d
    inner join named as n on d.doc_type = n.doc_type and d.doc_key = n.doc_key
    left join documents_vat as v on d.doc_type = v.doc_type and d.doc_key = v.doc_key
    left join taxes as t on d.cfdi_file_id = t.source_file_id
    left join related as r on d.cfdi_file_id = r.source_file_id
)

select * from final
