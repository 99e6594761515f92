-- Disputes on every report date: what is open, how old, its share of the receivables, and how those closed by then
-- ended. By reason and by owner, and in total. `accepted` means that the error was ours.
-- What has no rate is left out and counted.
{%- set open_amount = known_total('s.open_amount_mxn', 's.unvalued_items') %}
with

known as (
    select
        r.as_of,
        d.dispute_id,
        coalesce(n.name_es, d.reason, 'Sin motivo') as reason,
        coalesce(d.owner, 'sin asignar') as owner,
        d.outcome,
        d.closed_date is null or d.closed_date > r.as_of as is_open,
        {{ days_between('d.opened_date', 'r.as_of') }} as age_days,
        {{ days_between('d.opened_date', 'd.closed_date') }} as resolution_days,
        s.disputed_open_mxn as open_mxn,
        coalesce(s.disputed_open_ccy > 0 and s.disputed_open_mxn is null, d.disputed_ccy is null) as is_unvalued
    from {{ ref('int_disputes') }} as d
    inner join {{ ref('dim_report_dates') }} as r on d.opened_date <= r.as_of
    left join {{ ref('dispute_reasons') }} as n on d.reason = n.reason
    left join {{ ref('int_dispute_states') }} as s on r.as_of = s.as_of and d.dispute_id = s.dispute_id
),

dimensioned as (
    select 'total' as dimension, 'total' as value, known.* from known
    union all
    select 'reason', reason, known.* from known
    union all
    select 'owner', owner, known.* from known
),

sums as (
    select
        as_of,
        dimension,
        value,
        sum(case when is_open then 1 else 0 end) as open_count,
        sum(case when is_open then open_mxn end) as open_amount_mxn,
        sum(case when is_open and is_unvalued then 1 else 0 end) as unvalued_items,
        max(case when is_open then age_days end) as oldest_days,
        sum(case when not is_open then 1 else 0 end) as closed_count,
        sum(case when not is_open and outcome = 'accepted' then 1 else 0 end) as accepted_count,
        sum(case when not is_open then resolution_days end) as resolution_days,
        {{ median_of('case when not is_open then resolution_days end') }} as median_resolution_days
    from dimensioned
    group by as_of, dimension, value
),

-- a total on every report date, also where no dispute was ever opened
grid as (
    select as_of, dimension, value from sums
    union
    select as_of, 'total', 'total' from {{ ref('dim_report_dates') }}
),

receivables as (
    select as_of, {{ known_balance('gross_mxn', 'unvalued_items') }} as gross_mxn from {{ ref('morosidad') }} where dimension = 'total'
),

final as (
    select
        g.as_of,
        g.dimension,
        g.value,
        cast(coalesce(s.open_count, 0) as integer) as open_count,
        {{ money(open_amount) }} as open_amount_mxn,
        {{ pct(open_amount, 'r.gross_mxn') }} as share_of_ar_pct,
        {{ money(open_amount) }} as share_of_ar_num,
        {{ money('r.gross_mxn') }} as share_of_ar_den,
        cast(s.oldest_days as integer) as oldest_days,
        cast(coalesce(s.closed_count, 0) as integer) as closed_count,
        cast(coalesce(s.accepted_count, 0) as integer) as accepted_count,
        {{ pct('s.accepted_count', 's.closed_count') }} as accepted_pct,
        cast(coalesce(s.accepted_count, 0) as integer) as accepted_num,
        cast(coalesce(s.closed_count, 0) as integer) as accepted_den,
        {{ ratio('s.resolution_days', 's.closed_count') }} as mean_resolution_days,
        cast(s.median_resolution_days as decimal(18, 4)) as median_resolution_days,
        cast(coalesce(s.unvalued_items, 0) as integer) as unvalued_items
    from grid as g
    left join sums as s on g.as_of = s.as_of and g.dimension = s.dimension and g.value = s.value
    left join receivables as r on g.as_of = r.as_of
)

select * from final
order by as_of, dimension, value
