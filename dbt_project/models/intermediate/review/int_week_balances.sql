-- What was open at the start and the end of each week, by currency, with both rates: only what has a rate has pesos.
with

balances as (
    select a.as_of, c.currency, sum(a.gross_ccy) as gross_ccy, sum(a.gross_mxn) as gross_mxn, sum(a.gross_mxn - a.current_mxn) as overdue_mxn,
        sum(a.unvalued_items) as unvalued, sum(case when a.unvalued_items > 0 then a.overdue_invoices else 0 end) as unvalued_overdue
    from {{ ref('int_aging_cells') }} as a inner join {{ ref('int_cuts') }} as c on a.cut_key = c.cut_key
    where a.basis = 'effective'
    group by a.as_of, c.currency
),

currencies as (select distinct currency from balances),

final as (
    select
        w.week_end,
        c.currency,
        coalesce(s.gross_ccy, 0) as start_ccy,
        coalesce(s.gross_mxn, 0) as start_mxn,
        coalesce(s.overdue_mxn, 0) as start_overdue_mxn,
        coalesce(e.gross_ccy, 0) as end_ccy,
        coalesce(e.gross_mxn, 0) as end_mxn,
        coalesce(e.overdue_mxn, 0) as end_overdue_mxn,
        coalesce(s.unvalued, 0) as start_unvalued,
        coalesce(s.unvalued_overdue, 0) as start_unvalued_overdue,
        coalesce(e.unvalued, 0) as end_unvalued,
        coalesce(e.unvalued_overdue, 0) as end_unvalued_overdue,
        r0.rate as start_rate,
        r1.rate as end_rate
    from {{ ref('int_weeks') }} as w
    cross join currencies as c
    left join balances as s on w.week_start = s.as_of and c.currency = s.currency
    left join balances as e on w.week_end = e.as_of and c.currency = e.currency
    left join {{ ref('int_report_rates') }} as r0 on w.week_start = r0.as_of and c.currency = r0.currency
    left join {{ ref('int_report_rates') }} as r1 on w.week_end = r1.as_of and c.currency = r1.currency
)

select * from final
