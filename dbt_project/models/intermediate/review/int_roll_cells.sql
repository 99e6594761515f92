-- From each bucket at the start of a month or week to where its balance stood at the end, at the issue rate, effective
-- basis, per receivable line. A line whose interval outlives the span has not moved: its bucket follows from the due date.
-- Only the others meet the movements. from_place: the seed's position, 7 issued within the span, 8 reopened (settled at its
-- start, open again at its end).
-- depends_on: {{ ref('buckets') }}
{%- set from_days = days_between('due_date', 'from_date') %}
{%- set to_days = days_between('due_date', 'to_date') %}
with

spans as (select * from {{ ref('int_roll_periods') }}),

days as (
    select d.day, s.span_key, s.from_date, s.to_date
    from {{ ref('int_report_periods') }} as d inner join spans as s on s.from_date < d.day and d.day <= s.to_date
),

intervals as (
    select invoice_key, instalment, due_date, valid_from, valid_to,
        case when fx_issue_rate = 1 then open_ccy else {{ pesos('open_ccy', 'fx_issue_rate') }} end as open_mxn
    from {{ ref('balance_intervals') }}
    where basis = 'effective' and fx_issue_rate is not null
),

-- what happened to a line within a span: its movements, the balance it started with if that ended, the one it ended with
-- if that began
events as (
    select
        d.span_key,
        m.invoice_key,
        m.instalment,
        cast(null as date) as due_date,
        cast(null as decimal(18, 2)) as start_mxn,
        cast(null as decimal(18, 2)) as end_mxn,
        case when m.flow in ('billed', 'opening') then m.amount_mxn_issue else 0 end as billed,
        case when m.flow in ('payment', 'payment_reversed', 'advance_applied', 'rehomed') then -m.amount_mxn_issue else 0 end as paid,
        case when m.flow in ('credit_note', 'credit_note_cancelled') then -m.amount_mxn_issue else 0 end as credited,
        case when m.flow = 'write_off' then -m.amount_mxn_issue else 0 end as written_off
    from {{ ref('int_movements') }} as m
    inner join days as d on m.effective_date = d.day
    where m.amount_mxn_issue is not null
    union all
    select d.span_key, b.invoice_key, b.instalment, b.due_date, b.open_mxn, null, 0, 0, 0, 0
    from intervals as b inner join days as d on b.valid_to = d.day and b.valid_from <= d.from_date
    union all
    select d.span_key, e.invoice_key, e.instalment, e.due_date, null, e.open_mxn, 0, 0, 0, 0
    from intervals as e inner join days as d on e.valid_from = d.day and d.to_date < e.valid_to
),

changed as (
    select
        span_key,
        invoice_key,
        instalment,
        max(due_date) as due_date,
        max(start_mxn) as start_mxn,
        max(end_mxn) as end_mxn,
        sum(billed) as billed,
        sum(paid) as paid,
        sum(credited) as credited,
        sum(written_off) as written_off
    from events
    group by span_key, invoice_key, instalment
),

followed as (
    select c.*, s.from_date, s.to_date, coalesce(i.left_date > s.from_date and i.left_date <= s.to_date, false) as is_cancelled
    from changed as c
    inner join spans as s on c.span_key = s.span_key
    inner join {{ ref('int_invoice_cuts') }} as i on c.invoice_key = i.invoice_key
),

placed as (
    select
        s.span_key,
        {{ bucket_place(from_days) }} as from_place,
        {{ bucket_place(to_days) }} as to_place,
        b.open_mxn as start_mxn,
        cast(0 as decimal(18, 2)) as entered_mxn,
        b.open_mxn as end_mxn,
        cast(0 as decimal(18, 2)) as paid,
        cast(0 as decimal(18, 2)) as credited,
        cast(0 as decimal(18, 2)) as cancelled,
        cast(0 as decimal(18, 2)) as written_off
    from intervals as b
    inner join spans as s on b.valid_from <= s.from_date and s.to_date < b.valid_to
    union all
    select
        span_key,
        case when start_mxn is not null then {{ bucket_place(from_days) }} when billed > 0 then 7 else 8 end,
        case when end_mxn is not null then {{ bucket_place(to_days) }} end,
        coalesce(start_mxn, 0),
        case when start_mxn is not null then 0 when billed > 0 then billed else end_mxn end,
        coalesce(end_mxn, 0),
        case when not is_cancelled and (start_mxn is not null or billed > 0) then paid else 0 end,
        case when not is_cancelled and (start_mxn is not null or billed > 0) then credited else 0 end,
        case when is_cancelled then coalesce(start_mxn, billed) else 0 end,
        case when not is_cancelled and (start_mxn is not null or billed > 0) then written_off else 0 end
    from followed
    where start_mxn is not null or billed > 0 or end_mxn is not null
),

final as (
    select
        span_key,
        from_place,
        {%- for row in bucket_rows() %}
        {{ money('sum(case when to_place = ' ~ row['position'] ~ ' then end_mxn else 0 end)') }} as to_{{ row['column_name'] }},
        {%- endfor %}
        {%- for column in ['start_mxn', 'entered_mxn', 'end_mxn'] %}
        {{ money('sum(' ~ column ~ ')') }} as {{ column }},
        {%- endfor %}
        {%- for column in ['paid', 'credited', 'cancelled', 'written_off'] %}
        {{ money('sum(' ~ column ~ ')') }} as {{ column }}_mxn{{ ',' if not loop.last }}
        {%- endfor %}
    from placed
    group by span_key, from_place
)

select * from final
