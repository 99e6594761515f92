-- Which register row, CFDI and opening line are one invoice, its integer key, and its names.
-- Register and CFDI: by UUID, else by (company, serie, folio, customer, total), one to one.
-- Two register rows with one UUID are one invoice, named by the lowest id.
with register_rows as (
    select
        invoice_id,
        uuid,
        serie,
        folio,
        customer_id,
        {{ money('total') }} as total,
        upper(company_rfc) as company_rfc
    from {{ latest_delivery(ref('stg_register__invoices'), ['invoice_id']) }} as i
    where issue_date <= {{ as_of() }}
),

-- only a UUID that came again needs its lowest id
shared as (
    select uuid, min(invoice_id) as invoice_id from register_rows where uuid is not null group by uuid having count(*) > 1
),

named as (
    select r.invoice_id, r.uuid, r.serie, r.folio
    from register_rows as r
    left join shared as s on r.uuid = s.uuid
    where s.uuid is null or r.invoice_id = s.invoice_id
),

cfdis as (
    select
        source_file_id,
        uuid,
        serie,
        folio,
        customer_id,
        {{ money('total') }} as total,
        company_rfc
    from {{ ref('int_cfdi_documents') }}
    where tipo_de_comprobante = 'I' and is_own and outcome = 'counts' and issue_date <= {{ as_of() }}
),

-- one join leaves the pairs and what stands alone on either side
by_uuid as (
    select
        r.invoice_id as register_id,
        c.source_file_id as cfdi_file_id,
        coalesce(c.uuid, r.uuid) as uuid,
        coalesce(c.serie, r.serie) as serie,
        coalesce(c.folio, r.folio) as folio
    from named as r
    full outer join cfdis as c on r.uuid = c.uuid
),

candidates as (
    select
        r.invoice_id as register_id,
        c.source_file_id as cfdi_file_id,
        c.uuid,
        c.serie,
        count(*) over (partition by r.invoice_id) as register_hits,
        count(*) over (partition by c.source_file_id) as cfdi_hits
    from register_rows as r
    inner join cfdis as c
        on
            coalesce(r.serie, '') = coalesce(c.serie, '')
            and r.folio = c.folio
            and r.customer_id = c.customer_id
            and r.total = c.total
            and coalesce(r.company_rfc, c.company_rfc) = c.company_rfc
    inner join by_uuid as alone on c.source_file_id = alone.cfdi_file_id and alone.register_id is null
    where r.uuid is null
),

by_folio as (
    select register_id, cfdi_file_id, uuid, serie from candidates where register_hits = 1 and cfdi_hits = 1
),

documents as (
    select
        coalesce(b.register_id, b.uuid) as invoice_id,
        b.register_id is not null as is_registered,
        coalesce(b.cfdi_file_id, f.cfdi_file_id) as cfdi_file_id,
        coalesce(b.uuid, f.uuid) as uuid,
        coalesce(f.serie, b.serie) as serie,
        b.folio,
        case
            when b.register_id is not null and b.cfdi_file_id is not null then 'uuid'
            when f.register_id is not null then 'serie_folio_customer_total'
        end as matched_by
    from by_uuid as b
    left join by_folio as f on b.register_id = f.register_id
    left join by_folio as taken on b.cfdi_file_id = taken.cfdi_file_id
    where taken.cfdi_file_id is null
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
    select invoice_id, is_known, source_file_id, row_number
    from (
        select *, row_number() over (partition by invoice_id order by source_file_id, row_number) as place from openings
    ) as o
    where place = 1
),

all_invoices as (
    select d.*, o.source_file_id as opening_file_id, o.row_number as opening_row
    from documents as d
    left join one_opening as o on d.invoice_id = o.invoice_id and o.is_known
    union all
    select invoice_id, false, null, null, null, null, null, source_file_id, row_number from one_opening where not is_known
)

select
    cast(row_number() over (order by invoice_id) as integer) as invoice_key,
    *
from all_invoices
