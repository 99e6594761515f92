-- Balances on every report date by customer and every dimension, effective basis. Filters and row scope read this.
-- depends_on: {{ ref('buckets') }}
with

disputed as (
    select
        as_of,
        cut_key,
        sum(disputed_open_mxn) as disputed_mxn,
        sum(case when days_past_due > 0 then disputed_open_mxn end) as disputed_overdue_mxn
    from {{ ref('int_disputed_items') }}
    where basis = 'effective'
    group by as_of, cut_key
),

cells as (
    select as_of, cut_key from {{ ref('int_aging_cells') }} where basis = 'effective'
    union
    select as_of, cut_key from {{ ref('int_unapplied_cells') }} where basis = 'effective'
),

final as (
    select
        x.as_of,
        c.customer_id,
        c.company_rfc as company,
        c.branch,
        c.segment,
        c.salesperson,
        c.account_owner,
        c.currency,
        coalesce(a.open_invoices, 0) as open_invoices,
        {%- for row in bucket_rows() %}
        {{ money('coalesce(a.' ~ row['column_name'] ~ ', 0)') }} as {{ row['column_name'] }},
        {%- endfor %}
        {{ money('coalesce(a.gross_mxn, 0)') }} as gross_mxn,
        {{ money('coalesce(a.gross_mxn - a.current_mxn, 0)') }} as overdue_mxn,
        {{ money('coalesce(u.unapplied_mxn, 0)') }} as unapplied_mxn,
        {{ money('coalesce(a.gross_mxn, 0) - coalesce(u.unapplied_mxn, 0)') }} as net_mxn,
        {{ money('coalesce(d.disputed_mxn, 0)') }} as disputed_mxn,
        {{ money('coalesce(d.disputed_overdue_mxn, 0)') }} as disputed_overdue_mxn,
        {{ money('coalesce(a.gross_mxn_issue, 0)') }} as gross_mxn_issue,
        {{ money('coalesce(a.gross_ccy, 0)') }} as gross_ccy,
        coalesce(a.overdue_invoices, 0) as overdue_invoices,
        coalesce(a.unvalued_items, 0) + coalesce(u.unvalued_items, 0) as unvalued_items,
        a.oldest_days
    from cells as x
    inner join {{ ref('int_cuts') }} as c on x.cut_key = c.cut_key
    left join {{ ref('int_aging_cells') }} as a
        on x.as_of = a.as_of and x.cut_key = a.cut_key and a.basis = 'effective'
    left join {{ ref('int_unapplied_cells') }} as u
        on x.as_of = u.as_of and x.cut_key = u.cut_key and u.basis = 'effective'
    left join disputed as d on x.as_of = d.as_of and x.cut_key = d.cut_key
    order by x.as_of, x.cut_key
)

select * from final
