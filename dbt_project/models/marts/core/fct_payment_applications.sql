-- One row an application as it stands at as_of: on the last invoice of a substitution chain, with its dates.
with events as (
    select application_key, invoice_key, event_date, other_date, excess_ccy, settled_before_ccy
    from {{ ref('int_applied_events') }}
    where basis = 'effective' and doc_type = 'payment' and not is_undo
),

moved as (select * from {{ ref('int_moved_applications') }}),

homes as (
    select
        e.application_key, e.invoice_key, e.event_date as effective_date, e.other_date as recorded_date, e.excess_ccy,
        e.settled_before_ccy
    from events as e left join moved as m on e.application_key = m.application_key
    where m.application_key is null
    union all
    select m.application_key, m.invoice_key, m.effective_date, m.recorded_date, e.excess_ccy, e.settled_before_ccy
    from moved as m inner join events as e on m.application_key = e.application_key and m.invoice_key = e.invoice_key
),

-- what an undone document left to those above the total
reallocated as (
    select application_key, invoice_key, sum(excess_ccy) as excess_ccy
    from {{ ref('int_reallocations') }}
    where basis = 'effective' and doc_type = 'payment'
    group by application_key, invoice_key
),

joined as (
    select
        a.*,
        coalesce(h.invoice_key, a.invoice_key) as home_key,
        h.effective_date,
        h.recorded_date,
        h.excess_ccy + coalesce(r.excess_ccy, 0) as live_excess_ccy,
        h.excess_ccy,
        h.settled_before_ccy
    from {{ ref('int_payment_applications') }} as a
    left join homes as h on a.application_key = h.application_key
    left join reallocated as r on h.application_key = r.application_key and h.invoice_key = r.invoice_key
)

select
    coalesce(d.application_id, p.payment_id) as application_id,
    p.payment_id,
    coalesce(i.invoice_id, g.invoice_id, d.invoice_ref) as invoice_id,
    case when a.home_key is not null then g.invoice_id end as original_invoice_id,
    coalesce(ic.customer_id, pc.customer_id) as customer_id,
    p.payment_date,
    a.applied_date,
    coalesce(a.effective_date, greatest(p.payment_date, i.issue_date)) as effective_date,
    coalesce(a.recorded_date, greatest(p.payment_date, a.applied_date, i.issue_date)) as recorded_date,
    p.reversed_date,
    least(p.reversed_date, i.end_date) as ended_date,
    a.effective_date is not null and p.reversed_date is null and i.end_date is null as is_live,
    a.is_explicit,
    a.invoice_key is not null as is_invoice_known,
    a.amount_ccy,
    a.currency,
    a.amount_payment_ccy,
    p.currency as payment_currency,
    {{ pesos('a.amount_ccy', 'i.fx_rate') }} as amount_mxn_issue,
    cast(coalesce(case when p.reversed_date is null then a.live_excess_ccy else a.excess_ccy end, 0) as decimal(18, 2)) as excess_ccy,
    cast(greatest(i.total_ccy - a.settled_before_ccy, 0) as decimal(18, 2)) as open_before_ccy,
    cast(d.num_parcialidad as integer) as num_parcialidad,
    d.imp_saldo_ant,
    d.imp_saldo_insoluto,
    p.is_cash,
    a.source_kind,
    a.source_file_id
from joined as a
inner join {{ ref('int_payments') }} as p on a.payment_key = p.payment_key
inner join {{ ref('int_customers') }} as pc on p.customer_key = pc.customer_key
left join {{ ref('int_application_documents') }} as d on a.application_key = d.application_key
left join {{ ref('int_invoice_attributes') }} as i on a.home_key = i.invoice_key
-- the invoice that the document names, where it stands on another one, or for its currency on none
left join {{ ref('int_invoice_attributes') }} as g on nullif(coalesce(d.invoice_key, a.invoice_key), coalesce(a.home_key, 0)) = g.invoice_key
left join {{ ref('int_customers') }} as ic on i.customer_key = ic.customer_key
