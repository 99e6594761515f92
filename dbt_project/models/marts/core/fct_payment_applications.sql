-- One row an application as it stands at as_of: on the last invoice of a substitution chain, with its dates.
with homes as (
    select
        application_key,
        {{ last_by('invoice_key', 'event_date') }} as invoice_key,
        max(event_date) as effective_date,
        max(other_date) as recorded_date
    from {{ ref('int_applied_events') }}
    where basis = 'effective' and doc_type = 'payment' and not is_undo
    group by application_key
),

details as (
    select
        e.application_key,
        e.invoice_key,
        e.excess_ccy,
        e.net_ccy,
        cast(greatest(i.total_ccy - e.settled_before_ccy, 0) as decimal(18, 2)) as open_before_ccy
    from {{ ref('int_applied_events') }} as e
    inner join {{ ref('int_invoice_attributes') }} as i on e.invoice_key = i.invoice_key
    where e.basis = 'effective' and e.doc_type = 'payment' and not e.is_undo
),

joined as (
    select
        a.*,
        coalesce(h.invoice_key, a.invoice_key) as home_key,
        h.effective_date,
        h.recorded_date,
        d.excess_ccy,
        d.net_ccy,
        d.open_before_ccy
    from {{ ref('int_payment_applications') }} as a
    left join homes as h on a.application_key = h.application_key
    left join details as d on h.application_key = d.application_key and h.invoice_key = d.invoice_key
)

select
    a.application_id,
    p.payment_id,
    coalesce(i.invoice_id, a.invoice_ref) as invoice_id,
    coalesce(g.invoice_id, a.invoice_ref) as original_invoice_id,
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
    cast(coalesce(a.excess_ccy, 0) as decimal(18, 2)) as excess_ccy,
    a.open_before_ccy,
    a.num_parcialidad,
    a.imp_saldo_ant,
    a.imp_saldo_insoluto,
    p.is_cash,
    a.source_kind,
    a.source_file_id
from joined as a
inner join {{ ref('int_payments') }} as p on a.payment_key = p.payment_key
inner join {{ ref('int_customers') }} as pc on p.customer_key = pc.customer_key
left join {{ ref('int_invoice_attributes') }} as i on a.home_key = i.invoice_key
left join {{ ref('int_invoice_attributes') }} as g on a.invoice_key = g.invoice_key
left join {{ ref('int_customers') }} as ic on i.customer_key = ic.customer_key
