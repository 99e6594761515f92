-- The part of each open item that a pending promise covers, on each date of aging_open_items. What is disputed comes
-- first; a promise without an invoice goes to the customer's open items of its currency, the oldest due first, after
-- what their own promises took. `promised_date` is the last day of the promises that share an item, and after as_of.
with

items as (
    select as_of, invoice_id, instalment, customer_id, currency, due_date, open_ccy - disputed_open_ccy as free_ccy
    from {{ ref('aging_open_items') }}
    where basis = 'effective' and open_ccy > disputed_open_ccy
),

pending as (
    select
        p.as_of,
        p.customer_id,
        p.invoice_id,
        p.currency,
        greatest(p.promised_date, {{ add_days('p.as_of', 1) }}) as promised_date,
        p.amount_ccy - p.paid_by_deadline_ccy as left_ccy
    from {{ ref('promises') }} as p
    where p.status = 'pending' and p.amount_ccy > p.paid_by_deadline_ccy
),

-- in the invoice's currency, where the promise was made in another
of_invoices as (
    select i.as_of, i.invoice_id, max(p.promised_date) as promised_date,
        sum(case when p.currency = i.currency then p.left_ccy else {{ money('p.left_ccy * rp.rate / nullif(ri.rate, 0)') }} end) as left_ccy
    from (select distinct as_of, invoice_id, currency from items) as i
    inner join pending as p on i.as_of = p.as_of and i.invoice_id = p.invoice_id
    left join {{ ref('int_report_rates') }} as rp on p.as_of = rp.as_of and p.currency = rp.currency
    left join {{ ref('int_report_rates') }} as ri on i.as_of = ri.as_of and i.currency = ri.currency
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

of_customers as (
    select as_of, customer_id, currency, max(promised_date) as promised_date, sum(left_ccy) as left_ccy
    from pending where invoice_id is null
    group by as_of, customer_id, currency
),

general as (
    select
        n.as_of, n.invoice_id, n.instalment, n.promised_date, n.named_ccy,
        o.promised_date as general_date,
        greatest(least(
            n.free_ccy - n.named_ccy,
            coalesce(o.left_ccy, 0) - ((sum(n.free_ccy - n.named_ccy) over older) - (n.free_ccy - n.named_ccy))
        ), 0) as general_ccy
    from named as n
    left join of_customers as o on n.as_of = o.as_of and n.customer_id = o.customer_id and n.currency = o.currency
    window older as (
        partition by n.as_of, n.customer_id, n.currency order by n.due_date, n.invoice_id, n.instalment rows unbounded preceding
    )
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
