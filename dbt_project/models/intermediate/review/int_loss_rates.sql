-- What share of each bucket ends written off, from the company's own months up to each report date: the pooled monthly
-- matrices read as a chain that ends in paid, credited, cancelled or written off. A bucket only grows older, so each
-- rate follows from the older ones: (written off + sum of what moved on x its rate) / what left the bucket.
-- Null where nothing ever left the bucket.
{%- set columns = bucket_columns() %}
with

months as (
    select s.to_date, c.*
    from {{ ref('int_roll_cells') }} as c
    inner join {{ ref('int_roll_periods') }} as s on c.span_key = s.span_key and s.cadence = 'month'
    where c.from_place <= 6
),

pooled as (
    select
        d.as_of,
        {%- for column in columns %}
        {%- set k = loop.index %}
        {%- for j in range(k + 1, 7) %}
        sum(case when m.from_place = {{ k }} then cast(m.to_{{ columns[j - 1] }} as double) else 0 end) as moved_{{ k }}_{{ j }},
        {%- endfor %}
        sum(case when m.from_place = {{ k }} then cast(m.written_off_mxn as double) else 0 end) as lost_{{ k }},
        sum(case when m.from_place = {{ k }} then cast(m.start_mxn - m.to_{{ column }} as double) else 0 end) as left_{{ k }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('dim_report_dates') }} as d inner join months as m on m.to_date <= d.as_of
    group by d.as_of
),

{%- for k in range(6, 0, -1) %}

chain_{{ k }} as (
    select
        *,
        (
            lost_{{ k }}
            {%- for j in range(k + 1, 7) %}
            + case when moved_{{ k }}_{{ j }} = 0 then 0 else moved_{{ k }}_{{ j }} * rate_{{ j }} end
            {%- endfor %}
        ) / nullif(left_{{ k }}, 0) as rate_{{ k }}
    from {{ 'pooled' if loop.first else 'chain_' ~ (k + 1) }}
),
{%- endfor %}

final as (
    {%- for k in range(1, 7) %}
    {{ 'union all' if not loop.first }}
    select as_of, {{ k }} as place, cast(round(rate_{{ k }}, 4) as decimal(18, 4)) as loss_rate from chain_1
    {%- endfor %}
)

select * from final
