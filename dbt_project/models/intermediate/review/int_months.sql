-- The months of the home, from its first document's to the run's: how many days each has at as_of, and its number.
with

final as (
    select
        month,
        max(as_of) as month_end,
        cast({{ days_between('month', 'max(as_of)') }} + 1 as integer) as days,
        cast(row_number() over (order by month) as integer) as month_number
    from {{ ref('dim_report_dates') }}
    where is_month_end or is_run_as_of
    group by month
)

select * from final
