-- Libro de ventas: every invoice and credit note issued, by document date, at its own rate. What is cancelled keeps its
-- amounts and says so. Credit notes (E) are negative. Taxes apart come from the CFDI; a register's credit note splits
-- its total as its invoice did.
with

taxes as (
    select
        source_file_id,
        sum(case when kind = 'traslado' and impuesto = '002' and tipo_factor = 'Tasa' and tasa_o_cuota = 0.16 then importe end) as iva_16,
        sum(case when kind = 'traslado' and impuesto = '002' and tipo_factor = 'Tasa' and tasa_o_cuota = 0.08 then importe end) as iva_8,
        sum(case when kind = 'traslado' and impuesto = '003' then importe end) as ieps,
        sum(case when kind = 'retencion' and impuesto = '001' then importe end) as isr_withheld,
        sum(case when kind = 'retencion' and impuesto = '002' then importe end) as iva_withheld
    from {{ ref('stg_cfdi__taxes') }}
    group by source_file_id
),

cfdis as (
    select d.uuid, t.*
    from {{ ref('int_cfdi_documents') }} as d
    inner join taxes as t on d.source_file_id = t.source_file_id
    where d.outcome = 'counts'
),

related as (
    select d.uuid, {{ join_text('r.related_uuid') }} as related_uuid
    from {{ ref('stg_cfdi__related') }} as r
    inner join {{ ref('int_cfdi_documents') }} as d on r.source_file_id = d.source_file_id and d.outcome = 'counts'
    group by d.uuid
),

documents as (
    select
        i.invoice_id as document_id, 'I' as tipo, cast(null as string) as credit_note_kind, 1 as sign, i.issue_date as fecha, i.serie,
        coalesce(i.folio_label, i.folio, i.invoice_id) as folio, i.uuid, i.company_rfc, i.customer_id, i.customer_name, i.customer_rfc as rfc,
        i.metodo_pago, i.forma_pago, i.currency, i.fx_rate, i.subtotal_ccy, i.iva_ccy, i.retenciones_ccy, i.total_ccy, i.cancel_date,
        i.source_file_id
    from {{ ref('fct_invoices') }} as i
    where coalesce(i.sources, '') <> 'opening'
    union all
    select
        n.cn_id, 'E', n.kind, -1, n.issue_date, n.serie,
        coalesce(nullif(concat_ws('-', n.serie, n.folio), ''), n.cn_id), n.uuid, n.company_rfc, n.customer_id, n.customer_name, c.rfc,
        null, null, n.currency, n.fx_rate,
        coalesce(n.subtotal_ccy, {{ money('n.total_ccy * i.subtotal_ccy / nullif(i.total_ccy, 0)') }}),
        coalesce(n.iva_ccy, n.total_ccy
            - {{ money('n.total_ccy * i.subtotal_ccy / nullif(i.total_ccy, 0)') }}
            + {{ money('n.total_ccy * coalesce(i.retenciones_ccy, 0) / nullif(i.total_ccy, 0)') }}),
        coalesce(n.retenciones_ccy, {{ money('n.total_ccy * i.retenciones_ccy / nullif(i.total_ccy, 0)') }}),
        n.total_ccy, n.cancel_date, n.source_file_id
    from {{ ref('fct_credit_notes') }} as n
    left join {{ ref('fct_invoices') }} as i on n.related_invoice_id = i.invoice_id
    left join {{ ref('dim_customers') }} as c on n.customer_id = c.customer_id
),

final as (
    select
        d.document_id,
        d.fecha,
        d.serie,
        d.folio,
        d.uuid,
        r.related_uuid,
        d.company_rfc,
        d.customer_id,
        d.customer_name,
        d.rfc,
        d.tipo,
        d.credit_note_kind,
        d.metodo_pago,
        d.forma_pago,
        d.currency,
        d.fx_rate,
        {%- for column in ['subtotal', 'iva', 'retenciones', 'total'] %}
        {{ pesos('d.sign * d.' ~ column ~ '_ccy', 'd.fx_rate') }} as {{ column }}_mxn,
        {%- endfor %}
        {%- for column in ['iva_16', 'iva_8', 'ieps', 'isr_withheld', 'iva_withheld'] %}
        {{ pesos('d.sign * t.' ~ column, 'd.fx_rate') }} as {{ column }}_mxn,
        {%- endfor %}
        case when d.cancel_date is null then 'vigente' else 'cancelada' end as estatus,
        d.cancel_date,
        d.source_file_id
    from documents as d
    left join cfdis as t on d.uuid = t.uuid
    left join related as r on d.uuid = r.uuid
)

select * from final
order by fecha, tipo, folio, document_id
