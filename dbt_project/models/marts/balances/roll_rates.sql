-- The migration matrix of every whole month and week: what each bucket held at the start and where it stood at the end, or
-- how it left, at the issue rate. Each row adds up: start + entered = the buckets + paid + credited + cancelled +
-- written off. What was issued within the span, and what was settled at its start and open again at its end, stand in rows
-- of their own (issued, reopened), with a start of 0.
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
        coalesce(c.start_mxn, 0) as start_mxn,
        coalesce(c.entered_mxn, 0) as entered_mxn,
        {%- for row in bucket_rows() %}
        coalesce(c.to_{{ row['column_name'] }}, 0) as to_{{ row['column_name'] }},
        {%- endfor %}
        {%- for column in exits %}
        coalesce(c.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        case
            when g.from_place > 6 then 0
            {%- for row in bucket_rows() %}
            when g.from_place = {{ row['position'] }} then 0
                {%- for later in bucket_rows() if later['position'] > row['position'] %}
                + coalesce(c.to_{{ later['column_name'] }}, 0)
                {%- endfor %}
            {%- endfor %}
        end as worse_mxn
    from grid as g
    left join {{ ref('int_roll_cells') }} as c on g.span_key = c.span_key and g.from_place = c.from_place
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
        {{ money('start_mxn') }} as paid_den
    from sums
)

select * from final
order by cadence, to_date, position
