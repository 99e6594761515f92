-- The provision of each report date and bucket by customer segment, with both sets of rates of `provision`. A loss in
-- pesos is the difference of two rounded running sums, so that the segments of a bucket add up to the home's to the cent.
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
        p.loss_rate,
        p.estimated_loss_rate
    from cells as s inner join {{ ref('provision') }} as p on s.as_of = p.as_of
),

running as (
    select
        *,
        sum(gross_mxn) over up_to_here as up_to_here,
        (sum(gross_mxn) over up_to_here) - gross_mxn as before
    from buckets
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
        {{ money(money(wide('up_to_here') ~ ' * estimated_loss_rate') ~ ' - ' ~ money(wide('before') ~ ' * estimated_loss_rate')) }} as estimated_loss_mxn
    from running
)

select * from final
order by as_of, segment, position
