-- Balances on every report date by customer, both bases. One row per customer with something open or in favour. Stored by
-- customer: from one date to the next little changes.
-- depends_on: {{ ref('buckets') }}
{%- set sums = ['open_invoices'] + (bucket_rows() | map(attribute='column_name') | list) + ['gross_mxn', 'gross_mxn_issue', 'overdue_invoices'] %}
with

parts as (
    select as_of, basis, cut_key, {{ sums | join(', ') }}, unvalued_items, oldest_days, null as unapplied_mxn, null as disputed_mxn
    from {{ ref('int_aging_cells') }}
    union all
    select as_of, basis, cut_key, {% for column in sums %}null, {% endfor %}unvalued_items, null, unapplied_mxn, null
    from {{ ref('int_unapplied_cells') }}
    union all
    select as_of, basis, cut_key, {% for column in sums %}null, {% endfor %}null, null, null, disputed_open_mxn
    from {{ ref('int_disputed_items') }}
),

totals as (
    select
        p.as_of,
        p.basis,
        c.customer_key,
        {%- for column in sums + ['unapplied_mxn', 'disputed_mxn', 'unvalued_items'] %}
        coalesce(sum(p.{{ column }}), 0) as {{ column }},
        {%- endfor %}
        max(p.oldest_days) as oldest_days
    from parts as p inner join {{ ref('int_cuts') }} as c on p.cut_key = c.cut_key
    group by p.as_of, p.basis, c.customer_key
),

final as (
    select
        t.as_of,
        t.basis,
        n.customer_id,
        cast(t.open_invoices as integer) as open_invoices,
        {%- for row in bucket_rows() %}
        {{ money('t.' ~ row['column_name']) }} as {{ row['column_name'] }},
        {%- endfor %}
        {{ money('t.gross_mxn') }} as gross_mxn,
        {{ money('t.gross_mxn - t.current_mxn') }} as overdue_mxn,
        {{ money('t.unapplied_mxn') }} as unapplied_mxn,
        {{ money('t.gross_mxn - t.unapplied_mxn') }} as net_mxn,
        {{ money('t.disputed_mxn') }} as disputed_mxn,
        {{ money('t.gross_mxn_issue') }} as gross_mxn_issue,
        cast(t.overdue_invoices as integer) as overdue_invoices,
        cast(t.unvalued_items as integer) as unvalued_items,
        t.oldest_days
    from totals as t
    inner join (select distinct customer_key, customer_id from {{ ref('int_cuts') }}) as n on t.customer_key = n.customer_key
    order by t.customer_key, t.as_of, t.basis
)

select * from final
