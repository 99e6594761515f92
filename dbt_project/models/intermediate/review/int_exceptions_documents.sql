-- Exceptions about a document's own data: repeated, missing, dated wrong, of the wrong form, replaced, or known to only
-- one of register and CFDI. They stay raised whatever the balance. One row a finding; `exceptions` adds the rest.
with

invoices as (select * from {{ ref('fct_invoices') }} where sources <> 'opening'),

units as (
    select
        count(case when sources like '%register%' then 1 end) > 0 as has_register,
        count(case when sources like '%cfdi%' then 1 end) > 0 as has_cfdis,
        count(case when sources like '%register%' then sent_date end) > 0 as has_sent_dates
    from invoices
),

flagged as (
    {%- for rule, flag, detail in [
        ('DUPLICATE_CFDI_UUID', 'duplicate_in_file', "'El mismo renglón aparece más de una vez en un archivo'"),
        ('DUPLICATE_CFDI_UUID', 'duplicate_uuid', "'Dos renglones del registro llevan el UUID ' || i.uuid"),
        ('UUID_CONTENT_CONFLICT', 'content_conflict', "'La misma clave aparece con distinto contenido en un archivo'"),
        ('SUBSTITUTION_CYCLE', 'substitution_cycle', "'La cadena de sustituciones vuelve a empezar'"),
        ('CANCELLED_BEFORE_ISSUED', 'cancelled_before_issue',
            "'La cancelación trae una fecha anterior a la factura; cuenta desde el ' || " ~ date_es('i.issue_date')),
        ('NEGATIVE_TOTAL', 'negative_total', "'Total de ' || cast(i.total_ccy as string) || ' ' || i.currency"),
    ] %}
    select '{{ rule }}' as rule, 'invoice' as entity_type, i.invoice_id as entity_id, i.customer_id, i.total_mxn_issue as amount_mxn,
        {{ detail }} as detail, i.issue_date as since
    from invoices as i where {{ has_flag('i.flags', flag) }}
    union all
    {%- endfor %}
    select case when m.left_source = m.right_source then 'UUID_CONTENT_CONFLICT' else 'REGISTER_CFDI_MISMATCH' end, m.entity_type,
        m.entity_id, i.customer_id, i.total_mxn_issue,
        case when m.left_source = m.right_source then 'Dos CFDI con el UUID ' || m.right_id || ': ' || m.differences
            else upper(substr(m.differences, 1, 1)) || substr(m.differences, 2) end,
        i.issue_date
    from {{ ref('document_matches') }} as m
    left join invoices as i on m.entity_type = 'invoice' and m.entity_id = i.invoice_id
    where m.differences is not null and (m.entity_type = 'invoice' or m.matched_by in ('uuid', 'rep_uuid'))
    union all
    select 'REGISTER_WITHOUT_CFDI', 'document', i.invoice_id, i.customer_id, i.total_mxn_issue,
        'Factura ' || i.folio_label || ' del registro, sin XML', i.issue_date
    from invoices as i cross join units as u where i.sources = 'register' and u.has_cfdis
    union all
    select 'CFDI_WITHOUT_REGISTER', 'document', i.invoice_id, i.customer_id, i.total_mxn_issue,
        'CFDI ' || i.folio_label || ' que no está en el registro', i.issue_date
    from invoices as i cross join units as u where i.sources = 'cfdi' and u.has_register
    union all
    select 'MISSING_DUE_DATE', 'invoice', i.invoice_id, i.customer_id, i.total_mxn_issue,
        'Se usó ' || {{ due_rule_es('i.due_rule') }} || ': vence el ' || {{ date_es('i.due_date') }}, i.issue_date
    from invoices as i cross join units as u
    where {{ has_flag('i.flags', 'missing_due_date') }} and not i.is_global and u.has_register
    union all
    select 'MISSING_DUE_DATE', 'customer', i.customer_id, i.customer_id, cast(null as decimal(18, 2)),
        cast(count(*) as string) || ' facturas sin vencimiento propio', min(i.issue_date)
    from invoices as i cross join units as u
    where {{ has_flag('i.flags', 'missing_due_date') }} and not i.is_global and not u.has_register
    group by i.customer_id
),

