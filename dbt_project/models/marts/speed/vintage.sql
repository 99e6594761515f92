-- Credit sales by month of issue: what of their net amount was collected within 30, 60 and 90 days from issue, live cash
-- only, at the issue rate, as the run's as_of knows it. A cell is empty until all its invoices reached that age.
-- Invoices without a rate are left out of the pesos and counted.
{%- set ages = [30, 60, 90] %}
with

invoices as (
    select invoice_key, cut_key, issue_date, {{ month_start('issue_date') }} as issue_month, total_mxn_issue
    from {{ ref('int_invoice_cuts') }}
    where is_credit_sale and left_date is null
),

issued as (
    select issue_month, cut_key, count(*) as invoices, max(issue_date) as last_issue_date, sum(total_mxn_issue) as total_mxn,
        sum(case when total_mxn_issue is null then 1 else 0 end) as unvalued
    from invoices
    group by issue_month, cut_key
),

settled as (
    select
        i.issue_month,
        i.cut_key,
        sum(case when m.flow in ('credit_note', 'credit_note_cancelled') then m.amount_mxn_issue else 0 end) as credited_mxn,
        {%- for age in ages %}
        -sum(
            case when p.payment_key is not null and {{ days_between('i.issue_date', 'm.effective_date') }} <= {{ age }} then m.amount_mxn_issue end
        ) as collected_{{ age }}d,
        sum(
            case when m.amount_mxn_issue is null and p.payment_key is not null and {{ days_between('i.issue_date', 'm.effective_date') }} <= {{ age }} then 1 else 0 end
        ) as unvalued_{{ age }}d{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_movements') }} as m
    inner join invoices as i on m.invoice_key = i.invoice_key
    left join {{ ref('int_payments') }} as p
        on m.doc_type = 'payment' and m.flow in ('payment', 'rehomed') and m.doc_key = p.payment_key and p.is_cash and p.reversed_date is null
    where m.flow in ('credit_note', 'credit_note_cancelled', 'payment', 'rehomed')
    group by i.issue_month, i.cut_key
),

sums as (
    select
        i.issue_month,
        d.dim_key,
        sum(i.invoices) as invoices,
        max(i.last_issue_date) as last_issue_date,
        sum(i.total_mxn + coalesce(s.credited_mxn, 0)) as billed_net_mxn,
        sum(i.unvalued) as unvalued,
        {%- for age in ages %}
        {{ known_total('sum(s.collected_' ~ age ~ 'd)', 'sum(s.unvalued_' ~ age ~ 'd)') }} as collected_{{ age }}d{{ ',' if not loop.last }}
        {%- endfor %}
    from issued as i
    inner join {{ ref('int_cut_dimensions') }} as d on i.cut_key = d.cut_key
    left join settled as s on i.issue_month = s.issue_month and i.cut_key = s.cut_key
    group by i.issue_month, d.dim_key
),

aged as (
    select
        s.*,
        {%- for age in ages %}
        {{ add_days('s.last_issue_date', age) }} <= {{ as_of() }} as mature_{{ age }}d{{ ',' if not loop.last }}
        {%- endfor %}
    from sums as s
),

final as (
    select
        a.issue_month,
        n.dimension,
        n.value,
        cast(a.invoices as integer) as invoices,
        {{ money('a.billed_net_mxn') }} as billed_net_mxn,
        {%- for age in ages %}
        case when a.mature_{{ age }}d then {{ pct('a.collected_' ~ age ~ 'd', 'a.billed_net_mxn') }} end as collected_{{ age }}d_pct,
        {{ money('case when a.mature_' ~ age ~ 'd then a.collected_' ~ age ~ 'd end') }} as collected_{{ age }}d_num,
        {{ money('case when a.mature_' ~ age ~ 'd then a.billed_net_mxn end') }} as collected_{{ age }}d_den,
        a.mature_{{ age }}d,
        {%- endfor %}
        cast(a.unvalued as integer) as unvalued_items
    from aged as a inner join {{ ref('int_dimensions') }} as n on a.dim_key = n.dim_key
)

select * from final
order by issue_month, dimension, value
