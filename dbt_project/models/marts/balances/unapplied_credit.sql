-- What stands applied to nothing on each report date, payments and credit notes apart: how much, in how many documents,
-- and how old the oldest is. Effective basis, at the closing rate; together they are the unapplied of aging.
with

kinds as (
    select 'payment' as kind
    union all
    select 'credit_note'
),

sums as (
    select
        r.as_of,
        u.doc_type as kind,
        count(distinct u.doc_key) as documents,
        count(distinct u.customer_key) as customers,
        sum({{ pesos('u.unapplied_ccy', 'r.rate') }}) as unapplied_mxn,
        min(u.doc_date) as oldest_date,
        sum(case when r.rate is null then 1 else 0 end) as unvalued_items
    from {{ ref('int_unapplied_intervals') }} as u
    inner join {{ ref('int_report_rates') }} as r
        on u.currency = r.currency and u.valid_from <= r.as_of and r.as_of < u.valid_to
    where u.basis = 'effective'
    group by r.as_of, u.doc_type
),

final as (
    select
        d.as_of,
        k.kind,
        cast(coalesce(s.documents, 0) as integer) as documents,
        cast(coalesce(s.customers, 0) as integer) as customers,
        {{ money('coalesce(s.unapplied_mxn, 0)') }} as unapplied_mxn,
        s.oldest_date,
        {{ days_between('s.oldest_date', 'd.as_of') }} as oldest_days,
        cast(coalesce(s.unvalued_items, 0) as integer) as unvalued_items
    from {{ ref('dim_report_dates') }} as d
    cross join kinds as k
    left join sums as s on d.as_of = s.as_of and k.kind = s.kind
)

select * from final
order by as_of, kind
