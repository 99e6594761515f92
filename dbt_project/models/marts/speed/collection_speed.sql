-- Days of sales outstanding in all its variants, and the collection effectiveness index, at each month end (the run's
-- month at as_of). Credit sales only, at the issue rate, effective basis, so that balances and flows tie.
-- What has no rate is left out and counted; a figure of which nothing has one is null.
with

windows as (
    select
        g.*,
        c.dso_countback,
        c.is_complete,
        {%- for months in [3, 12] %}
        case when g.month_number >= {{ months }} then {{ known_balance('sum(g.sales_mxn) over last_' ~ months, 'sum(g.unvalued_sales) over last_' ~ months) }} end as sales_{{ months }}m,
        case when g.month_number >= {{ months }} then sum(g.days) over last_{{ months }} end as days_{{ months }}m,
        {%- endfor %}
        lag(g.gross_mxn, 1, 0) over (partition by g.dim_key order by g.month) as beginning_mxn
    from {{ ref('int_speed_months') }} as g
    inner join {{ ref('int_countback') }} as c on g.dim_key = c.dim_key and g.month = c.month
    window
        last_3 as (partition by g.dim_key order by g.month rows between 2 preceding and current row),
        last_12 as (partition by g.dim_key order by g.month rows between 11 preceding and current row)
),

netted as (
    select
        *,
        {{ money(known_sum(['gross_mxn'], ['unapplied_mxn'])) }} as net_mxn,
        {{ money(known_sum(['gross_mxn'], ['current_mxn'])) }} as overdue_mxn,
        {{ money(known_sum(['beginning_mxn', 'sales_mxn'], ['gross_mxn'])) }} as cei_num,
        {{ money(known_sum(['beginning_mxn', 'sales_mxn'], ['current_mxn'])) }} as cei_den,
        {{ money(known_sum(['beginning_mxn', 'sales_mxn'], ['gross_mxn', 'write_offs_mxn'])) }} as cei_excl_write_offs_num,
        {{ money(known_sum(['beginning_mxn', 'sales_mxn'], ['current_mxn', 'write_offs_mxn'])) }} as cei_excl_write_offs_den
    from windows
),

final as (
    select
        month,
        month_end,
        dimension,
        value,
        gross_mxn,
        current_mxn,
        unapplied_mxn,
        net_mxn,
        sales_mxn as net_credit_sales_1m,
        {{ money('sales_3m') }} as net_credit_sales_3m,
        {{ money('sales_12m') }} as net_credit_sales_12m,
        days as days_1m,
        cast(days_3m as integer) as days_3m,
        cast(days_12m as integer) as days_12m,
        {{ ratio('gross_mxn', 'sales_mxn', 'days') }} as dso_simple,
        {{ ratio('gross_mxn', 'sales_3m', 'days_3m') }} as dso_rolling_3m,
        {{ ratio('gross_mxn', 'sales_12m', 'days_12m') }} as dso_rolling_12m,
        dso_countback,
        is_complete as countback_complete,
        {{ ratio('current_mxn', 'sales_mxn', 'days') }} as bpdso_1m,
        {{ ratio('current_mxn', 'sales_3m', 'days_3m') }} as bpdso_3m,
        {{ ratio('overdue_mxn', 'sales_mxn', 'days') }} as add_1m,
        {{ ratio('overdue_mxn', 'sales_3m', 'days_3m') }} as add_3m,
        {{ ratio('net_mxn', 'sales_3m', 'days_3m') }} as dso_ledger_3m,
        {{ pct('cei_num', 'cei_den') }} as cei_pct,
        cei_num,
        cei_den,
        {{ pct('cei_excl_write_offs_num', 'cei_excl_write_offs_den') }} as cei_excl_write_offs_pct,
        cei_excl_write_offs_num,
        cei_excl_write_offs_den,
        unvalued_balances + unvalued_flows as unvalued_items
    from netted
)

select * from final
order by month, dimension, value
