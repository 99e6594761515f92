-- One row per incident, as it stands at the run's as_of. Opened and closed on one day took 0 days.
with

incidents as (
    select *, {{ known_date('resolved_date') }} as closed_date, {{ known_date('escalated_date') }} as raised_date
    from {{ log_rows(ref('stg_register__incidents'), ['incident_id'], 'opened_date') }} as r
),

final as (
    select
        n.incident_id,
        coalesce(i.invoice_id, n.invoice_id) as invoice_id,
        n.customer_id,
        c.customer_name,
        n.type,
        coalesce(n.area, 'sin asignar') as area,
        coalesce(nullif(trim(n.owner), ''), 'sin asignar') as owner,
        n.opened_date,
        n.closed_date as resolved_date,
        n.raised_date as escalated_date,
        n.closed_date is null as is_open,
        n.raised_date is not null as is_escalated,
        case when n.closed_date is null then {{ days_between('n.opened_date', as_of()) }} end as age_days,
        {{ days_between('n.opened_date', 'n.closed_date') }} as resolution_days
    from incidents as n
    left join {{ ref('int_invoice_aliases') }} as a on a.alias = {{ invoice_alias('n.invoice_id') }}
    left join {{ ref('int_invoices_unified') }} as i on a.invoice_key = i.invoice_key
    left join {{ ref('dim_customers') }} as c on n.customer_id = c.customer_id
)

select * from final
order by incident_id
