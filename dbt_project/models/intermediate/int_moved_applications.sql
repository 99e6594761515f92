-- Applications that followed their invoice to the ones that took its place: the last of them is their home.
{{ config(materialized='view') }}
with events as (
    select application_key, invoice_key, kind, event_date, other_date
    from {{ ref('int_applied_events') }}
    where basis = 'effective' and doc_type = 'payment' and not is_undo
)

select
    application_key,
    {{ last_by('invoice_key', 'event_date') }} as invoice_key,
    max(event_date) as effective_date,
    max(other_date) as recorded_date
from events
where application_key in (select e.application_key from events as e where e.kind = 'rehomed')
group by application_key
