-- The collection effectiveness index of each quarter, from the quarter's own beginning, sales and ending; the quarter
-- of the run up to as_of. Credit sales only, at the issue rate, effective basis, as in collection_speed.
with

placed as (
    select
        *,
        cast(date_trunc('quarter', month) as date) as quarter,
        coalesce(lag(gross_mxn) over (partition by dim_key order by month), 0) as before_mxn,
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
        {{ money('sum(case when from_start = 1 then before_mxn else 0 end)') }} as beginning_mxn,
        {{ money('sum(sales_mxn)') }} as sales_mxn,
        {{ money('sum(case when from_end = 1 then gross_mxn else 0 end)') }} as gross_mxn,
        {{ money('sum(case when from_end = 1 then current_mxn else 0 end)') }} as current_mxn,
        {{ money('sum(write_offs_mxn)') }} as write_offs_mxn
    from placed
    group by quarter, dimension, value
),

flows as (
    select
        *,
        {{ money('beginning_mxn + sales_mxn - gross_mxn') }} as collected_mxn,
        {{ money('beginning_mxn + sales_mxn - current_mxn') }} as collectable_mxn
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
        {{ pct('(collected_mxn - write_offs_mxn)', '(collectable_mxn - write_offs_mxn)') }} as cei_excl_write_offs_pct,
        {{ money('collected_mxn - write_offs_mxn') }} as cei_excl_write_offs_num,
        {{ money('collectable_mxn - write_offs_mxn') }} as cei_excl_write_offs_den
    from flows
)

select * from final
order by quarter, dimension, value
