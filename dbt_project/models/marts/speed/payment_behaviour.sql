-- How each customer pays against the due date, on every report date: the delay of the last twelve months' cash, weighted by
-- amount at the issue rate, and the same with what is open and overdue that day; the band is of the second. Without three
-- credit invoices in it there is no history; who had an invoice written off is E before anything else. What has no rate is in
-- none of it, and counted.
{%- set sums = ['cash_mxn', 'cash_mxn_days', 'open_mxn', 'open_mxn_offset', 'unvalued_cash', 'unvalued_open'] %}
with

spans as (select * from {{ ref('int_behaviour_spans') }}),

valued_spans as (select customer_key, invoice_key, from_period, to_period from spans where unvalued_cash + unvalued_open = 0),

-- the periods in which an invoice counts, joined where they touch, so that each counts once
{{ merged_spans('presences', 'valued_spans', ['customer_key', 'invoice_key'], 'from_period', 'to_period') }},

written_off as (
    select c.customer_key, min(p.period) as period
    from {{ ref('int_movements') }} as m
    inner join {{ ref('int_invoice_cuts') }} as i on m.invoice_key = i.invoice_key and i.is_credit_sale
    inner join {{ ref('int_cuts') }} as c on i.cut_key = c.cut_key
    inner join {{ ref('int_report_periods') }} as p on m.effective_date = p.day
    where m.flow = 'write_off'
    group by c.customer_key
),

first_sales as (
    select c.customer_key, min(p.period) as period
    from {{ ref('int_invoice_cuts') }} as i
    inner join {{ ref('int_cuts') }} as c on i.cut_key = c.cut_key
    inner join {{ ref('int_report_periods') }} as p on i.issue_date = p.day
    where i.is_credit_sale
    group by c.customer_key
),

steps as (
    select customer_key, period, {% for column in sums %}sum({{ column }}) as {{ column }}, {% endfor %}sum(invoices) as invoices
    from (
        select customer_key, from_period as period, {{ sums | join(', ') }}, 0 as invoices from spans
        union all
        select customer_key, to_period, -{{ sums | join(', -') }}, 0 from spans
        union all
        select customer_key, from_period, 0, 0, 0, 0, 0, 0, 1 from presences
        union all
        select customer_key, to_period, 0, 0, 0, 0, 0, 0, -1 from presences
    ) as s
    group by customer_key, period
),

grid as (
    select f.customer_key, p.period, p.as_of
    from first_sales as f
    inner join {{ ref('int_report_periods') }} as p on p.is_report_date and p.period >= f.period
),

running as (
    select
        g.customer_key,
        g.period,
        g.as_of,
        {%- for column in sums %}
        sum(coalesce(s.{{ column }}, 0)) over up_to_here as {{ column }},
        {%- endfor %}
        sum(coalesce(s.invoices, 0)) over up_to_here as invoices
    from grid as g left join steps as s on g.customer_key = s.customer_key and g.period = s.period
    window up_to_here as (partition by g.customer_key order by g.period rows between unbounded preceding and current row)
),

measured as (
    select
        *,
        cash_mxn_days + {{ wide('open_mxn') }} * {{ days_between("cast('2000-01-01' as date)", 'as_of') }} - open_mxn_offset as all_mxn_days,
        cash_mxn + open_mxn as all_mxn
    from running
),

final as (
    select
        m.as_of,
        c.customer_id,
        {{ ratio('m.cash_mxn_days', 'm.cash_mxn') }} as weighted_delay_cash_days,
        {{ ratio('m.all_mxn_days', 'm.all_mxn') }} as weighted_delay_incl_open_days,
        case
            when w.period <= m.period then 'E'
            when m.invoices < 3 or m.all_mxn = 0 then 'sin historial'
            {%- for band, days in [('A', 0), ('B', 15), ('C', 30), ('D', 60)] %}
            when m.all_mxn_days <= {{ days }} * {{ wide('m.all_mxn') }} then '{{ band }}'
            {%- endfor %}
            else 'E'
        end as band,
        cast(m.invoices as integer) as invoices,
        {{ money(known_balance('m.cash_mxn', 'm.unvalued_cash')) }} as cash_mxn,
        {{ money(known_balance('m.open_mxn', 'm.unvalued_open')) }} as open_overdue_mxn,
        coalesce(w.period <= m.period, false) as has_write_off,
        cast(m.unvalued_cash + m.unvalued_open as integer) as unvalued_items
    from measured as m
    inner join {{ ref('int_customers') }} as c on m.customer_key = c.customer_key
    left join written_off as w on m.customer_key = w.customer_key
)

select * from final
order by as_of, customer_id
