-- Offline verification, in one row a check: how many documents it looked at and how many fail.
with

checks as (
    {%- for check, severity, applies, name in [
        ('total', 'error', "true", 'Total igual a la suma de sus partes'),
        ('stamp_before_issue', 'error', "true", 'Timbrado después de su Fecha'),
        ('stamp_late', 'error', "true", 'Timbrado dentro de 72 horas'),
        ('seal', 'error', "true", 'SelloCFD del timbre igual al Sello'),
        ('signature', 'error', "s.source_file_id is not null", 'Sello verificado con su certificado (--verify-seals)'),
        ('pagos_version', 'warning', "tipo_de_comprobante = 'P'", 'Versión del complemento de pagos'),
        ('rfc_emisor', 'error', "true", 'RFC del emisor bien formado'),
        ('rfc_emisor_digit', 'warning', "true", 'Dígito verificador del RFC del emisor'),
        ('rfc_receptor', 'error', "true", 'RFC del receptor bien formado'),
        ('rfc_receptor_digit', 'warning', "true", 'Dígito verificador del RFC del receptor'),
        ('rep_amount', 'error', "tipo_de_comprobante = 'P'", 'Monto del pago igual a lo que pagan sus documentos'),
        ('rep_balance', 'error', "tipo_de_comprobante = 'P'", 'ImpSaldoInsoluto igual a ImpSaldoAnt − ImpPagado'),
        ('rep_document_id', 'warning', "tipo_de_comprobante = 'P'", 'Folio fiscal de los documentos pagados'),
    ] %}
    select {{ loop.index }} as position, '{{ check }}' as check_name, '{{ name }}' as name_es, '{{ severity }}' as severity,
        count(case when {{ applies }} then 1 end) as documents_checked
    from {{ ref('int_cfdi_documents') }} as d
    {%- if check == 'signature' %}
    left join {{ ref('stg_sat__seals') }} as s on d.source_file_id = s.source_file_id
    {%- endif %}
    where d.outcome = 'counts' and d.issue_date <= {{ as_of() }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

failed as (
    select check_name, count(*) as documents from {{ ref('cfdi_checks') }} group by check_name
),

final as (
    select
        cast(c.position as integer) as position,
        c.check_name,
        c.name_es,
        c.severity,
        cast(c.documents_checked as integer) as documents_checked,
        cast(coalesce(f.documents, 0) as integer) as documents_failed
    from checks as c
    left join failed as f on c.check_name = f.check_name
)

select * from final
order by position
