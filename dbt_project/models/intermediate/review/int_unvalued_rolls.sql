-- What the migration matrix (int_roll_cells) leaves out of its pesos, counted per span and starting bucket: lines without a
-- rate of their own, where they stood at the start and at the end, and how they moved. `items`: each line once. In a home
-- where every document has its rate there are none, and nothing else is read.
-- depends_on: {{ ref('buckets') }}
{%- set exits = ['paid', 'credited', 'cancelled', 'written_off'] %}
with

spans as (select span_key, from_date, to_date from {{ ref('int_roll_periods') }}),

lines as (
    select invoice_key, instalment, due_date, issue_date, valid_from, valid_to
    from {{ ref('balance_intervals') }}
    where basis = 'effective' and fx_issue_rate is null
),

starts as (
    select s.span_key, b.invoice_key, b.instalment, {{ bucket_place(days_between('b.due_date', 's.from_date')) }} as from_place
    from lines as b inner join spans as s on b.valid_from <= s.from_date and s.from_date < b.valid_to
),

events as (
    select s.span_key, s.from_date, b.invoice_key, b.instalment, b.issue_date, 'end' as what,
        {{ bucket_place(days_between('b.due_date', 's.to_date')) }} as to_place
    from lines as b inner join spans as s on b.valid_from <= s.to_date and s.to_date < b.valid_to
    union all
    select s.span_key, s.from_date, m.invoice_key, m.instalment, i.issue_date,
        case
            when m.flow in ('payment', 'payment_reversed', 'advance_applied', 'rehomed') then 'paid'
            when m.flow in ('credit_note', 'credit_note_cancelled') then 'credited'
            when m.flow in ('cancelled', 'substituted') then 'cancelled'
            else m.flow
        end, null
    from {{ ref('int_movements') }} as m
    inner join spans as s on s.from_date < m.effective_date and m.effective_date <= s.to_date
    inner join {{ ref('int_invoice_cuts') }} as i on m.invoice_key = i.invoice_key
    where m.amount_mxn_issue is null and m.flow not in ('billed', 'opening', 'excess')
),

placed as (
    select span_key, invoice_key, instalment, from_place, 'start' as what, null as to_place from starts
    union all
    select e.span_key, e.invoice_key, e.instalment,
        coalesce(s.from_place, case when e.issue_date > e.from_date then 7 else 8 end), e.what, e.to_place
    from events as e
    left join starts as s on e.span_key = s.span_key and e.invoice_key = s.invoice_key and e.instalment = s.instalment
),

by_line as (
    select span_key, from_place, invoice_key, instalment,
        max(case when what = 'start' then 1 else 0 end) as at_start,
        {%- for place in range(1, 7) %}
        max(case when to_place = {{ place }} then 1 else 0 end) as to_{{ place }},
        {%- endfor %}
        {%- for exit in exits %}
        max(case when what = '{{ exit if exit != 'written_off' else 'write_off' }}' then 1 else 0 end) as {{ exit }}{{ ',' if not loop.last }}
        {%- endfor %}
    from placed
    group by span_key, from_place, invoice_key, instalment
),

final as (
    select
        span_key,
        from_place,
        cast(count(*) as integer) as items,
        cast(sum(at_start) as integer) as at_start,
        {%- for place in range(1, 7) %}
        cast(sum(to_{{ place }}) as integer) as to_{{ place }},
        {%- endfor %}
        {%- for exit in exits %}
        cast(sum({{ exit }}) as integer) as {{ exit }}{{ ',' if not loop.last }}
        {%- endfor %}
    from by_line
    group by span_key, from_place
)

select * from final
