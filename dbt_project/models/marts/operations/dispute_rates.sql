-- Share of each month's invoices that were ever disputed. Two disputes on one invoice count once; an amount in dispute
-- is never more than its invoice; one that nobody can value counts, without an amount, like an invoice without a rate.
with

disputed as (
    select invoice_key, sum(disputed_ccy) as disputed_ccy from {{ ref('int_disputes') }} group by invoice_key
),

invoices as (
    select
        {{ month_start('i.issue_date') }} as issue_month,
        i.total_mxn_issue,
        i.left_date is null as is_live,
        d.invoice_key is not null as is_disputed,
        case when d.disputed_ccy is not null then {{ pesos('least(i.total_ccy, d.disputed_ccy)', 'i.fx_rate') }} end as disputed_mxn
    from {{ ref('int_invoice_cuts') }} as i
    left join disputed as d on i.invoice_key = d.invoice_key
    where not i.is_opening
),

sums as (
    select
        issue_month,
        count(*) as issued,
        sum(case when is_disputed then 1 else 0 end) as disputed,
        sum(case when is_live then 1 else 0 end) as live,
        sum(case when is_live and is_disputed then 1 else 0 end) as live_disputed,
        sum(disputed_mxn) as disputed_mxn,
        sum(total_mxn_issue) as billed_mxn,
        sum(case when is_disputed and disputed_mxn is null then 1 else 0 end) as unvalued_disputed,
        sum(case when total_mxn_issue is null then 1 else 0 end) as unvalued_billed,
        sum(case when total_mxn_issue is null or (is_disputed and disputed_mxn is null) then 1 else 0 end) as unvalued_items
    from invoices
    group by issue_month
),

counts as (
    select
        m.month as issue_month,
        {%- for column in ['issued', 'disputed', 'live', 'live_disputed'] %}
        cast(coalesce(s.{{ column }}, 0) as integer) as {{ column }},
        {%- endfor %}
        {{ money(known_total('s.disputed_mxn', 's.unvalued_disputed')) }} as disputed_mxn,
        {{ money(known_total('s.billed_mxn', 's.unvalued_billed')) }} as billed_mxn,
        cast(coalesce(s.unvalued_items, 0) as integer) as unvalued_items
    from {{ ref('int_months') }} as m left join sums as s on m.month = s.issue_month
),

final as (
    select
        issue_month,
        issued,
        disputed as disputed_invoices,
        {{ pct('disputed', 'issued') }} as disputed_pct,
        disputed as disputed_num,
        issued as disputed_den,
        {{ pct('live_disputed', 'live') }} as live_disputed_pct,
        live_disputed as live_disputed_num,
        live as live_disputed_den,
        {{ pct('disputed_mxn', 'billed_mxn') }} as disputed_amount_pct,
        disputed_mxn as disputed_amount_num,
        billed_mxn as disputed_amount_den,
        unvalued_items
    from counts
)

select * from final
order by issue_month
