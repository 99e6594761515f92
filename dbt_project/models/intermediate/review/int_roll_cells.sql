-- From each bucket at the start of a month or week to where its balance stood at the end, at the issue rate, effective
-- basis, per receivable line. What was open at the start is added up by due date alone and taken to have stayed; each
-- interval that ended or began within the span moves its own amount, and each movement says how. from_place: the seed's
-- position, 7 issued within the span, 8 reopened (settled at its start, open again at its end).
-- depends_on: {{ ref('buckets') }}
{%- set from_place = bucket_place(days_between('due_date', 'from_date')) %}
{%- set to_place = bucket_place(days_between('due_date', 'to_date')) %}
{%- set line = 'd.span_key, d.from_date, d.to_date, b.invoice_key, b.instalment, b.due_date, b.issue_date, b.left_date' %}
with

days as (
    select d.day, s.span_key, s.from_date, s.to_date
    from {{ ref('int_report_periods') }} as d inner join {{ ref('int_roll_periods') }} as s on s.from_date < d.day and d.day <= s.to_date
),

-- the first span at whose start a day has passed
starts as (
    select d.day, s.cadence, min(s.span_key) as span_key
    from {{ ref('int_report_periods') }} as d inner join {{ ref('int_roll_periods') }} as s on d.day <= s.from_date
    group by d.day, s.cadence
),

intervals as (
    select b.invoice_key, b.instalment, b.due_date, b.issue_date, b.valid_from, b.valid_to, x.left_date,
        {{ pesos('b.open_ccy', 'b.fx_issue_rate') }} as open_mxn
    from {{ ref('balance_intervals') }} as b
    left join (select invoice_key, left_date from {{ ref('int_invoice_cuts') }} where left_date is not null) as x
        on b.invoice_key = x.invoice_key
    where b.basis = 'effective' and b.fx_issue_rate is not null
),

movements as (
    select m.invoice_key, m.instalment, m.effective_date, m.amount_mxn_issue,
        case
            when m.flow in ('billed', 'opening') then 'billed'
            when m.flow in ('payment', 'payment_reversed', 'advance_applied', 'rehomed') then 'paid'
            when m.flow in ('credit_note', 'credit_note_cancelled') then 'credited'
            when m.flow = 'write_off' then 'written_off' else 'other'
        end as flow
    from {{ ref('int_movements') }} as m
    where m.amount_mxn_issue is not null and (m.amount_mxn_issue > 0 or m.flow not in ('billed', 'opening'))
),

steps as (
    select u.due_date, s.cadence, s.span_key, sum(u.open_mxn) as open_mxn
    from (
        select due_date, valid_from as day, open_mxn from intervals union all select due_date, valid_to, -open_mxn from intervals
    ) as u
    inner join starts as s on u.day = s.day
    group by u.due_date, s.cadence, s.span_key
),

standing as (
    select g.span_key, g.from_date, g.to_date, g.due_date,
        sum(coalesce(t.open_mxn, 0)) over (partition by g.due_date, g.cadence order by g.span_key rows unbounded preceding) as open_mxn
    from (select s.*, d.due_date from {{ ref('int_roll_periods') }} as s cross join (select distinct due_date from steps) as d) as g
    left join steps as t on g.due_date = t.due_date and g.span_key = t.span_key
),

events as (
    select {{ line }}, 'ended' as flow, -b.open_mxn as end_mxn, b.open_mxn as amount_mxn
    from intervals as b inner join days as d on b.valid_to = d.day and b.valid_from <= d.from_date
    union all
    select {{ line }}, 'began', b.open_mxn, b.open_mxn
    from intervals as b inner join days as d on b.valid_from = d.day and d.to_date < b.valid_to
    union all
    select d.span_key, d.from_date, d.to_date, m.invoice_key, m.instalment, l.due_date, i.issue_date, i.left_date, m.flow, 0, m.amount_mxn_issue
    from movements as m
    inner join days as d on m.effective_date = d.day
    inner join {{ ref('int_invoice_lines') }} as l on m.invoice_key = l.invoice_key and m.instalment = l.instalment
    inner join {{ ref('int_invoice_cuts') }} as i on m.invoice_key = i.invoice_key
),

placed as (
    select span_key, {{ from_place }} as from_place, {{ to_place }} as to_place, 'stood' as flow, false as is_cancelled,
        open_mxn as end_mxn, open_mxn as amount_mxn
    from standing
    where open_mxn <> 0
    union all
    select e.span_key,
        case when e.issue_date > e.from_date then 7 when s.span_key is not null then 8 else {{ from_place }} end,
        {{ to_place }}, e.flow, coalesce(e.left_date > e.from_date and e.left_date <= e.to_date, false), e.end_mxn, e.amount_mxn
    from events as e
    left join {{ ref('int_roll_reopened') }} as s on e.span_key = s.span_key and e.invoice_key = s.invoice_key and e.instalment = s.instalment
    where s.span_key is null or e.issue_date > e.from_date or e.flow = 'began'
),

sums as (
    select span_key, from_place, to_place, flow, is_cancelled, sum(end_mxn) as end_mxn, sum(amount_mxn) as amount_mxn from placed
    group by span_key, from_place, to_place, flow, is_cancelled
),

final as (
    select span_key, from_place,
        {%- for row in bucket_rows() %}
        {{ money('sum(case when to_place = ' ~ row['position'] ~ ' then end_mxn else 0 end)') }} as to_{{ row['column_name'] }},
        {%- endfor %}
        {{ money("sum(case when flow = 'stood' then amount_mxn else 0 end)") }} as start_mxn,
        {{ money("sum(case when flow = 'billed' or (flow = 'began' and from_place = 8) then amount_mxn else 0 end)") }} as entered_mxn,
        {{ money('sum(end_mxn)') }} as end_mxn,
        {{ money("sum(case when flow in ('billed', 'ended') and is_cancelled then amount_mxn else 0 end)") }} as cancelled_mxn,
        {%- for flow in ['paid', 'credited', 'written_off'] %}
        {{ money("sum(case when flow = '" ~ flow ~ "' and not is_cancelled then -amount_mxn else 0 end)") }} as {{ flow }}_mxn{{ ',' if not loop.last }}
        {%- endfor %}
    from sums
    group by span_key, from_place
)

select * from final
