-- Expected credit loss on every report date and bucket (IFRS 9 simplified, NIF C-16): gross open at the closing rate x the
-- loss rate that the company gives for the bucket; beside it, the rate estimated from its own roll rates up to that date.
-- What has no rate of exchange is left out and counted; a bucket of which nothing has one is null.
with

rates as (
    select position as place, case position
        {%- for rate in var('loss_rates', [0]) %} when {{ loop.index }} then cast({{ rate }} as decimal(18, 4)) {%- endfor %} end as loss_rate
    from {{ ref('buckets') }}
),

balances as (
    select
        as_of,
        {%- for column in bucket_columns() %}
        sum({{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_aging_cells') }}
    where basis = 'effective'
    group by as_of
),

unvalued as (
    select as_of, {% for place in range(1, 7) %}sum(unvalued_{{ place }}) as unvalued_{{ place }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ ref('int_unvalued_cells') }}
    group by as_of
),

buckets as (
    select
        d.as_of,
        b.position as place,
        b.bucket,
        case b.position
            {%- for column in bucket_columns() %}
            when {{ loop.index }} then coalesce(a.{{ column }}, 0)
            {%- endfor %}
        end as gross_mxn,
        case b.position
            {%- for place in range(1, 7) %}
            when {{ place }} then coalesce(u.unvalued_{{ place }}, 0)
            {%- endfor %}
        end as unvalued_items
    from {{ ref('dim_report_dates') }} as d
    cross join {{ ref('buckets') }} as b
    left join balances as a on d.as_of = a.as_of
    left join unvalued as u on d.as_of = u.as_of
),

known as (
    select as_of, place, bucket, unvalued_items, {{ known_balance('gross_mxn', 'unvalued_items') }} as gross_mxn from buckets
),

final as (
    select
        b.as_of,
        b.bucket,
        cast(b.place as integer) as position,
        {{ money('b.gross_mxn') }} as gross_mxn,
        r.loss_rate,
        {{ money(wide('b.gross_mxn') ~ ' * r.loss_rate') }} as expected_loss_mxn,
        e.loss_rate as estimated_loss_rate,
        {{ money(wide('b.gross_mxn') ~ ' * e.loss_rate') }} as estimated_loss_mxn,
        cast(b.unvalued_items as integer) as unvalued_items
    from known as b
    left join rates as r on b.place = r.place
    left join {{ ref('int_loss_rates') }} as e on b.as_of = e.as_of and b.place = e.place
)

select * from final
order by as_of, position
