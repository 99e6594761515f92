-- The provision of each report date and bucket by customer segment, with both sets of rates of `provision`. A loss in
-- pesos is the difference of two rounded running sums, so that the segments of a bucket add up to the home's to the cent. What
-- has no rate of exchange is left out and counted.
with

cells as (
    select
        a.as_of,
        c.segment,
        {%- for column in bucket_columns() %}
        sum(a.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_aging_cells') }} as a
    inner join {{ ref('int_cuts') }} as c on a.cut_key = c.cut_key
    where a.basis = 'effective'
    group by a.as_of, c.segment
),

unvalued as (
    select u.as_of, c.segment, {% for place in range(1, 7) %}sum(u.unvalued_{{ place }}) as unvalued_{{ place }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ ref('int_unvalued_cells') }} as u
    inner join {{ ref('int_cuts') }} as c on u.cut_key = c.cut_key
    group by u.as_of, c.segment
),

buckets as (
    select
        s.as_of,
        s.segment,
        p.bucket,
        p.position,
        case p.position
            {%- for column in bucket_columns() %}
            when {{ loop.index }} then s.{{ column }}
            {%- endfor %}
        end as gross_mxn,
        case p.position
            {%- for place in range(1, 7) %}
            when {{ place }} then coalesce(u.unvalued_{{ place }}, 0)
            {%- endfor %}
        end as unvalued_items,
        p.loss_rate,
        p.estimated_loss_rate
    from cells as s
    inner join {{ ref('provision') }} as p on s.as_of = p.as_of
    left join unvalued as u on s.as_of = u.as_of and s.segment = u.segment
),

known as (
    select as_of, segment, bucket, position, loss_rate, estimated_loss_rate, unvalued_items,
        {{ known_balance('gross_mxn', 'unvalued_items') }} as gross_mxn
    from buckets
),

running as (
    select
        *,
        sum(gross_mxn) over up_to_here as up_to_here,
        (sum(gross_mxn) over up_to_here) - gross_mxn as before
    from known
    window up_to_here as (
        partition by as_of, position order by segment rows between unbounded preceding and current row
    )
),

final as (
    select
        as_of,
        segment,
        bucket,
        position,
        {{ money('gross_mxn') }} as gross_mxn,
        loss_rate,
        {{ money(money(wide('up_to_here') ~ ' * loss_rate') ~ ' - ' ~ money(wide('before') ~ ' * loss_rate')) }} as expected_loss_mxn,
        estimated_loss_rate,
        {{ money(money(wide('up_to_here') ~ ' * estimated_loss_rate') ~ ' - ' ~ money(wide('before') ~ ' * estimated_loss_rate')) }} as estimated_loss_mxn,
        cast(unvalued_items as integer) as unvalued_items
    from running
)

select * from final
order by as_of, segment, position
