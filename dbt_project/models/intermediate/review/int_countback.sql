-- DSO countback: months joined backwards from each month; a full month of sales adds its days, the last one the fraction
-- that is left of gross. Stops before a month without sales; what is not used up by then, or by the start of history,
-- leaves it incomplete. Balances or sales that cannot be valued are no days at all, and their month stops it too.
with

months as (select dim_key, month, gross_mxn, sales_mxn, days from {{ ref('int_speed_months') }}),

backwards as (
    select
        g.dim_key,
        g.month,
        g.gross_mxn,
        g.gross_mxn is null or g.sales_mxn is null as is_unknown,
        b.sales_mxn,
        b.days,
        (sum(b.sales_mxn) over back_to_here) - b.sales_mxn as later_sales,
        max(case when b.sales_mxn > 0 then 0 else 1 end) over back_to_here as stopped
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
        cast(round(sum(case when is_unknown then null when stopped = 0 then
            days * least(greatest(cast(gross_mxn - later_sales as double) / cast(sales_mxn as double), 0), 1)
        else 0 end), 4) as decimal(18, 4)) as dso_countback,
        coalesce(max(gross_mxn) <= coalesce(sum(case when stopped = 0 then sales_mxn end), 0), false) and not bool_or(is_unknown) as is_complete
    from backwards
    group by dim_key, month
)

select * from final
