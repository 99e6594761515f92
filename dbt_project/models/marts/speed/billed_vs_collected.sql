-- Facturado contra cobrado: month by month and dimension. Every ratio is collected over net billed of the same month.
with

flows as (
    select
        f.month,
        d.dim_key,
        sum(f.invoices_issued) as invoices_issued,
        sum(f.billed_gross) as billed_gross,
        sum(f.cancelled) as cancelled,
        sum(f.credit_notes) as credit_notes,
        sum(f.collected) as collected
    from {{ ref('int_month_flows') }} as f
    inner join {{ ref('int_cut_dimensions') }} as d on f.cut_key = d.cut_key
    group by f.month, d.dim_key
),

grid as (
    select m.month, n.dim_key, n.dimension, n.value
    from {{ ref('int_months') }} as m cross join {{ ref('int_dimensions') }} as n
),

sums as (
    select
        g.month,
        g.dimension,
        g.value,
        cast(coalesce(f.invoices_issued, 0) as integer) as invoices_issued,
        {{ money('coalesce(f.billed_gross, 0)') }} as billed_gross_mxn,
        {{ money('coalesce(f.cancelled, 0)') }} as cancelled_mxn,
        {{ money('coalesce(f.credit_notes, 0)') }} as credit_notes_mxn,
        {{ money('coalesce(f.billed_gross - f.cancelled - f.credit_notes, 0)') }} as billed_net_mxn,
        {{ money('coalesce(f.collected, 0)') }} as collected_mxn
    from grid as g
    left join flows as f on g.month = f.month and g.dim_key = f.dim_key
),

final as (
    select
        *,
        {{ pct('collected_mxn', 'billed_net_mxn') }} as collected_pct,
        collected_mxn as collected_num,
        billed_net_mxn as collected_den
    from sums
)

select * from final
order by month, dimension, value
