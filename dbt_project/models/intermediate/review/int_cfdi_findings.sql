-- What does not agree inside a CFDI, by fields that must: total, dates, seals, RFC. One row a finding of a document
-- that counts. Total may differ by half a unit of the currency's last decimal for each amount that enters the sum.
-- Fecha is the local time of LugarExpedicion and the stamp is Central: one hour early in Quintana Roo, two late in the west.
{%- set counting %}
    from {{ ref('stg_cfdi__documents') }} as d
    left join {{ ref('int_cfdi_copies') }} as c on d.source_file_id = c.source_file_id
{%- endset %}
{%- set counts = "coalesce(c.outcome, 'counts') = 'counts'" %}
with

-- version 3.2 and some issuers leave the totals of taxes out and give the taxes
taxes as (
    select
        t.source_file_id,
        sum(case when t.kind = 'traslado' then t.importe end) as traslados,
        sum(case when t.kind = 'retencion' then t.importe end) as retenciones
    from {{ ref('stg_cfdi__taxes') }} as t
    inner join {{ ref('stg_cfdi__documents') }} as d on t.source_file_id = d.source_file_id
    where (t.kind = 'traslado' and d.total_traslados is null) or (t.kind = 'retencion' and d.total_retenciones is null)
    group by t.source_file_id
),

sums as (
    select
        d.source_file_id,
        d.fecha,
        d.fecha_timbrado,
        d.moneda,
        d.total,
        d.version,
        d.pagos_version,
        replace(d.flags, ',', '|') as flags,
        d.subtotal - coalesce(d.descuento, 0) + coalesce(d.total_traslados, t.traslados, 0)
        - coalesce(d.total_retenciones, t.retenciones, 0) + coalesce(d.implocal_traslados, 0)
        - coalesce(d.implocal_retenciones, 0) as expected_total,
        2 + case when d.descuento is null then 0 else 1 end
        + case when coalesce(d.total_traslados, t.traslados) is null then 0 else 1 end
        + case when coalesce(d.total_retenciones, t.retenciones) is null then 0 else 1 end
        + case when d.implocal_traslados is null then 0 else 1 end
        + case when d.implocal_retenciones is null then 0 else 1 end as amounts
    {{- counting }}
    left join taxes as t on d.source_file_id = t.source_file_id
    where {{ counts }}
),

-- nearly every CFDI agrees: only those with a finding are kept to be told
suspects as (
    select
        *,
        coalesce(abs(total - expected_total) > amounts * {{ half_unit('moneda') }}, false) as is_total_off,
        coalesce(fecha > {{ add_hours('fecha_timbrado', 1) }}, false) as is_stamp_early,
        coalesce(fecha_timbrado > {{ add_hours('fecha', 74) }}, false) as is_stamp_late,
        coalesce((version = '4.0') <> (pagos_version = '2.0'), false) as is_pagos_version_off
    from sums
),

found as (
    select * from suspects
    where is_total_off or is_stamp_early or is_stamp_late or is_pagos_version_off
        or {{ has_flag('flags', 'seal_mismatch') }} or {{ has_flag('flags', 'without_seal') }}
),

rfcs as (
    select
        rfc,
        {{ is_rfc('rfc') }} as is_formed,
        {{ rfc_check_digit('rfc') }} as digit
    from (
        select emisor_rfc as rfc from {{ ref('stg_cfdi__documents') }}
        union
        select receptor_rfc from {{ ref('stg_cfdi__documents') }}
    ) as r
    where rfc not in ('XAXX010101000', 'XEXX010101000')
),

wrong_rfcs as (select * from rfcs where not is_formed or substr(rfc, length(rfc), 1) <> digit),

final as (
    select source_file_id, 'total' as check_name, 'error' as severity, cast(expected_total as string) as expected,
        cast(total as string) as found, cast(total - expected_total as decimal(24, 6)) as difference,
        'El Total no es SubTotal − Descuento + traslados − retenciones' as detail
    from found where is_total_off
    union all
    select source_file_id, 'stamp_before_issue', 'error', cast(fecha as string), cast(fecha_timbrado as string), null,
        'El timbre es anterior a la Fecha por más de una hora'
    from found where is_stamp_early
    union all
    select source_file_id, 'stamp_late', 'error', cast(fecha as string), cast(fecha_timbrado as string), null,
        'Se timbró más de 72 horas después de su Fecha (más dos, por los husos del oeste)'
    from found where is_stamp_late
    union all
    select source_file_id, 'seal', 'error', null, null, null, 'El SelloCFD del timbre no es el Sello del comprobante'
    from found where {{ has_flag('flags', 'seal_mismatch') }}
    union all
    select source_file_id, 'seal', 'error', null, null, null, 'El comprobante no trae Sello'
    from found where {{ has_flag('flags', 'without_seal') }}
    union all
    select d.source_file_id, 'signature', case s.outcome when 'unreadable' then 'warning' else 'error' end, null, s.outcome, null,
        'Verificación del sello: ' || s.detail
    {{- counting }}
    inner join {{ ref('stg_sat__seals') }} as s on d.source_file_id = s.source_file_id
    where {{ counts }} and s.outcome <> 'valid'
    union all
    select source_file_id, 'pagos_version', 'warning', case version when '4.0' then '2.0' else '1.0' end, pagos_version, null,
        'La versión del complemento de pagos no es la de un CFDI ' || version
    from found where is_pagos_version_off
    {%- for side in ['emisor', 'receptor'] %}
    union all
    select
        d.source_file_id, case when r.is_formed then 'rfc_{{ side }}_digit' else 'rfc_{{ side }}' end,
        case when r.is_formed then 'warning' else 'error' end, case when r.is_formed then r.digit end,
        case when r.is_formed then substr(r.rfc, length(r.rfc), 1) else r.rfc end, null,
        case when r.is_formed then 'El dígito verificador del RFC del {{ side }}, ' || r.rfc || ', no es el que le toca'
            else 'El RFC del {{ side }} está mal formado' end
    {{- counting }}
    inner join wrong_rfcs as r on d.{{ side }}_rfc = r.rfc
    where {{ counts }}
    {%- endfor %}
)

select * from final
