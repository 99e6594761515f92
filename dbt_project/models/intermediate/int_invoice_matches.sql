-- Which register row, CFDI and opening line are one invoice, and the integer key of each.
-- Register and CFDI: by UUID, else by (company, serie, folio, customer, total), one to one.
-- Two register rows with one UUID are one invoice, named by the lowest id.
with register_rows as (
    select
        invoice_id,
        uuid,
        coalesce(serie, '') as serie,
        folio,
        customer_id,
        {{ money('total') }} as total,
        upper(company_rfc) as company_rfc,
        row_number() over (partition by coalesce(uuid, 'id:' || invoice_id) order by invoice_id) as place
    from {{ latest_delivery(ref('stg_register__invoices'), ['invoice_id']) }} as i
    where issue_date <= {{ as_of() }}
),

cfdis as (
    select
        source_file_id,
        uuid,
        coalesce(serie, '') as serie,
        folio,
        customer_id,
        {{ money('total') }} as total,
        company_rfc
    from {{ ref('int_cfdi_documents') }}
    where tipo_de_comprobante = 'I' and is_own and outcome = 'counts' and issue_date <= {{ as_of() }}
),

by_uuid as (
    select
        r.invoice_id as register_id,
        c.source_file_id as cfdi_file_id
    from register_rows as r
    inner join cfdis as c on r.uuid = c.uuid
    where r.place = 1
),

candidates as (
    select
        r.invoice_id as register_id,
        c.source_file_id as cfdi_file_id,
        count(*) over (partition by r.invoice_id) as register_hits,
        count(*) over (partition by c.source_file_id) as cfdi_hits
    from register_rows as r
    inner join cfdis as c
        on
            r.serie = c.serie
            and r.folio = c.folio
            and r.customer_id = c.customer_id
            and r.total = c.total
            and coalesce(r.company_rfc, c.company_rfc) = c.company_rfc
    left join by_uuid as taken on c.source_file_id = taken.cfdi_file_id
    where r.uuid is null and taken.cfdi_file_id is null
),

pairs as (
    select register_id, cfdi_file_id, 'uuid' as matched_by from by_uuid
    union all
    select register_id, cfdi_file_id, 'serie_folio_customer_total' from candidates where register_hits = 1 and cfdi_hits = 1
),

documents as (
    select
        r.invoice_id,
        r.invoice_id as register_id,
        p.cfdi_file_id,
        coalesce(c.uuid, r.uuid) as uuid,
        p.matched_by
    from register_rows as r
    left join pairs as p on r.invoice_id = p.register_id
    left join cfdis as c on p.cfdi_file_id = c.source_file_id
    where r.place = 1
    union all
    select
        c.uuid,
        null,
        c.source_file_id,
        c.uuid,
        null
    from cfdis as c
    left join pairs as p on c.source_file_id = p.cfdi_file_id
    where p.cfdi_file_id is null
),

openings as (
    select
        coalesce(
            d.invoice_id, u.invoice_id, {{ invoice_alias('o.invoice_id') }},
            'opening:' || o.customer_id || ':' || cast(o.date as string) || ':' || o.currency
        ) as invoice_id,
        coalesce(d.invoice_id, u.invoice_id) is not null as is_known,
        o.source_file_id,
        o.row_number
    from {{ latest_delivery(ref('stg_register__opening_balances'), ['customer_id', 'invoice_id', 'date', 'currency']) }} as o
    left join documents as d on {{ invoice_alias('o.invoice_id') }} = d.invoice_id
    left join documents as u on {{ invoice_alias('o.invoice_id') }} = u.uuid and d.invoice_id is null
    where o.date <= {{ as_of() }}
),

one_opening as (
    select
        invoice_id,
        is_known,
        source_file_id,
        row_number
    from (
        select *, row_number() over (partition by invoice_id order by source_file_id, row_number) as place from openings
    ) as o
    where place = 1
),

all_invoices as (
    select
        d.invoice_id,
        d.register_id,
        d.cfdi_file_id,
        d.uuid,
        d.matched_by,
        o.source_file_id as opening_file_id,
        o.row_number as opening_row
    from documents as d
    left join one_opening as o on d.invoice_id = o.invoice_id and o.is_known
    union all
    select
        invoice_id,
        null,
        null,
        null,
        null,
        source_file_id,
        row_number
    from one_opening
    where not is_known
)

select
    cast(row_number() over (order by invoice_id) as integer) as invoice_key,
    *
from all_invoices
