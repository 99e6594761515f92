-- CEI and DSO: balances and flows tie at the issue rate. Of each month: beginning + everything that moved = ending, from
-- the ledger's movements of credit sales against the balances of int_speed_months.
with

moved as (
    select {{ month_start('m.effective_date') }} as month, sum(m.amount_mxn_issue) as moved_mxn
    from {{ ref('int_movements') }} as m
    inner join {{ ref('int_invoice_cuts') }} as i on m.invoice_key = i.invoice_key and i.is_credit_sale
    group by {{ month_start('m.effective_date') }}
),

months as (
    select s.month, s.gross_mxn, lag(s.gross_mxn, 1, 0) over (order by s.month) as beginning_mxn
    from {{ ref('int_speed_months') }} as s
    inner join {{ ref('int_dimensions') }} as d on s.dim_key = d.dim_key and d.dimension = 'total'
)

select s.month
from months as s left join moved as m on s.month = m.month
where coalesce(s.beginning_mxn, 0) + coalesce(m.moved_mxn, 0) <> coalesce(s.gross_mxn, 0)
