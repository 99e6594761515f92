-- How late each customer pays, in whole days, on each date of aging_open_items: the mean of settled − due over its
-- credit invoices closed by then with cash, floored at 0 after the mean. A customer without any has no row; the mean
-- over everybody stands under customer_key 0, on every date.
with

dates as (
    select as_of, lag(as_of) over (order by as_of) as previous_as_of
    from (select distinct as_of from {{ ref('aging_open_items') }}) as d
),

-- what each day adds, and what it takes away where an invoice is open again
steps as (
    select
        coalesce(i.customer_key, -1) as customer_key, s.day, s.sign * cast(s.days_vs_due as bigint) as days_late, s.sign as invoices
    from (
        select invoice_key, days_vs_due, has_cash, state_from as day, 1 as sign from {{ ref('int_invoice_states') }}
        union all
        select invoice_key, days_vs_due, has_cash, state_to, -1 from {{ ref('int_invoice_states') }} where state_to < {{ forever() }}
    ) as s
    inner join {{ ref('int_invoice_attributes') }} as i on s.invoice_key = i.invoice_key
    where s.has_cash
),

-- a day shows from the first date on or after it
shown as (
    select d.as_of, s.customer_key, sum(s.days_late) as days_late, sum(s.invoices) as invoices
    from steps as s
    inner join dates as d on s.day <= d.as_of and (d.previous_as_of is null or s.day > d.previous_as_of)
    group by d.as_of, s.customer_key
),

standing as (
    select d.as_of, c.customer_key,
        sum(coalesce(s.days_late, 0)) over w as days_late,
        sum(coalesce(s.invoices, 0)) over w as invoices
    from dates as d
    cross join (select distinct customer_key from shown) as c
    left join shown as s on d.as_of = s.as_of and c.customer_key = s.customer_key
    window w as (partition by c.customer_key order by d.as_of rows unbounded preceding)
),

sums as (select as_of, customer_key, days_late, invoices from standing where invoices > 0),

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
