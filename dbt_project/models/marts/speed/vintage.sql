-- Credit sales by month of issue: what of their net amount was collected within 30, 60 and 90 days from issue, live cash
-- only, at the issue rate, as the run's as_of knows it. A cell is empty until all its invoices reached that age.
{%- set ages = [30, 60, 90] %}
with

invoices as (
    select invoice_key, cut_key, issue_date, total_mxn_issue
    from {{ ref('int_invoice_cuts') }}
    where is_credit_sale and left_date is null
),

settled as (
    select
        i.invoice_key,
        sum(case when m.flow in ('credit_note', 'credit_note_cancelled') then m.amount_mxn_issue else 0 end) as credited_mxn,
        {%- for age in ages %}
        -sum(
            case when p.payment_key is not null and {{ days_between('i.issue_date', 'm.effective_date') }} <= {{ age }} then m.amount_mxn_issue else 0 end
        ) as collected_{{ age }}d{{ ',' if not loop.last }}
        {%- endfor %}
    from invoices as i
    inner join {{ ref('int_movements') }} as m on i.invoice_key = m.invoice_key
    left join {{ ref('int_payments') }} as p
        on m.doc_type = 'payment' and m.flow in ('payment', 'rehomed') and m.doc_key = p.payment_key and p.is_cash and p.reversed_date is null
    group by i.invoice_key
),

sums as (
    select
        {{ month_start('i.issue_date') }} as issue_month,
        d.dim_key,
        count(*) as invoices,
        max(i.issue_date) as last_issue_date,
        sum(i.total_mxn_issue + coalesce(s.credited_mxn, 0)) as billed_net_mxn,
        {%- for age in ages %}
        sum(coalesce(s.collected_{{ age }}d, 0)) as collected_{{ age }}d{{ ',' if not loop.last }}
        {%- endfor %}
    from invoices as i
    inner join {{ ref('int_cut_dimensions') }} as d on i.cut_key = d.cut_key
    left join settled as s on i.invoice_key = s.invoice_key
    group by {{ month_start('i.issue_date') }}, d.dim_key
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
        a.mature_{{ age }}d{{ ',' if not loop.last }}
        {%- endfor %}
    from aged as a inner join {{ ref('int_dimensions') }} as n on a.dim_key = n.dim_key
)

select * from final
order by issue_month, dimension, value