formal as (
    select 'PUE_WITH_FORM_99' as rule, 'invoice' as entity_type, i.invoice_id as entity_id, i.customer_id, i.total_mxn_issue as amount_mxn,
        'PUE con forma de pago 99' as detail, i.issue_date as since
    from invoices as i where i.metodo_pago = 'PUE' and i.forma_pago = '99'
    union all
    select 'PPD_WITHOUT_FORM_99', 'invoice', i.invoice_id, i.customer_id, i.total_mxn_issue,
        'PPD con forma de pago ' || i.forma_pago, i.issue_date
    from invoices as i where i.metodo_pago = 'PPD' and i.forma_pago <> '99'
    union all
    select 'CANCELLED_AT_SAT_OPEN_HERE', 'invoice', i.invoice_id, i.customer_id, i.total_mxn_issue,
        'Cancelada en el SAT el ' || {{ date_es('i.cancel_date') }} || '; el registro no lo dice', i.cancel_date
    from invoices as i where {{ has_flag('i.flags', 'cancelled_at_sat_only') }}
    union all
    select 'CANCELLED_AND_REPLACED', 'invoice', i.invoice_id, i.customer_id, i.total_mxn_issue,
        'La sustituye ' || i.replaced_by_invoice_id, i.cancel_date
    from invoices as i where i.cancel_date is not null and i.replaced_by_invoice_id is not null
    union all
    select 'REPLACED_NOT_CANCELLED', 'invoice', i.invoice_id, i.customer_id, i.total_mxn_issue,
        'La sustituye ' || i.replaced_by_invoice_id || ' y sigue vigente', i.issue_date
    from invoices as i where i.en_sustitucion and i.cancel_date is null
    union all
    select 'ISSUED_NOT_SENT', 'invoice', i.invoice_id, i.customer_id, i.total_mxn_issue,
        'Emitida hace ' || {{ days_es(days_between('i.issue_date', as_of())) }} || ', sin fecha de envío', i.issue_date
    from invoices as i cross join units as u
    where i.sources like '%register%' and i.sent_date is null and i.status <> 'cancelled' and not i.is_global and u.has_sent_dates
    union all
    select 'FUTURE_DATED_INVOICE', 'invoice', i.invoice_id, c.customer_id, {{ pesos('i.total_ccy', 'i.fx_rate') }},
        'Fechada el ' || {{ date_es('i.issue_date') }} || ' en un archivo del ' || {{ date_es('i.delivery_date') }}, i.issue_date
    from {{ ref('int_invoices_unified') }} as i left join {{ ref('int_customers') }} as c on i.customer_key = c.customer_key
    where i.issue_date > i.delivery_date
    union all
    select 'SAT_STATUS_UNKNOWN', 'invoice', i.invoice_id, i.customer_id, i.open_mxn_closing,
        case i.sat_status
            when 'no_encontrado' then 'El SAT no la encuentra' when 'desconocido' then 'El SAT respondió algo que no se reconoce'
            else 'Sin estado del SAT'
        end,
        i.issue_date
    from invoices as i
    where i.uuid is not null and i.open_ccy > 0 and coalesce(i.sat_status, '') not in ('vigente', 'cancelado')
    {%- if not var('sat_enabled') %}
        and exists (select 1 from {{ ref('int_sat_status') }})
    {%- endif %}
),

-- numbered folios of invoices, credit notes and REPs; one row per gap between two neighbours
folios as (
    select company_rfc, serie, folio, issue_date from invoices
    union all
    select company_rfc, serie, folio, issue_date from {{ ref('fct_credit_notes') }}
    union all
    select company_rfc, serie, folio, issue_date from {{ ref('int_cfdi_documents') }}
    where tipo_de_comprobante = 'P' and is_own and outcome = 'counts' and issue_date <= {{ as_of() }}
),

numbers as (
    select company_rfc, coalesce(serie || '-', '') as prefix, cast(folio as bigint) as number, min(issue_date) as issue_date
    from folios
    where {{ matches('folio', '^[0-9]{1,15}$') }}
    group by company_rfc, coalesce(serie || '-', ''), cast(folio as bigint)
),

