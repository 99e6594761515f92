-- Of the credit invoices that fell due in each month and have matured (due before as_of), how many were settled in full by
-- their due date: by count, and by amount at the issue rate. Still unpaid, partly paid and written off are not on time;
-- cancelled and closed by credit note alone are out. Invoices without a rate are in the counts and out of the amounts.
{%- set grace = var('on_time_grace_days') %}
{%- set matured = known_total('s.matured_mxn', 's.unvalued') %}
{%- set on_time = known_total('s.on_time_mxn', 's.unvalued_on_time') %}
with

due_dates as (
    select invoice_key, max(due_date) as due_date from {{ ref('int_invoice_lines') }} group by invoice_key
),

-- within its grace an invoice may still be on time: counted as late, it would leave that again the day it is paid
matured as (
    select
        {{ month_start('l.due_date') }} as due_month,
        s.cut_key,
        i.total_mxn_issue,
        s.state = 'paid' and s.state_from <= {{ add_days('l.due_date', grace) }} as is_on_time
    from {{ ref('int_invoice_states') }} as s
    inner join {{ ref('int_invoice_cuts') }} as i on s.invoice_key = i.invoice_key
    inner join due_dates as l on s.invoice_key = l.invoice_key
    where s.state_from <= {{ as_of() }} and {{ as_of() }} < s.state_to and s.state <> 'credited'
        and {{ add_days('l.due_date', grace) }} < {{ as_of() }}
),

sums as (
    select
        m.due_month,
        d.dim_key,
        count(*) as matured_invoices,
        sum(case when m.is_on_time then 1 else 0 end) as paid_by_due,
        sum(m.total_mxn_issue) as matured_mxn,
        sum(case when m.is_on_time then m.total_mxn_issue end) as on_time_mxn,
        sum(case when m.total_mxn_issue is null then 1 else 0 end) as unvalued,
        sum(case when m.total_mxn_issue is null and m.is_on_time then 1 else 0 end) as unvalued_on_time
    from matured as m inner join {{ ref('int_cut_dimensions') }} as d on m.cut_key = d.cut_key
    group by m.due_month, d.dim_key
),

months as (
    select month as due_month from {{ ref('int_months') }}
    union
    select due_month from matured
),

grid as (
    select m.due_month, n.dim_key, n.dimension, n.value
    from months as m cross join {{ ref('int_dimensions') }} as n
),

final as (
    select
        g.due_month,
        g.dimension,
        g.value,
        cast(coalesce(s.matured_invoices, 0) as integer) as matured_invoices,
        cast(coalesce(s.paid_by_due, 0) as integer) as paid_by_due,
        {{ pct('s.paid_by_due', 's.matured_invoices') }} as count_pct,
        cast(coalesce(s.paid_by_due, 0) as integer) as count_num,
        cast(coalesce(s.matured_invoices, 0) as integer) as count_den,
        {{ money(matured) }} as matured_mxn,
        {{ money(on_time) }} as on_time_mxn,
        {{ pct(on_time, matured) }} as amount_pct,
        {{ money(on_time) }} as amount_num,
        {{ money(matured) }} as amount_den,
        cast(coalesce(s.unvalued, 0) as integer) as unvalued_items
    from grid as g left join sums as s on g.due_month = s.due_month and g.dim_key = s.dim_key
)

select * from final
order by due_month, dimension, value
