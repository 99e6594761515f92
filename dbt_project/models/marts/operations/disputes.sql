-- One row per dispute, as it stands at the run's as_of. What it holds of an open invoice is unknown where its own
-- amount is.
{%- set is_known = 'd.disputed_ccy is not null or d.closed_date is not null or coalesce(i.open_ccy, 0) = 0' %}
with

states as (select * from {{ ref('int_dispute_states') }} where as_of = {{ as_of() }}),

final as (
    select
        d.dispute_id,
        i.invoice_id,
        i.invoice_key,
        c.customer_id,
        c.customer_name,
        d.opened_date,
        d.closed_date,
        d.reason,
        coalesce(r.name_es, d.reason, 'Sin motivo') as reason_name,
        d.disputed_amount_ccy,
        d.currency,
        case when i.invoice_key is not null then d.disputed_ccy end as disputed_invoice_ccy,
        case when {{ is_known }} then coalesce(s.disputed_open_ccy, 0) end as disputed_open_ccy,
        case when {{ is_known }} then case when s.dispute_id is null then 0 else s.disputed_open_mxn end end as disputed_open_mxn,
        d.outcome,
        d.owner,
        d.closed_date is null as is_open,
        case when d.closed_date is null then {{ days_between('d.opened_date', as_of()) }} end as age_days,
        {{ days_between('d.opened_date', 'd.closed_date') }} as resolution_days
    from {{ ref('int_disputes') }} as d
    left join {{ ref('fct_invoices') }} as i on d.invoice_key = i.invoice_key
    left join {{ ref('int_customers') }} as c on coalesce(d.customer_key, i.customer_key) = c.customer_key
    left join {{ ref('dispute_reasons') }} as r on d.reason = r.reason
    left join states as s on d.dispute_id = s.dispute_id
)

select * from final
order by dispute_id
