-- DSO countback: months joined backwards from each month; a full month of sales adds its days, the last one the fraction
-- that is left of gross. Stops before a month without sales; what is not used up by then, or by the start of history,
-- leaves it incomplete.
with

months as (select dim_key, month, gross_mxn, sales_mxn, days from {{ ref('int_speed_months') }}),

backwards as (
    select
        g.dim_key,
        g.month,
        g.gross_mxn,
        b.sales_mxn,
        b.days,
        (sum(b.sales_mxn) over back_to_here) - b.sales_mxn as later_sales,
        max(case when b.sales_mxn <= 0 then 1 else 0 end) over back_to_here as stopped
    from months as g
    inner join months as b on g.dim_key = b.dim_key and b.month <= g.month
    window back_to_here as (
        partition by g.dim_key, g.month order by b.month desc rows between unbounded preceding and current row
    )
),

final as (
    select
        dim_key,
        month,
        cast(round(sum(case when stopped = 0 then
            days * least(greatest(cast(gross_mxn - later_sales as double) / cast(sales_mxn as double), 0), 1)
        else 0 end), 4) as decimal(18, 4)) as dso_countback,
        max(gross_mxn) <= coalesce(sum(case when stopped = 0 then sales_mxn end), 0) as is_complete
    from backwards
    group by dim_key, month
)

select * from final
