-- The collection effectiveness index of each quarter, from the quarter's own beginning, sales and ending; the quarter
-- of the run up to as_of. Credit sales only, at the issue rate, effective basis, as in collection_speed. What has no rate
-- is left out and counted; an amount of which nothing has one is null.
with

placed as (
    select
        *,
        cast(date_trunc('quarter', month) as date) as quarter,
        lag(gross_mxn, 1, 0) over (partition by dim_key order by month) as before_mxn,
        row_number() over (partition by dim_key, date_trunc('quarter', month) order by month) as from_start,
        row_number() over (partition by dim_key, date_trunc('quarter', month) order by month desc) as from_end
    from {{ ref('int_speed_months') }}
),

sums as (
    select
        quarter,
        dimension,
        value,
        max(month_end) as quarter_end,
        {{ money('sum(case when from_start = 1 then before_mxn end)') }} as beginning_mxn,
        {{ money(known_balance('sum(sales_mxn)', 'sum(unvalued_sales)')) }} as sales_mxn,
        {{ money('sum(case when from_end = 1 then gross_mxn end)') }} as gross_mxn,
        {{ money('sum(case when from_end = 1 then current_mxn end)') }} as current_mxn,
        {{ money(known_balance('sum(write_offs_mxn)', 'sum(unvalued_flows - unvalued_sales)')) }} as write_offs_mxn,
        cast(sum(unvalued_flows + case when from_end = 1 then unvalued_balances else 0 end) as integer) as unvalued_items
    from placed
    group by quarter, dimension, value
),

flows as (
    select
        *,
        {{ money(known_sum(['beginning_mxn', 'sales_mxn'], ['gross_mxn'])) }} as collected_mxn,
        {{ money(known_sum(['beginning_mxn', 'sales_mxn'], ['current_mxn'])) }} as collectable_mxn,
        {{ money(known_sum(['beginning_mxn', 'sales_mxn'], ['gross_mxn', 'write_offs_mxn'])) }} as other_collected_mxn,
        {{ money(known_sum(['beginning_mxn', 'sales_mxn'], ['current_mxn', 'write_offs_mxn'])) }} as other_collectable_mxn
    from sums
),

final as (
    select
        quarter,
        quarter_end,
        dimension,
        value,
        beginning_mxn,
        sales_mxn as net_credit_sales_mxn,
        gross_mxn,
        current_mxn,
        write_offs_mxn,
        {{ pct('collected_mxn', 'collectable_mxn') }} as cei_pct,
        collected_mxn as cei_num,
        collectable_mxn as cei_den,
        {{ pct('other_collected_mxn', 'other_collectable_mxn') }} as cei_excl_write_offs_pct,
        other_collected_mxn as cei_excl_write_offs_num,
        other_collectable_mxn as cei_excl_write_offs_den,
        unvalued_items
    from flows
)

select * from final
order by quarter, dimension, value
