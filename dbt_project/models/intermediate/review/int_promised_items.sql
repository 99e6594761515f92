-- The part of each open item that a pending promise covers, on each date of aging_open_items. What is disputed comes
-- first; a promise without an invoice goes to the customer's open items of its currency, the oldest due first, after
-- what their own promises took. `promised_date` is the last day of the promises that share an item, and after as_of.
{%- set rates = [] %}
{%- for of in ['p', 'i'] %}
{%- do rates.append('case when ' ~ of ~ ".currency = '" ~ var('report_currency') ~ "' then 1 else r" ~ of ~ '.mxn_per_unit end') %}
{%- endfor %}
with

pending as (
    select
        p.as_of,
        p.customer_id,
        p.invoice_id,
        p.currency,
        p.made_date,
        greatest(p.promised_date, {{ add_days('p.as_of', 1) }}) as promised_date,
        p.amount_ccy - p.paid_by_deadline_ccy as left_ccy
    from {{ ref('promises') }} as p
    where p.status = 'pending' and p.amount_ccy > p.paid_by_deadline_ccy
),

of_customers as (
    select as_of, customer_id, currency, max(promised_date) as promised_date, sum(left_ccy) as left_ccy
    from pending where invoice_id is null
    group by as_of, customer_id, currency
),

-- the few items that a promise may reach
items as (
    select
        a.as_of, a.invoice_id, a.instalment, a.customer_id, a.currency, a.due_date, a.open_ccy - a.disputed_open_ccy as free_ccy,
        o.promised_date as general_date, coalesce(o.left_ccy, 0) as general_left_ccy, p.invoice_id is not null as is_named
    from {{ ref('aging_open_items') }} as a
    left join (select distinct as_of, invoice_id from pending) as p on a.as_of = p.as_of and a.invoice_id = p.invoice_id
    left join of_customers as o on a.as_of = o.as_of and a.customer_id = o.customer_id and a.currency = o.currency
    where a.basis = 'effective' and a.open_ccy > a.disputed_open_ccy and (p.invoice_id is not null or o.customer_id is not null)
),

-- in the invoice's currency: what was promised in another is worth what it was on the day it was made
of_invoices as (
    select i.as_of, i.invoice_id, max(p.promised_date) as promised_date,
        sum(
            case when p.currency = i.currency then p.left_ccy
                else {{ money(wide('p.left_ccy') ~ ' * ' ~ rates[0] ~ ' / nullif(' ~ rates[1] ~ ', 0)') }} end
        ) as left_ccy
    from (select distinct as_of, invoice_id, currency from items where is_named) as i
    inner join pending as p on i.as_of = p.as_of and i.invoice_id = p.invoice_id
    left join {{ ref('fx_rates_daily') }} as rp on p.made_date = rp.date and p.currency = rp.currency
    left join {{ ref('fx_rates_daily') }} as ri on p.made_date = ri.date and i.currency = ri.currency
    group by i.as_of, i.invoice_id
),

named as (
    select
        i.*,
        o.promised_date,
        greatest(least(i.free_ccy, coalesce(o.left_ccy, 0) - ((sum(i.free_ccy) over older) - i.free_ccy)), 0) as named_ccy
    from items as i
    left join of_invoices as o on i.as_of = o.as_of and i.invoice_id = o.invoice_id
    window older as (partition by i.as_of, i.invoice_id order by i.instalment rows unbounded preceding)
),

general as (
    select
        as_of, invoice_id, instalment, promised_date, named_ccy, general_date,
        greatest(least(free_ccy - named_ccy, general_left_ccy - ((sum(free_ccy - named_ccy) over older) - (free_ccy - named_ccy))), 0) as general_ccy
    from named
    window older as (partition by as_of, customer_id, currency order by due_date, invoice_id, instalment rows unbounded preceding)
),

final as (
    select
        as_of,
        invoice_id,
        instalment,
        greatest(case when named_ccy > 0 then promised_date end, case when general_ccy > 0 then general_date end) as promised_date,
        {{ money('named_ccy + general_ccy') }} as promised_ccy
    from general
    where named_ccy + general_ccy > 0
)

select * from final
