-- One row a credit note: the CFDI E and the register's row are one by UUID, else by (customer, total, related
-- invoice, 5 days). The register's id wins as the name; the CFDI says amounts and date.
with registered as (
    select
        r.*,
        {{ money('r.total') }} as total_ccy,
        a.invoice_key
    from {{ latest_delivery(ref('stg_register__credit_notes'), ['cn_id']) }} as r
    left join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('r.related_invoice_id') }} = a.alias
    where r.issue_date <= {{ as_of() }}
),

related as (
    select
        r.source_file_id,
        {{ first_by('r.tipo_relacion', "case when r.tipo_relacion in ('01', '03', '07') then '0' else '1' end || r.tipo_relacion") }}
            as tipo_relacion
    from {{ ref('stg_cfdi__related') }} as r
    group by r.source_file_id
),

related_invoices as (
    select distinct r.source_file_id, a.invoice_key
    from {{ ref('stg_cfdi__related') }} as r
    inner join {{ ref('int_invoice_aliases') }} as a on r.related_uuid = a.alias
),

egresos as (
    select
        d.*,
        {{ money('d.total') }} as total_ccy,
        r.tipo_relacion
    from {{ ref('int_cfdi_documents') }} as d
    left join related as r on d.source_file_id = r.source_file_id
    where d.is_own and d.outcome = 'counts' and d.tipo_de_comprobante = 'E' and d.issue_date <= {{ as_of() }}
),

candidates as (
    select r.cn_id, e.source_file_id as cfdi_file_id, 1 as priority, 0 as gap
    from registered as r
    inner join egresos as e on r.uuid = e.uuid
    union all
    select r.cn_id, e.source_file_id, 2, abs({{ days_between('e.issue_date', 'r.issue_date') }})
    from registered as r
    inner join egresos as e on r.customer_id = e.customer_id and r.total_ccy = e.total_ccy and r.currency = e.moneda
    left join related_invoices as i on e.source_file_id = i.source_file_id and r.invoice_key = i.invoice_key
    where
        r.uuid is null
        and (r.invoice_key is null or i.invoice_key is not null)
        and abs({{ days_between('e.issue_date', 'r.issue_date') }}) <= 5
),

{{ one_to_one('pairs', 'candidates', 'cn_id', 'cfdi_file_id', 'c.priority, c.gap, c.cn_id, c.cfdi_file_id', 3) }},

sources as (
    select
        r.cn_id, r.cn_id as register_id, p.cfdi_file_id,
        case c.priority when 1 then 'uuid' when 2 then 'customer_total_date' end as matched_by
    from registered as r
    left join pairs as p on r.cn_id = p.cn_id
    left join candidates as c on p.cn_id = c.cn_id and p.cfdi_file_id = c.cfdi_file_id
    union all
    select e.uuid, null, e.source_file_id, null
    from egresos as e
    left join pairs as p on e.source_file_id = p.cfdi_file_id
    where p.cfdi_file_id is null
),

iva as (
    select source_file_id, sum(importe) as iva
    from {{ ref('stg_cfdi__taxes') }}
    where kind = 'traslado' and impuesto = '002' and source_file_id in (select source_file_id from egresos)
    group by source_file_id
),

receivers as (
    select i.source_file_id, min(d.customer_id) as customer_id
    from related_invoices as i
    inner join {{ ref('int_invoice_documents') }} as d on i.invoice_key = d.invoice_key
    group by i.source_file_id
    having count(distinct d.customer_id) = 1
),

company as (
    select min(company_rfc) as company_rfc from {{ ref('int_own_companies') }} having count(*) = 1
),

unified as (
    select
        s.cn_id,
        s.register_id,
        s.cfdi_file_id,
        coalesce(e.uuid, r.uuid) as uuid,
        e.serie,
        e.folio,
        coalesce(r.customer_id, v.customer_id, e.customer_id) as customer_id,
        coalesce(e.company_rfc, upper(r.company_rfc), (select company_rfc from company)) as company_rfc,
        coalesce(e.issue_date, r.issue_date) as issue_date,
        {{ not_before("coalesce(t.cancel_date, " ~ known_date('r.cancel_date') ~ ")", 'coalesce(e.issue_date, r.issue_date)') }}
            as cancel_date,
        coalesce(e.moneda, r.currency) as currency,
        coalesce(e.tipo_cambio, r.fx_rate) as document_fx_rate,
        {{ money('e.subtotal - coalesce(e.descuento, 0)') }} as subtotal_ccy,
        {{ money('case when e.uuid is not null then coalesce(x.iva, 0) end') }} as iva_ccy,
        {{ money('case when e.uuid is not null then coalesce(e.total_retenciones, 0) + coalesce(e.implocal_retenciones, 0) end') }}
            as retenciones_ccy,
        coalesce(e.total_ccy, r.total_ccy) as total_ccy,
        coalesce(r.tipo_relacion, e.tipo_relacion) as tipo_relacion,
        r.reason,
        r.invoice_key as register_invoice_key,
        case
            when r.cn_id is not null and e.uuid is not null then 'register+cfdi'
            when r.cn_id is not null then 'register'
            else 'cfdi'
        end as sources,
        s.matched_by,
        nullif(case when r.cn_id is not null and e.uuid is not null then concat_ws('; ',
            case when r.total_ccy <> e.total_ccy
                then 'total ' || {{ money_es('r.total_ccy') }} || ' en el registro y ' || {{ money_es('e.total_ccy') }} || ' en el CFDI' end,
            case when r.currency <> e.moneda then 'moneda ' || r.currency || ' en el registro y ' || e.moneda || ' en el CFDI' end,
            case when r.issue_date <> e.issue_date
                then 'fecha ' || {{ date_es('r.issue_date') }} || ' en el registro y ' || {{ date_es('e.issue_date') }} || ' en el CFDI' end
        ) end, '') as differences,
        r.source_file_id as register_file_id,
        coalesce(r.delivery_date, e.delivery_date) as delivery_date,
        coalesce(e.source_file_id, r.source_file_id) as source_file_id
    from sources as s
    left join registered as r on s.register_id = r.cn_id
    left join egresos as e on s.cfdi_file_id = e.source_file_id
    left join iva as x on s.cfdi_file_id = x.source_file_id
    left join receivers as v on s.cfdi_file_id = v.source_file_id
    left join {{ ref('int_sat_status') }} as t on coalesce(e.uuid, r.uuid) = t.uuid
)

select
    cast(row_number() over (order by u.cn_id) as integer) as cn_key,
    u.*,
    c.customer_key,
    case when u.currency = 'MXN' then {{ rate('1') }} else {{ rate('coalesce(u.document_fx_rate, f.mxn_per_unit)') }} end as fx_rate,
    case
        when u.tipo_relacion = '07' then 'anticipo'
        when u.tipo_relacion = '03' then 'devolucion'
        when u.tipo_relacion = '01' then 'bonificacion'
        else 'otro'
    end as kind
from unified as u
inner join {{ ref('int_customers') }} as c on u.customer_id = c.customer_id
left join {{ ref('fx_rates_daily') }} as f on u.issue_date = f.date and u.currency = f.currency and u.currency <> 'MXN'
