-- The dates every review stands on: month ends since the first document, the last 104 Sundays, and as_of.
with bounds as (
    select coalesce(min(day), {{ as_of() }}) as first_day
    from (
        select min(issue_date) as day from {{ ref('int_invoice_attributes') }} where is_receivable or is_global
        union all
        select min(payment_date) from {{ ref('int_payments') }} where payment_date >= {{ ledger_start() }}
        union all
        select min(issue_date) from {{ ref('int_credit_notes') }} where issue_date >= {{ ledger_start() }}
    ) as d
),

days as (
    {{ date_spine('first_day', as_of(), 'bounds', 'as_of') }}
)

select
    as_of,
    as_of = {{ month_end('as_of') }} as is_month_end,
    {{ weekday('as_of') }} = 7 and as_of > {{ add_days(as_of(), -728) }} as is_sunday,
    as_of = {{ as_of() }} as is_run_as_of,
    {{ month_start('as_of') }} as month
from days
where
    as_of = {{ month_end('as_of') }}
    or ({{ weekday('as_of') }} = 7 and as_of > {{ add_days(as_of(), -728) }})
    or as_of = {{ as_of() }}
order by as_of
