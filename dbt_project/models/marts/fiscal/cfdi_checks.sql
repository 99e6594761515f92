-- Offline verification: the CFDIs whose own fields do not agree, one row per document and check that fails.
with

findings as (
    select * from {{ ref('int_cfdi_findings') }}
    union all
    select * from {{ ref('int_rep_findings') }}
),

worst as (
    select
        *,
        row_number() over (
            partition by source_file_id, check_name order by coalesce(abs(difference), 0) desc, detail, found
        ) as place,
        count(*) over (partition by source_file_id, check_name) as findings
    from findings
),

final as (
    select
        d.uuid,
        w.check_name,
        w.severity,
        d.tipo_de_comprobante as tipo,
        d.company_rfc as emisor_rfc,
        d.receptor_rfc,
        case when d.is_own then d.customer_id end as customer_id,
        d.issue_date,
        w.expected,
        w.found,
        w.difference,
        w.detail || case when w.findings > 1 then ' (y ' || cast(w.findings - 1 as string) || ' más)' else '' end as detail,
        d.source_file_id
    from worst as w
    inner join {{ ref('int_cfdi_documents') }} as d on w.source_file_id = d.source_file_id
    where w.place = 1 and d.issue_date <= {{ as_of() }}
)

select * from final
order by check_name, uuid
