-- How much of the receivables the largest customers owe, on every report date: gross open at the closing rate, before
-- unapplied credit, effective basis; customers without a balance are left out. Ties go by customer_id.
-- So is what has no rate: it is counted, and where nothing has one the amounts are null.
with

balances as (
    select
        as_of,
        customer_id,
        gross_mxn,
        sum(gross_mxn) over (partition by as_of) as total_mxn,
        row_number() over (partition by as_of order by gross_mxn desc, customer_id) as place
    from {{ ref('aging_by_customer') }}
    where basis = 'effective' and gross_mxn > 0
),

sums as (
    select
        as_of,
        max(case when place = 1 then customer_id end) as top_customer_id,
        sum(case when place = 1 then gross_mxn end) as top1_mxn,
        sum(case when place <= 3 then gross_mxn end) as top3_mxn,
        max(total_mxn) as total_mxn,
        sum(power(100 * cast(gross_mxn as double) / cast(total_mxn as double), 2)) as hhi,
        count(*) as customers
    from balances
    group by as_of
),

unvalued as (
    select as_of, sum(unvalued_items) as items from {{ ref('int_aging_cells') }} where basis = 'effective' group by as_of
),

final as (
    select
        d.as_of,
        s.top_customer_id,
        {{ pct('s.top1_mxn', 's.total_mxn') }} as top1_share_pct,
        {{ money(known_total('s.top1_mxn', 'u.items')) }} as top1_share_num,
        {{ money(known_total('s.total_mxn', 'u.items')) }} as top1_share_den,
        {{ pct('s.top3_mxn', 's.total_mxn') }} as top3_share_pct,
        {{ money(known_total('s.top3_mxn', 'u.items')) }} as top3_share_num,
        {{ money(known_total('s.total_mxn', 'u.items')) }} as top3_share_den,
        cast(round(s.hhi, 4) as decimal(18, 4)) as hhi,
        cast(coalesce(s.customers, 0) as integer) as customers,
        cast(coalesce(u.items, 0) as integer) as unvalued_items
    from {{ ref('dim_report_dates') }} as d left join sums as s on d.as_of = s.as_of left join unvalued as u on d.as_of = u.as_of
)

select * from final
order by as_of
