-- The balance of each receivable line as intervals of dates, in both bases; stored by customer.
with basis_names as (
    select cast('effective' as string) as basis union all select cast('as_recorded' as string)
),

steps as (
    select
        b.basis,
        i.invoice_key,
        i.issue_date as valid_from,
        coalesce(e.event_date, {{ forever() }}) as valid_to,
        cast(0 as decimal(18, 2)) as settled_ccy
    from {{ ref('int_invoice_attributes') }} as i
    cross join basis_names as b
    left join {{ ref('int_applied_events') }} as e
        on i.invoice_key = e.invoice_key and b.basis = e.basis and e.event_order = 1
    where i.is_receivable
    union all
    select
        basis,
        invoice_key,
        event_date,
        next_date,
        settled_after_ccy
    from {{ ref('int_applied_events') }}
)

select
    s.basis,
    s.invoice_key,
    l.instalment,
    i.customer_key,
    i.currency,
    i.issue_date,
    l.due_date,
    s.valid_from,
    least(s.valid_to, coalesce(i.end_date, {{ forever() }})) as valid_to,
    cast(least(l.amount_ccy, greatest(l.cumulative_ccy - s.settled_ccy, 0)) as decimal(18, 2)) as open_ccy,
    i.fx_rate as fx_issue_rate
from steps as s
inner join {{ ref('int_invoice_attributes') }} as i on s.invoice_key = i.invoice_key
inner join {{ ref('int_invoice_lines') }} as l on s.invoice_key = l.invoice_key
where
    i.is_receivable
    and s.valid_from < least(s.valid_to, coalesce(i.end_date, {{ forever() }}))
    and l.cumulative_ccy > s.settled_ccy
    and l.amount_ccy > 0
order by i.customer_key, s.invoice_key, l.instalment, s.basis, s.valid_from
