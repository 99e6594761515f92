-- Of the delivered reminders whose window has closed, how many were answered, or followed by a live payment of the
-- customer, within it; by month of sending, stage and channel, and in total. An auto-reply is no answer.
{%- set window_end = add_days('r.sent_date', var('reminder_response_window_days')) %}
with

reminders as (
    select
        r.*,
        coalesce(r.delivered, true) as is_delivered,
        coalesce(r.delivered, true) and {{ window_end }} <= {{ as_of() }} as is_matured,
        coalesce(r.response_type in ('reply', 'promise', 'dispute') and r.response_date between r.sent_date and {{ window_end }}, false) as is_replied
    from {{ log_rows(ref('stg_register__reminders'), ['reminder_id'], 'sent_date') }} as r
),

-- days and customers meet once, however many reminders and payments they have
paid as (
    select distinct r.customer_id, r.sent_date
    from (select distinct customer_id, sent_date from reminders where is_matured) as r
    inner join (
        select distinct customer_id, payment_date from {{ ref('fct_payments') }}
        where reversed_date is null and coalesce(sources, '') <> 'assumed'
    ) as p on r.customer_id = p.customer_id and p.payment_date between r.sent_date and {{ window_end }}
),

judged as (
    select
        {{ month_start('r.sent_date') }} as month,
        r.stage,
        r.channel,
        r.customer_id,
        r.is_delivered,
        r.is_matured,
        r.is_matured and r.is_replied as is_replied,
        r.is_matured and p.customer_id is not null as is_paid,
        r.is_matured and (r.is_replied or p.customer_id is not null) as is_answered
    from reminders as r left join paid as p on r.customer_id = p.customer_id and r.sent_date = p.sent_date
),

with_total as (
    select month, stage, channel, customer_id, is_delivered, is_matured, is_replied, is_paid, is_answered from judged
    union all
    select month, 'total', 'total', customer_id, is_delivered, is_matured, is_replied, is_paid, is_answered from judged
),

sums as (
    select
        month,
        stage,
        channel,
        cast(count(*) as integer) as sent,
        {%- for flag in ['delivered', 'matured', 'replied', 'paid', 'answered'] %}
        cast(sum(case when is_{{ flag }} then 1 else 0 end) as integer) as {{ flag }},
        {%- endfor %}
        cast(count(distinct case when is_matured then customer_id end) as integer) as customers,
        cast(count(distinct case when is_answered then customer_id end) as integer) as answering_customers
    from with_total
    group by month, stage, channel
),

final as (
    select
        month,
        stage,
        channel,
        sent,
        delivered,
        replied,
        paid,
        {{ pct('answered', 'matured') }} as response_pct,
        answered as response_num,
        matured as response_den,
        {{ pct('answering_customers', 'customers') }} as customer_response_pct,
        answering_customers as customer_response_num,
        customers as customer_response_den
    from sums
)

select * from final
order by month, stage, channel
