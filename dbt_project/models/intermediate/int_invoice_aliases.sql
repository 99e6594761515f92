-- Every name an invoice was ever seen by, each pointing at one invoice: its id, its UUID, the ids of other
-- register rows with its UUID, and serie-folio where only one invoice has it. Of a name that several have, the lowest
-- rank counts, then the lowest key: one number that is both, as sorting the names costs three times a minimum.
{% set of_one_rank = 10000000000 %}
with names as (
    select {{ invoice_alias('invoice_id') }} as alias, {{ of_one_rank }} + invoice_key as place
    from {{ ref('int_invoice_matches') }}
    union all
    select uuid, 2 * {{ of_one_rank }} + invoice_key
    from {{ ref('int_invoice_matches') }}
    where uuid is not null and uuid <> invoice_id
    union all
    select {{ invoice_alias('r.invoice_id') }}, 3 * {{ of_one_rank }} + m.invoice_key
    from {{ ref('stg_register__invoices') }} as r
    inner join {{ ref('int_invoice_matches') }} as m on r.uuid = m.uuid and r.invoice_id <> m.invoice_id
    union all
    select {{ folio_label('serie', 'folio') }}, 4 * {{ of_one_rank }} + invoice_key
    from {{ ref('int_invoice_matches') }}
    where folio is not null
),

placed as (
    select alias, min(place) as place
    from names
    group by alias
    having min(place) < 4 * {{ of_one_rank }} or count(*) = 1
)

select
    alias,
    cast(place - {{ quotient('place', of_one_rank) }} * {{ of_one_rank }} as integer) as invoice_key,
    case {{ quotient('place', of_one_rank) }}
        when 1 then 'invoice_id' when 2 then 'uuid' when 3 then 'register_id' else 'serie_folio'
    end as alias_kind
from placed
