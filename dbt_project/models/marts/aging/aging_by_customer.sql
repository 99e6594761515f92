-- Balances on every report date by customer, both bases. One row per customer with something open or in favour.
-- depends_on: {{ ref('buckets') }}
with

cuts as (select cut_key, customer_key, customer_id from {{ ref('int_cuts') }}),

aged as (
    select
        a.as_of,
        a.basis,
        c.customer_key,
        sum(a.open_invoices) as open_invoices,
        {%- for row in bucket_rows() %}
        sum(a.{{ row['column_name'] }}) as {{ row['column_name'] }},
        {%- endfor %}
        sum(a.gross_mxn) as gross_mxn,
        sum(a.gross_mxn_issue) as gross_mxn_issue,
        sum(a.overdue_invoices) as overdue_invoices,
        sum(a.unvalued_items) as unvalued_items,
        max(a.oldest_days) as oldest_days
    from {{ ref('int_aging_cells') }} as a inner join cuts as c on a.cut_key = c.cut_key
    group by a.as_of, a.basis, c.customer_key
),

unapplied as (
    select u.as_of, u.basis, c.customer_key, sum(u.unapplied_mxn) as unapplied_mxn, sum(u.unvalued_items) as unvalued_items
    from {{ ref('int_unapplied_cells') }} as u inner join cuts as c on u.cut_key = c.cut_key
    group by u.as_of, u.basis, c.customer_key
),

disputed as (
    select d.as_of, d.basis, c.customer_key, sum(d.disputed_open_mxn) as disputed_mxn
    from {{ ref('int_disputed_items') }} as d inner join cuts as c on d.cut_key = c.cut_key
    group by d.as_of, d.basis, c.customer_key
),

customers as (
    select as_of, basis, customer_key from aged
    union
    select as_of, basis, customer_key from unapplied
),

final as (
    select
        x.as_of,
        x.basis,
        n.customer_id,
        cast(coalesce(a.open_invoices, 0) as integer) as open_invoices,
        {%- for row in bucket_rows() %}
        {{ money('coalesce(a.' ~ row['column_name'] ~ ', 0)') }} as {{ row['column_name'] }},
        {%- endfor %}
        {{ money('coalesce(a.gross_mxn, 0)') }} as gross_mxn,
        {{ money('coalesce(a.gross_mxn - a.current_mxn, 0)') }} as overdue_mxn,
        {{ money('coalesce(u.unapplied_mxn, 0)') }} as unapplied_mxn,
        {{ money('coalesce(a.gross_mxn, 0) - coalesce(u.unapplied_mxn, 0)') }} as net_mxn,
        {{ money('coalesce(d.disputed_mxn, 0)') }} as disputed_mxn,
        {{ money('coalesce(a.gross_mxn_issue, 0)') }} as gross_mxn_issue,
        cast(coalesce(a.overdue_invoices, 0) as integer) as overdue_invoices,
        cast(coalesce(a.unvalued_items, 0) + coalesce(u.unvalued_items, 0) as integer) as unvalued_items,
        a.oldest_days
    from customers as x
    inner join (select distinct customer_key, customer_id from cuts) as n on x.customer_key = n.customer_key
    left join aged as a on x.as_of = a.as_of and x.basis = a.basis and x.customer_key = a.customer_key
    left join unapplied as u on x.as_of = u.as_of and x.basis = u.basis and x.customer_key = u.customer_key
    left join disputed as d on x.as_of = d.as_of and x.basis = d.basis and x.customer_key = d.customer_key
)

select * from final
order by as_of, basis, customer_id
