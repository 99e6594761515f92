-- From the receivables of one Sunday to those of the next, in pesos: start + billed - collected - credit notes -
-- cancelled - write-offs + other + exchange + rounding = end. Flows stand at the issue rate; exchange is
-- opening x (rate D1 - rate D0) + each flow x (rate D1 - its issue rate); rounding is worked out from the balances
-- and flows before they are rounded, so that a residual other than 0.00 shows a flow that is missing. What has no closing
-- rate is left out and counted; a line of which nothing has one is null.
{%- set flow_lines = ['billed', 'collected_applied', 'credit_notes', 'cancelled', 'write_offs', 'other'] %}
with

weeks as (select * from {{ ref('int_weeks') }}),

days as ({{ week_days('weeks') }}),

flows as (
    select
        w.week_end,
        case
            when m.flow = 'billed' then 'billed'
            when m.flow in ('payment', 'payment_reversed') then 'collected_applied'
            when m.flow in ('credit_note', 'credit_note_cancelled') then 'credit_notes'
            when m.flow = 'cancelled' then 'cancelled'
            when m.flow = 'write_off' then 'write_offs'
            else 'other' end as line,
        m.amount_ccy,
        case when r.rate is not null then coalesce(m.amount_mxn_issue, {{ pesos('m.amount_ccy', 'r.rate') }}) end as amount_mxn,
        coalesce(i.fx_rate, r.rate) as issue_rate,
        r.rate
    from {{ ref('int_movements') }} as m
    inner join days as w on m.effective_date = w.day
    inner join {{ ref('int_invoice_cuts') }} as i on m.invoice_key = i.invoice_key
    inner join {{ ref('int_report_rates') }} as r on w.week_end = r.as_of and m.currency = r.currency
),

line_sums as (
    select
        week_end,
        line,
        sum(amount_mxn) as amount_mxn,
        count(*) - count(amount_mxn) as unvalued,
        sum(cast({{ wide('amount_ccy') }} * (rate - issue_rate) as decimal(38, 8))) as flow_fx,
        sum(cast(amount_mxn - {{ wide('amount_ccy') }} * issue_rate as decimal(38, 8))) as flow_rounding
    from flows
    group by week_end, line
),

flow_sums as (
    select
        week_end,
        {%- for line in flow_lines %}
        sum(case when line = '{{ line }}' then amount_mxn else 0 end) as {{ line }},
        sum(case when line = '{{ line }}' then unvalued else 0 end) as unvalued_{{ line }},
        {%- endfor %}
        sum(flow_fx) as flow_fx,
        sum(flow_rounding) as flow_rounding
    from line_sums
    group by week_end
),

-- what had no rate at the start and has one at the end comes in as `other`
balances as (
    select
        week_end,
        sum(start_mxn) as start_mxn,
        sum(end_mxn) as end_mxn,
        sum(start_unvalued) as unvalued_start,
        sum(end_unvalued) as unvalued_end,
        sum(case when start_rate is not null then cast({{ wide('start_ccy') }} * (end_rate - start_rate) as decimal(38, 8)) else 0 end) as opening_fx,
        sum(case when end_rate is not null then cast(end_mxn - {{ wide('end_ccy') }} * end_rate as decimal(38, 8)) else 0 end)
            - sum(case when start_rate is not null then cast(start_mxn - {{ wide('start_ccy') }} * start_rate as decimal(38, 8)) else 0 end) as balance_rounding,
        sum(case when start_rate is null and end_rate is not null then cast({{ wide('start_ccy') }} * end_rate as decimal(38, 8)) else 0 end) as newly_valued
    from {{ ref('int_week_balances') }}
    group by week_end
),

parts as (
    select
        w.week_end,
        coalesce(b.start_mxn, 0) as start_mxn,
        coalesce(b.end_mxn, 0) as end_mxn,
        {%- for line in flow_lines[:-1] %}
        coalesce(f.{{ line }}, 0) as {{ line }},
        {%- endfor %}
        coalesce(b.unvalued_start, 0) as unvalued_start,
        coalesce(b.unvalued_end, 0) as unvalued_end,
        {%- for line in flow_lines %}
        coalesce(f.unvalued_{{ line }}, 0) as unvalued_{{ line }},
        {%- endfor %}
        coalesce(f.other, 0) + round(coalesce(b.newly_valued, 0), 2) as other,
        round(coalesce(b.opening_fx, 0) + coalesce(f.flow_fx, 0), 2) as fx,
        round(
            coalesce(b.balance_rounding, 0) - coalesce(f.flow_rounding, 0)
            + coalesce(b.opening_fx, 0) + coalesce(f.flow_fx, 0) - round(coalesce(b.opening_fx, 0) + coalesce(f.flow_fx, 0), 2)
            + coalesce(b.newly_valued, 0) - round(coalesce(b.newly_valued, 0), 2), 2
        ) as rounding
    from weeks as w
    left join balances as b on w.week_end = b.week_end
    left join flow_sums as f on w.week_end = f.week_end
),

lines as (
    {%- for line in ['start'] + flow_lines + ['fx', 'rounding', 'end'] %}
    {%- set value = line ~ '_mxn' if line in ('start', 'end') else line %}
    {%- set unvalued = '0' if line in ('fx', 'rounding') else 'unvalued_' ~ line %}
    select week_end, '{{ line }}' as line, {{ loop.index }} as position,
        {{ known_balance(value, unvalued) }} as value_mxn, {{ unvalued }} as unvalued_items
    from parts
    union all
    {%- endfor %}
    select week_end, 'residual', 11,
        end_mxn - (start_mxn + billed + collected_applied + credit_notes + cancelled + write_offs + other + fx + rounding), 0
    from parts
),

final as (
    select week_end, line, position, {{ money('value_mxn') }} as value_mxn, cast(unvalued_items as integer) as unvalued_items from lines
)

select * from final
order by week_end, position
