-- Of what was overdue at the start of every whole month and week, how much no longer is at its end, at the issue rate,
-- partial payments included; by cash apart; and by invoice: those with nothing left open of what they owed overdue. What
-- became overdue within the span, and what came back (a bounced payment), stand apart. Lines without a rate are
-- among the invoices and out of the pesos, and counted.
with

spans as (select * from {{ ref('int_roll_periods') }}),

sums as (
    select
        span_key,
        sum(case when from_place between 2 and 6 then start_mxn else 0 end) as overdue_start_mxn,
        sum(case when from_place between 2 and 6 then end_mxn else 0 end) as still_open_mxn,
        {%- for column in ['paid', 'credited', 'cancelled', 'written_off'] %}
        sum(case when from_place between 2 and 6 then {{ column }}_mxn else 0 end) as {{ column }}_mxn,
        {%- endfor %}
        sum(case when from_place = 1 then end_mxn - to_current_mxn else 0 end) as newly_overdue_mxn,
        sum(case when from_place = 8 then end_mxn - to_current_mxn else 0 end) as reopened_mxn
    from {{ ref('int_roll_cells') }}
    group by span_key
),

unvalued as (
    select
        span_key,
        sum(case when from_place between 2 and 6 then at_start else 0 end) as at_start,
        sum(case when from_place between 2 and 6 then to_1 + to_2 + to_3 + to_4 + to_5 + to_6 else 0 end) as still_open,
        {%- for column in ['paid', 'credited', 'cancelled', 'written_off'] %}
        sum(case when from_place between 2 and 6 then {{ column }} else 0 end) as {{ column }},
        {%- endfor %}
        sum(case when from_place = 1 then to_2 + to_3 + to_4 + to_5 + to_6 else 0 end) as newly_overdue,
        sum(case when from_place = 8 then to_2 + to_3 + to_4 + to_5 + to_6 else 0 end) as reopened,
        sum(case when from_place between 2 and 6 then items when from_place in (1, 8) then to_2 + to_3 + to_4 + to_5 + to_6 else 0 end) as items
    from {{ ref('int_unvalued_rolls') }}
    group by span_key
),

overdue as (
    select s.span_key, sum(a.overdue_invoices) as overdue_invoices
    from spans as s inner join {{ ref('int_aging_cells') }} as a on s.from_date = a.as_of and a.basis = 'effective'
    group by s.span_key
),

intervals as (
    select invoice_key, due_date, valid_from, valid_to from {{ ref('balance_intervals') }} where basis = 'effective'
),

-- overdue at the start and ended within the span; cured when nothing of what was overdue is open at its end
ended as (
    select distinct s.span_key, s.from_date, s.to_date, b.invoice_key
    from intervals as b
    inner join {{ ref('int_report_periods') }} as d on b.valid_to = d.day
    inner join spans as s on s.from_date < d.day and d.day <= s.to_date and b.valid_from <= s.from_date and b.due_date < s.from_date
),

still_open as (
    select distinct e.span_key, e.invoice_key
    from ended as e
    inner join intervals as b
        on e.invoice_key = b.invoice_key and b.due_date < e.from_date and b.valid_from <= e.to_date and e.to_date < b.valid_to
),

cured as (
    select e.span_key, count(*) as cured_invoices
    from ended as e
    left join still_open as o on e.span_key = o.span_key and e.invoice_key = o.invoice_key
    where o.invoice_key is null
    group by e.span_key
),

joined as (
    select s.cadence, s.from_date, s.to_date, coalesce(o.overdue_invoices, 0) as overdue_invoices,
        coalesce(c.cured_invoices, 0) as cured_invoices, coalesce(x.items, 0) as unvalued_items,
        {{ known_balance('u.overdue_start_mxn', 'x.at_start') }} as overdue_start_mxn,
        {%- for column in ['still_open', 'paid', 'credited', 'cancelled', 'written_off', 'newly_overdue', 'reopened'] %}
        {{ known_balance('u.' ~ column ~ '_mxn', 'x.' ~ column) }} as {{ column }}_mxn{{ ',' if not loop.last }}
        {%- endfor %}
    from spans as s
    left join sums as u on s.span_key = u.span_key
    left join overdue as o on s.span_key = o.span_key
    left join cured as c on s.span_key = c.span_key
    left join unvalued as x on s.span_key = x.span_key
),

final as (
    select
        cadence,
        from_date,
        to_date,
        {{ pct(known_sum(['overdue_start_mxn'], ['still_open_mxn']), 'overdue_start_mxn') }} as by_amount_pct,
        {{ money(known_sum(['overdue_start_mxn'], ['still_open_mxn'])) }} as by_amount_num,
        {{ money('overdue_start_mxn') }} as by_amount_den,
        {{ pct('paid_mxn', 'overdue_start_mxn') }} as by_cash_pct,
        {{ money('paid_mxn') }} as by_cash_num,
        {{ money('overdue_start_mxn') }} as by_cash_den,
        {{ pct('cured_invoices', 'overdue_invoices') }} as by_invoice_pct,
        cast(cured_invoices as integer) as by_invoice_num,
        cast(overdue_invoices as integer) as by_invoice_den,
        {%- for column in ['credited_mxn', 'cancelled_mxn', 'written_off_mxn', 'newly_overdue_mxn', 'reopened_mxn'] %}
        {{ money(column) }} as {{ column }},
        {%- endfor %}
        cast(unvalued_items as integer) as unvalued_items
    from joined
)

select * from final
order by cadence, to_date
