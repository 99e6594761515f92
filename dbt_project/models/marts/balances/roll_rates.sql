-- The migration matrix of every whole month and week: what each bucket held at the start and where it stood at the end, or
-- how it left, at the issue rate. Each row adds up: start + entered = the buckets + paid + credited + cancelled +
-- written off. What was issued within the span, and what was settled at its start and open again at its end, stand in rows
-- of their own (issued, reopened), with a start of 0. Lines without a rate are left out and counted.
-- depends_on: {{ ref('buckets') }}
{%- set exits = ['paid_mxn', 'credited_mxn', 'cancelled_mxn', 'written_off_mxn'] %}
with

places as (
    select position as from_place, bucket as from_bucket from {{ ref('buckets') }}
    union all
    select 7, 'issued'
    union all
    select 8, 'reopened'
),

grid as (
    select s.span_key, s.cadence, s.from_date, s.to_date, p.from_place, p.from_bucket
    from {{ ref('int_roll_periods') }} as s cross join places as p
),

sums as (
    select
        g.*,
        coalesce(u.items, 0) as unvalued_items,
        {{ known_balance('c.start_mxn', 'u.at_start') }} as start_mxn,
        {{ known_balance('c.entered_mxn', 'case when u.from_place > 6 then u.items end') }} as entered_mxn,
        {%- for row in bucket_rows() %}
        {{ known_balance('c.to_' ~ row['column_name'], 'u.to_' ~ row['position']) }} as to_{{ row['column_name'] }},
        {%- endfor %}
        {%- for column in exits %}
        {{ known_balance('c.' ~ column, 'u.' ~ column[:-4]) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from grid as g
    left join {{ ref('int_roll_cells') }} as c on g.span_key = c.span_key and g.from_place = c.from_place
    left join {{ ref('int_unvalued_rolls') }} as u on g.span_key = u.span_key and g.from_place = u.from_place
),

worsened as (
    select
        *,
        case
            {%- for row in bucket_rows()[:-1] %}
            {%- set later = [] %}
            {%- for other in bucket_rows() if other['position'] > row['position'] %}
            {%- do later.append('to_' ~ other['column_name']) %}
            {%- endfor %}
            when from_place = {{ row['position'] }} then {{ known_sum(later) }}
            {%- endfor %}
            else 0
        end as worse_mxn
    from sums
),

final as (
    select
        cadence,
        from_date,
        to_date,
        from_bucket,
        cast(from_place as integer) as position,
        {{ money('start_mxn') }} as start_mxn,
        {{ money('entered_mxn') }} as entered_mxn,
        {%- for row in bucket_rows() %}
        {{ money('to_' ~ row['column_name']) }} as to_{{ row['column_name'] }},
        {%- endfor %}
        {%- for column in exits %}
        {{ money(column) }} as {{ column }},
        {%- endfor %}
        {{ pct('worse_mxn', 'start_mxn') }} as worse_pct,
        {{ money('worse_mxn') }} as worse_num,
        {{ money('start_mxn') }} as worse_den,
        {{ pct('case when from_place <= 6 then paid_mxn end', 'start_mxn') }} as paid_pct,
        {{ money('case when from_place <= 6 then paid_mxn else 0 end') }} as paid_num,
        {{ money('start_mxn') }} as paid_den,
        cast(unvalued_items as integer) as unvalued_items
    from worsened
)

select * from final
order by cadence, to_date, position
