-- What an undone document leaves of its invoice's total goes to the documents that stood above it, oldest first (METRICS
-- C2, C4): corrections to the net and excess of int_applied_events, which gives the undone document what stood above.
-- Only invoices where something undone had left others above the total; nearly none.
with undone as (
    select distinct basis, invoice_key from {{ ref('int_applied_events') }} where is_undo and excess_ccy <> 0
),

events as (
    select
        e.*,
        cast(e.net_ccy + e.excess_ccy as decimal(18, 2)) as amount_ccy,
        greatest(i.total_ccy, 0) as total_ccy,
        -- a note may stand several times on one invoice: the first undoing of an amount is the first one's
        row_number() over (
            partition by e.basis, e.invoice_key, e.doc_type, e.doc_key, e.application_key, abs(e.net_ccy + e.excess_ccy), e.is_undo
            order by e.event_order
        ) as place
    from {{ ref('int_applied_events') }} as e
    inner join undone as u on e.basis = u.basis and e.invoice_key = u.invoice_key
    inner join {{ ref('int_invoice_attributes') }} as i on e.invoice_key = i.invoice_key
),

-- each settlement, until the event that undoes it
lots as (
    select
        e.basis, e.invoice_key, e.event_order, e.doc_type, e.doc_key, e.application_key, e.amount_ccy, e.total_ccy, e.is_explicit,
        coalesce(p.amount_payment_ccy, e.amount_ccy) as amount_doc_ccy, u.event_order as undo_order
    from events as e
    left join events as u
        on e.basis = u.basis and e.invoice_key = u.invoice_key and e.doc_type = u.doc_type and e.doc_key = u.doc_key
        and coalesce(e.application_key, 0) = coalesce(u.application_key, 0) and e.amount_ccy = -u.amount_ccy and e.place = u.place
        and u.is_undo
    left join {{ ref('int_payment_applications') }} as p on e.doc_type = 'payment' and e.application_key = p.application_key
    where not e.is_undo
),

-- after each event: what of each settlement stands, in the order in which they came
standing as (
    select
        l.*,
        e.event_order as at_order,
        e.event_date,
        case when l.undo_order is null or l.undo_order > e.event_order then l.amount_ccy else 0 end as live_ccy,
        case when e.event_order in (l.event_order, l.undo_order) then e.net_ccy else 0 end as said_ccy,
        case when e.event_order in (l.event_order, l.undo_order) then e.net_doc_ccy else 0 end as said_doc_ccy
    from lots as l
    inner join events as e on l.basis = e.basis and l.invoice_key = e.invoice_key and l.event_order <= e.event_order
),

summed as (
    select
        *,
        sum(live_ccy) over (partition by basis, invoice_key, at_order order by event_order rows unbounded preceding) as up_to_ccy
    from standing
),

shared as (
    select *, cast(least(up_to_ccy, total_ccy) - least(up_to_ccy - live_ccy, total_ccy) as decimal(18, 2)) as net_ccy from summed
),

valued as (
    select *, {{ portion('amount_doc_ccy', 'net_ccy', 'amount_ccy') }} as net_doc_ccy from shared
),

corrected as (
    select
        basis, invoice_key, doc_type, doc_key, application_key, is_explicit, event_date, at_order,
        cast(net_ccy - (lag(net_ccy, 1, 0) over w) - said_ccy as decimal(18, 2)) as net_ccy,
        cast(net_doc_ccy - (lag(net_doc_ccy, 1, 0) over w) - said_doc_ccy as decimal(18, 2)) as net_doc_ccy
    from valued
    window w as (partition by basis, invoice_key, event_order order by at_order)
)

select basis, invoice_key, doc_type, doc_key, application_key, is_explicit, event_date, net_ccy, net_doc_ccy, -net_ccy as excess_ccy
from corrected
where net_ccy <> 0 or net_doc_ccy <> 0
