-- Balances and the share of them that is overdue, on every report date and dimension, at the closing rate. Num and den
-- of each share stand beside it, so that several rows can be added up.
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
    select a.*, coalesce(d.disputed_mxn, 0) as disputed_mxn, coalesce(d.disputed_overdue_mxn, 0) as disputed_overdue_mxn
    from {{ ref('int_aging_cells') }} as a
    left join disputed as d on a.as_of = d.as_of and a.cut_key = d.cut_key
    where a.basis = 'effective'
),

-- a customer with one cut in a dimension value is counted as it comes; only those with several are told apart
dimensions as (
    select d.cut_key, d.dim_key, d.customer_key, count(*) over (partition by d.dim_key, d.customer_key) > 1 as has_several
    from {{ ref('int_cut_dimensions') }} as d
    inner join (select distinct cut_key from cells) as c on d.cut_key = c.cut_key
),

several as (
    select as_of, dim_key, count(*) as customers, sum(is_overdue) as overdue_customers
    from (
        select a.as_of, d.dim_key, d.customer_key, max(case when a.overdue_invoices > 0 then 1 else 0 end) as is_overdue
        from cells as a inner join dimensions as d on a.cut_key = d.cut_key and d.has_several
        group by a.as_of, d.dim_key, d.customer_key
    ) as c
    group by as_of, dim_key
),

totals as (
    select
        a.as_of,
        d.dim_key,
        {{ money('sum(a.gross_mxn)') }} as gross_mxn,
        {{ money('sum(a.gross_mxn - a.current_mxn)') }} as overdue_mxn,
        {%- for row in bucket_rows() %}
        {{ money('sum(a.' ~ row['column_name'] ~ ')') }} as {{ row['column_name'] }},
        {%- endfor %}
        {{ money('sum(a.disputed_mxn)') }} as disputed_mxn,
        {{ money('sum(a.d31_60_mxn + a.d61_90_mxn + a.d91_120_mxn + a.d120_plus_mxn)') }} as over_30_num,
        {{ money('sum(a.d91_120_mxn + a.d120_plus_mxn)') }} as over_90_num,
        {{ money('sum(a.gross_mxn - a.disputed_mxn)') }} as by_amount_excl_disputed_den,
        {{ money('sum(a.gross_mxn - a.current_mxn - a.disputed_overdue_mxn)') }} as by_amount_excl_disputed_num,
        cast(sum(a.open_invoices) as integer) as by_invoice_den,
        cast(sum(a.overdue_invoices) as integer) as by_invoice_num,
        sum(case when d.has_several then 0 else 1 end) as customers,
        sum(case when a.overdue_invoices > 0 and not d.has_several then 1 else 0 end) as overdue_customers,
        cast(sum(a.unvalued_items) as integer) as unvalued_items
    from cells as a
    inner join dimensions as d on a.cut_key = d.cut_key
    group by a.as_of, d.dim_key
),

counted as (
    select
        t.*,
        cast(t.customers + coalesce(s.customers, 0) as integer) as by_customer_den,
        cast(t.overdue_customers + coalesce(s.overdue_customers, 0) as integer) as by_customer_num
    from totals as t left join several as s on t.as_of = s.as_of and t.dim_key = s.dim_key
),

unapplied as (
    select u.as_of, d.dim_key, {{ money('sum(u.unapplied_mxn)') }} as unapplied_mxn
    from {{ ref('int_unapplied_cells') }} as u
    inner join {{ ref('int_cut_dimensions') }} as d on u.cut_key = d.cut_key
    where u.basis = 'effective'
    group by u.as_of, d.dim_key
),

-- a total on every report date, also where nothing was open
grid as (
    select as_of, dim_key from totals
    union
    select as_of, dim_key from unapplied
    union
    select r.as_of, d.dim_key
    from {{ ref('dim_report_dates') }} as r cross join {{ ref('int_dimensions') }} as d
    where d.dimension = 'total'
),

final as (
    select
        g.as_of,
        n.dimension,
        n.value,
        {%- for column in ['gross_mxn', 'overdue_mxn', 'disputed_mxn'] + (bucket_rows() | map(attribute='column_name') | list) %}
        coalesce(t.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        coalesce(u.unapplied_mxn, 0) as unapplied_mxn,
        {{ money('coalesce(t.gross_mxn, 0) - coalesce(u.unapplied_mxn, 0)') }} as net_mxn,
        {%- for share, num, den in [
            ('by_amount', 'overdue_mxn', 'gross_mxn'), ('by_invoice', 'by_invoice_num', 'by_invoice_den'),
            ('by_customer', 'by_customer_num', 'by_customer_den'), ('over_30', 'over_30_num', 'gross_mxn'),
            ('over_90', 'over_90_num', 'gross_mxn'),
            ('by_amount_excl_disputed', 'by_amount_excl_disputed_num', 'by_amount_excl_disputed_den'),
        ] %}
        {{ pct('t.' ~ num, 't.' ~ den) }} as {{ share }}_pct,
        coalesce(t.{{ num }}, 0) as {{ share }}_num,
        coalesce(t.{{ den }}, 0) as {{ share }}_den,
        {%- endfor %}
        coalesce(t.unvalued_items, 0) as unvalued_items
    from grid as g
    inner join {{ ref('int_dimensions') }} as n on g.dim_key = n.dim_key
    left join counted as t on g.as_of = t.as_of and g.dim_key = t.dim_key
    left join unapplied as u on g.as_of = u.as_of and g.dim_key = u.dim_key
)

select * from final
order by as_of, dimension, value