-- a thousand numbers without a gap need no sorting: their ends stand for them
thousands as (
    select company_rfc, prefix, {{ quotient('number', 1000) }} as thousand, min(number) as low, max(number) as high,
        count(*) = max(number) - min(number) + 1 as is_whole
    from numbers
    group by company_rfc, prefix, {{ quotient('number', 1000) }}
),

neighbours as (
    select n.*, t.is_whole, t.thousand, lead(n.number) over by_number as next_number, lead(n.issue_date) over by_number as next_date
    from numbers as n
    inner join thousands as t
        on n.prefix = t.prefix and {{ quotient('n.number', 1000) }} = t.thousand
        and coalesce(n.company_rfc, '') = coalesce(t.company_rfc, '')
    where not t.is_whole or n.number in (t.low, t.high)
    window by_number as (partition by n.company_rfc, n.prefix order by n.number)
),

gaps as (
    select
        'FOLIO_GAP' as rule,
        'folio' as entity_type,
        prefix || cast(number + 1 as string)
        || case when next_number - number > 2 then '..' || prefix || cast(next_number - 1 as string) else '' end as entity_id,
        cast(null as string) as customer_id,
        cast(null as decimal(18, 2)) as amount_mxn,
        case when next_number - number > 2 then 'Faltan ' || cast(next_number - number - 1 as string) || ' folios' else 'Falta un folio' end
        || coalesce(' de ' || company_rfc, '') as detail,
        coalesce(greatest(issue_date, next_date), issue_date) as since
    from neighbours
    where next_number - number > 1 and not (is_whole and {{ quotient('next_number', 1000) }} = thousand)
),

customers as (
    select 'RFC_MALFORMED' as rule, 'customer' as entity_type, customer_id as entity_id, customer_id,
        cast(null as decimal(18, 2)) as amount_mxn, 'RFC ' || rfc as detail, cast(null as date) as since
    from {{ ref('dim_customers') }}
    where rfc is not null and rfc not in ('XAXX010101000', 'XEXX010101000')
        and not {{ is_rfc('rfc') }}
    union all
    select case when l.list = '69' then 'CUSTOMER_ON_69' else 'CUSTOMER_ON_69B' end, 'customer', c.customer_id, c.customer_id, o.open_mxn,
        'RFC ' || c.rfc || ': ' || l.reason || ' en la lista del ' || {{ date_es('l.list_date') }}, null
    from {{ ref('dim_customers') }} as c
    inner join {{ ref('int_sat_listed') }} as l on c.rfc = l.rfc
    left join (select customer_id, sum(open_mxn_closing) as open_mxn from invoices group by customer_id) as o
        on c.customer_id = o.customer_id
),

-- our own CFDIs whose fields do not agree, by the check that fails
unsound as (
    select
        case c.check_name
            when 'total' then 'CFDI_TOTAL_MISMATCH' when 'stamp_before_issue' then 'CFDI_STAMP_DATE' when 'stamp_late' then 'CFDI_STAMP_DATE'
            when 'seal' then 'CFDI_SEAL_MISMATCH' when 'signature' then 'CFDI_SEAL_INVALID' else 'REP_AMOUNT_MISMATCH'
        end as rule,
        case when i.uuid is null then 'document' else 'invoice' end as entity_type,
        coalesce(i.invoice_id, c.uuid) as entity_id,
        c.customer_id,
        i.total_mxn_issue as amount_mxn,
        c.detail || coalesce(': ' || c.found || ' en vez de ' || c.expected, '') as detail,
        c.issue_date as since
    from {{ ref('cfdi_checks') }} as c
    left join (
        select uuid, min(invoice_id) as invoice_id, max(total_mxn_issue) as total_mxn_issue
        from invoices where uuid in (select uuid from {{ ref('cfdi_checks') }}) group by uuid
    ) as i on c.uuid = i.uuid
    where c.customer_id is not null
        and c.check_name in ('total', 'stamp_before_issue', 'stamp_late', 'seal', 'signature', 'rep_amount') and c.severity = 'error'
),

final as (
    select * from flagged
    union all
    select * from unsound
    union all
    select * from formal
    union all
    select * from gaps
    union all
    select * from customers
)

select * from final
