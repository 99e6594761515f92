-- Customers who paid on time in one quarter (of the due date), and how many of them that had something due in the next
-- one paid on time again. Population of collected on time: credit invoices whose due date and its grace are before as_of;
-- unpaid and written off are late, cancelled and closed by credit note are out.
{%- set deadline = add_days('due_date', var('on_time_grace_days')) %}
with

matured as (
    select
        customer_id,
        cast(date_trunc('quarter', due_date) as date) as quarter,
        case when status = 'paid' and settled_date <= {{ deadline }} then 1 else 0 end as on_time
    from {{ ref('fct_invoices') }}
    where is_credit_sale and is_receivable and {{ deadline }} < {{ as_of() }} and status not in ('cancelled', 'credited')
),

payers as (
    select customer_id, quarter, sum(on_time) >= {{ var('on_time_payer_min_share') }} * count(*) as is_punctual
    from matured
    group by customer_id, quarter
),

pairs as (
    select n.quarter, n.is_punctual as is_punctual_now, coalesce(p.is_punctual, false) as was_punctual
    from payers as n
    left join payers as p on n.customer_id = p.customer_id and p.quarter = {{ add_months('n.quarter', -3) }}
),

sums as (
    select
        quarter,
        cast(count(*) as integer) as customers,
        cast(sum(case when is_punctual_now then 1 else 0 end) as integer) as punctual_customers,
        cast(sum(case when was_punctual then 1 else 0 end) as integer) as before,
        cast(sum(case when was_punctual and is_punctual_now then 1 else 0 end) as integer) as kept
    from pairs
    group by quarter
),

final as (
    select
        quarter,
        customers,
        punctual_customers,
        {{ pct('kept', 'before') }} as retention_pct,
        kept as retention_num,
        before as retention_den
    from sums
)

select * from final
order by quarter
