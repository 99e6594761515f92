-- METRICS.md section 7: the roll-forward closes to 0.00; every row of the roll matrix adds up, starts add up to the balance
-- of the start and ends to that of the end; a provision covers the whole of the receivables, once.
with

balances as (
    select as_of, sum(gross_mxn_issue) as issue_mxn, sum(gross_mxn) as closing_mxn
    from {{ ref('int_aging_cells') }}
    where basis = 'effective'
    group by as_of
),

matrix as (
    select
        *,
        coalesce(to_{{ bucket_columns() | join(', 0) + coalesce(to_') }}, 0) as end_mxn,
        coalesce(start_mxn, 0) + coalesce(entered_mxn, 0) as start_and_entered_mxn,
        coalesce(paid_mxn, 0) + coalesce(credited_mxn, 0) + coalesce(cancelled_mxn, 0) + coalesce(written_off_mxn, 0) as left_mxn
    from {{ ref('roll_rates') }}
),

spans as (
    select cadence, from_date, to_date, sum(start_mxn) as start_mxn, sum(end_mxn) as end_mxn
    from matrix
    group by cadence, from_date, to_date
),

provisions as (select as_of, sum(gross_mxn) as gross_mxn from {{ ref('provision') }} group by as_of)

select 'roll_forward' as identity, cast(month as string) as entity
from {{ ref('roll_forward') }}
where beginning + billed - cancelled - payments_applied + payments_reversed - credit_notes_applied - write_offs <> ending
union all
select 'roll row', from_bucket || ' ' || cast(to_date as string)
from matrix
where start_and_entered_mxn <> end_mxn + left_mxn
union all
select 'roll start and end', s.cadence || ' ' || cast(s.to_date as string)
from spans as s
left join balances as b on s.from_date = b.as_of
left join balances as e on s.to_date = e.as_of
where coalesce(s.start_mxn, 0) <> coalesce(b.issue_mxn, 0) or s.end_mxn <> coalesce(e.issue_mxn, 0)
union all
select 'provision', cast(p.as_of as string)
from provisions as p left join balances as b on p.as_of = b.as_of
where coalesce(p.gross_mxn, 0) <> coalesce(b.closing_mxn, 0)
