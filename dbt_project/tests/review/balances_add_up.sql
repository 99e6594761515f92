-- METRICS.md section 7: buckets = gross, gross - unapplied = net, and every aging mart tells the same totals.
with

customers as (
    select as_of, basis, sum(gross_mxn) as gross_mxn, sum(overdue_mxn) as overdue_mxn, sum(unapplied_mxn) as unapplied_mxn,
        sum(net_mxn) as net_mxn, sum(disputed_mxn) as disputed_mxn, sum(open_invoices) as open_invoices,
        sum(current_mxn + d1_30_mxn + d31_60_mxn + d61_90_mxn + d91_120_mxn + d120_plus_mxn) as buckets_mxn
    from {{ ref('aging_by_customer') }}
    group by as_of, basis
),

cuts as (
    select as_of, sum(gross_mxn) as gross_mxn, sum(overdue_mxn) as overdue_mxn, sum(unapplied_mxn) as unapplied_mxn,
        sum(disputed_mxn) as disputed_mxn, sum(open_invoices) as open_invoices
    from {{ ref('aging_by_cut') }}
    group by as_of
),

items as (
    select as_of, basis, sum(coalesce(open_mxn_closing, 0)) as gross_mxn from {{ ref('aging_open_items') }} group by as_of, basis
),

dimensions as (
    select as_of, sum(gross_mxn) as gross_mxn, sum(overdue_mxn) as overdue_mxn, sum(net_mxn) as net_mxn
    from {{ ref('morosidad') }}
    where dimension <> 'tag'
    group by as_of, dimension
),

unapplied as (select as_of, sum(unapplied_mxn) as unapplied_mxn from {{ ref('unapplied_credit') }} group by as_of),

segments as (
    select as_of, bucket, sum(gross_mxn) as gross_mxn, sum(expected_loss_mxn) as expected_mxn, sum(estimated_loss_mxn) as estimated_mxn
    from {{ ref('provision_by_segment') }}
    group by as_of, bucket
)

select 'buckets' as identity, as_of from customers where buckets_mxn <> gross_mxn
union all
select 'net', as_of from customers where gross_mxn - unapplied_mxn <> net_mxn
union all
select 'cut', u.as_of
from customers as c inner join cuts as u on c.as_of = u.as_of and c.basis = 'effective'
where c.gross_mxn <> u.gross_mxn or c.overdue_mxn <> u.overdue_mxn or c.unapplied_mxn <> u.unapplied_mxn
    or c.disputed_mxn <> u.disputed_mxn or c.open_invoices <> u.open_invoices
union all
select 'items', i.as_of
from items as i left join customers as c on i.as_of = c.as_of and i.basis = c.basis
where i.gross_mxn <> coalesce(c.gross_mxn, 0)
union all
select 'dimension', d.as_of
from dimensions as d left join customers as c on d.as_of = c.as_of and c.basis = 'effective'
where d.gross_mxn <> coalesce(c.gross_mxn, 0) or d.overdue_mxn <> coalesce(c.overdue_mxn, 0) or d.net_mxn <> coalesce(c.net_mxn, 0)
union all
select 'unapplied', u.as_of
from unapplied as u left join customers as c on u.as_of = c.as_of and c.basis = 'effective'
where u.unapplied_mxn <> coalesce(c.unapplied_mxn, 0)
union all
select 'segments', p.as_of
from {{ ref('provision') }} as p left join segments as s on p.as_of = s.as_of and p.bucket = s.bucket
where coalesce(p.gross_mxn, 0) <> coalesce(s.gross_mxn, 0) or coalesce(p.expected_loss_mxn, 0) <> coalesce(s.expected_mxn, 0)
    or coalesce(p.estimated_loss_mxn, 0) <> coalesce(s.estimated_mxn, 0)
