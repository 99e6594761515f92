-- Offline verification, in one row a check: how many documents it looked at and how many fail.
with

checks as (
    {%- for check, severity, applies, name, mend in [
        ('total', 'error', "true", 'Total igual a la suma de sus partes',
            'Pide a quien lo emitió que lo revise; mientras, cuenta el Total que dice.'),
        ('stamp_before_issue', 'error', "true", 'Timbrado después de su Fecha',
            'Revisa la hora y la zona de la computadora que lo emite.'),
        ('stamp_late', 'error', "true", 'Timbrado dentro de 72 horas',
            'Tímbralo a tiempo: el SAT da 72 horas desde su Fecha.'),
        ('seal', 'error', "true", 'SelloCFD del timbre igual al Sello',
            'Vuelve a bajarlo del SAT o de tu PAC y retira este: no es el que se timbró.'),
        ('signature', 'error', "s.source_file_id is not null", 'Sello verificado con su certificado (--verify-seals)',
            'Compáralo con el que da el SAT; si difiere, carga el del SAT y retira este.'),
        ('pagos_version', 'warning', "tipo_de_comprobante = 'P'", 'Versión del complemento de pagos',
            'Emite el REP con el complemento que toca a la versión del CFDI.'),
        ('rfc_emisor', 'error', "true", 'RFC del emisor bien formado',
            'Corrige el RFC en el sistema que lo emite.'),
        ('rfc_emisor_digit', 'warning', "true", 'Dígito verificador del RFC del emisor',
            'Compáralo con la constancia de situación fiscal; hay RFC válidos así.'),
        ('rfc_receptor', 'error', "true", 'RFC del receptor bien formado',
            'Pide su constancia de situación fiscal al cliente y corrige su RFC.'),
        ('rfc_receptor_digit', 'warning', "true", 'Dígito verificador del RFC del receptor',
            'Compáralo con la constancia de situación fiscal del cliente; hay RFC válidos así.'),
        ('rep_amount', 'error', "tipo_de_comprobante = 'P'", 'Monto del pago igual a lo que pagan sus documentos',
            'Revisa el REP contra el depósito; si está mal, sustitúyelo (relación 04).'),
        ('rep_balance', 'error', "tipo_de_comprobante = 'P'", 'ImpSaldoInsoluto igual a ImpSaldoAnt − ImpPagado',
            'Revisa los saldos del REP; si están mal, sustitúyelo (relación 04).'),
        ('rep_document_id', 'warning', "tipo_de_comprobante = 'P'", 'Folio fiscal de los documentos pagados',
            'Revisa a qué factura paga: lo que dice no es un folio fiscal.'),
    ] %}
    select {{ loop.index }} as position, '{{ check }}' as check_name, '{{ name }}' as name_es, '{{ mend }}' as what_to_do_es,
        '{{ severity }}' as severity,
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
        c.what_to_do_es,
        c.severity,
        cast(c.documents_checked as integer) as documents_checked,
        cast(coalesce(f.documents, 0) as integer) as documents_failed
    from checks as c
    left join failed as f on c.check_name = f.check_name
)

select * from final
order by position
