-- How late each customer pays, in whole days, on each date of aging_open_items: the mean of settled − due over its
-- credit invoices closed by then with cash, floored at 0 after the mean. A customer without any has no row; the mean
-- over everybody stands under customer_key 0, on every date.
with

dates as (select distinct as_of from {{ ref('aging_open_items') }}),

closed as (
    select d.as_of, i.customer_key, cast(s.days_vs_due as bigint) as days_late
    from {{ ref('int_invoice_states') }} as s
    inner join dates as d on s.state_from <= d.as_of and d.as_of < s.state_to
    inner join {{ ref('int_invoices_unified') }} as i on s.invoice_key = i.invoice_key
    where s.has_cash
),

sums as (
    select as_of, customer_key, sum(days_late) as days_late, count(*) as invoices from closed group by as_of, customer_key
),

everybody as (
    select d.as_of, 0 as customer_key, coalesce(sum(s.days_late), 0) as days_late, coalesce(sum(s.invoices), 0) as invoices
    from dates as d left join sums as s on d.as_of = s.as_of
    group by d.as_of
),

together as (
    select as_of, customer_key, days_late, invoices from sums
    union all
    select as_of, customer_key, days_late, invoices from everybody
),

final as (
    select
        as_of,
        customer_key,
        cast(invoices as integer) as closed_invoices,
        -- floor((2a + b) / 2b) = a / b rounded half up, in whole numbers
        case when days_late <= 0 then 0 else cast(floor((2 * days_late + invoices) / (2.0 * invoices)) as integer) end as lag_days
    from together
)

select * from final
