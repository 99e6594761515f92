-- Kaplan-Meier of all credit sales on every report date: of the invoices that reached each age, how many were paid, and
-- the share still unpaid after it. One row per day with a payment or a censoring.
with

total as (select dim_key from {{ ref('int_dimensions') }} where dimension = 'total'),

final as (
    select
        s.as_of,
        cast(s.days as integer) as day,
        cast(s.at_risk as integer) as at_risk,
        cast(s.paid as integer) as paid,
        cast(s.censored as integer) as censored,
        cast(round(s.survival, 4) as decimal(18, 4)) as survival
    from {{ ref('int_survival') }} as s inner join total as t on s.dim_key = t.dim_key
)

select * from final
order by as_of, day
