-- Every name an invoice was ever seen by, each pointing at one invoice: its id, its UUID, the ids of other
-- register rows with its UUID, and serie-folio where only one invoice has it.
with names as (
    select {{ invoice_alias('invoice_id') }} as alias, invoice_key, 'invoice_id' as alias_kind, 1 as rank
    from {{ ref('int_invoice_matches') }}
    union all
    select uuid, invoice_key, 'uuid', 2
    from {{ ref('int_invoice_matches') }}
    where uuid is not null and uuid <> invoice_id
    union all
    select {{ invoice_alias('r.invoice_id') }}, m.invoice_key, 'register_id', 3
    from {{ ref('stg_register__invoices') }} as r
    inner join {{ ref('int_invoice_matches') }} as m on r.uuid = m.uuid and r.invoice_id <> m.invoice_id
    group by 1, 2
    union all
    select min(d.folio_label), min(d.invoice_key), 'serie_folio', 4
    from {{ ref('int_invoice_documents') }} as d
    where d.folio is not null
    group by d.folio_label
    having count(*) = 1
)

select alias, invoice_key, alias_kind
from (
    select *, row_number() over (partition by alias order by rank, invoice_key) as place from names
) as ranked
where place = 1
