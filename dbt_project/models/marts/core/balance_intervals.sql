-- The balance of each receivable line as intervals of dates, in both bases; stored by customer.
{% set bases = ['effective', 'as_recorded'] %}
with events as (
    select basis, invoice_key, event_order, event_date, next_date, settled_after_ccy from {{ ref('int_applied_events') }}
),

-- from the issue to the first event, if there is one; from each event to the next
steps as (
    {% for basis in bases %}
    select cast('{{ basis }}' as string) as basis, i.invoice_key, cast(null as date) as valid_from, {{ forever() }} as valid_to,
        cast(0 as decimal(18, 2)) as settled_ccy
    from {{ ref('int_invoice_attributes') }} as i
    left join events as e on i.invoice_key = e.invoice_key and e.basis = '{{ basis }}' and e.event_order = 1
    where e.invoice_key is null
    union all
    {% endfor %}
    select basis, invoice_key, null, event_date, 0 from events where event_order = 1
    union all
    select basis, invoice_key, event_date, next_date, settled_after_ccy from events
)

select
    s.basis,
    s.invoice_key,
    l.instalment,
    i.customer_key,
    i.currency,
    i.issue_date,
    l.due_date,
    coalesce(s.valid_from, i.issue_date) as valid_from,
    least(s.valid_to, coalesce(i.end_date, {{ forever() }})) as valid_to,
    cast(least(l.amount_ccy, l.cumulative_ccy - s.settled_ccy) as decimal(18, 2)) as open_ccy,
    i.fx_rate as fx_issue_rate,
    greatest(s.settled_ccy, 0) >= l.cumulative_ccy - l.amount_ccy as is_oldest
from steps as s
inner join {{ ref('int_invoice_attributes') }} as i on s.invoice_key = i.invoice_key
inner join {{ ref('int_invoice_lines') }} as l on s.invoice_key = l.invoice_key
where
    i.is_receivable
    and coalesce(s.valid_from, i.issue_date) < least(s.valid_to, coalesce(i.end_date, {{ forever() }}))
    and l.cumulative_ccy > s.settled_ccy
    and l.amount_ccy > 0
order by i.customer_key, s.invoice_key, l.instalment, s.basis, valid_from
