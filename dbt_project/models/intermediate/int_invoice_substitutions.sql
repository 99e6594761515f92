-- Substitution chains (relation 04, or the register's replaces_invoice_id): every later invoice of the chain, with
-- the date from which it stands for the old one. Only an edge to a later document is walked, so no chain has a
-- cycle; a backward edge that would close one is reported. A cancelled substitute without one of its own is no edge.
with recursive claims as (
    select
        old.invoice_key as old_key,
        new.invoice_key as new_key
    from {{ ref('int_invoice_matches') }} as new
    inner join {{ ref('stg_cfdi__related') }} as r on new.cfdi_file_id = r.source_file_id and r.tipo_relacion = '04'
    inner join {{ ref('int_invoice_aliases') }} as old on r.related_uuid = old.alias
    union
    select
        old.invoice_key,
        new.invoice_key
    from {{ ref('int_invoice_documents') }} as new
    inner join {{ ref('int_invoice_aliases') }} as old on {{ invoice_alias('new.replaces_invoice_id') }} = old.alias
),

dated as (
    select
        c.old_key,
        c.new_key,
        n.issue_date as new_issue_date,
        n.cancel_date as new_cancel_date,
        (n.issue_date > o.issue_date)
        or (n.issue_date = o.issue_date and n.order_stamp > o.order_stamp)
        or (n.issue_date = o.issue_date and n.order_stamp = o.order_stamp and n.invoice_key > o.invoice_key) as is_forward
    from claims as c
    inner join {{ ref('int_invoice_documents') }} as o on c.old_key = o.invoice_key
    inner join {{ ref('int_invoice_documents') }} as n on c.new_key = n.invoice_key
    where c.old_key <> c.new_key
),

edges as (
    select old_key, new_key, new_issue_date
    from (
        select
            d.*,
            row_number() over (partition by d.old_key order by d.new_issue_date, d.new_key) as place
        from dated as d
        where
            d.is_forward
            and (d.new_cancel_date is null or d.new_key in (select old_key from dated where is_forward))
    ) as ranked
    where place = 1
),

chain as (
    select old_key, new_key, new_issue_date as from_date, 1 as depth from edges
    union all
    select
        c.old_key,
        e.new_key,
        greatest(c.from_date, e.new_issue_date),
        c.depth + 1
    from chain as c
    inner join edges as e on c.new_key = e.old_key
    where c.depth < 50
),

closing_edges as (
    select d.old_key, d.new_key
    from dated as d
    inner join chain as c on d.old_key = c.new_key and d.new_key = c.old_key
    where not d.is_forward
),

-- every invoice of a cycle: both ends of the edge that would close it, and whoever stands between
cycles as (
    select old_key as invoice_key from closing_edges
    union
    select new_key from closing_edges
    union
    select a.new_key
    from closing_edges as e
    inner join chain as a on e.new_key = a.old_key
    inner join chain as b on a.new_key = b.old_key and e.old_key = b.new_key
)

select
    old_key,
    new_key,
    from_date,
    depth,
    false as is_cycle
from chain
union all
select invoice_key, invoice_key, null, 0, true from cycles
