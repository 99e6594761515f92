-- The last contact with each customer (reminder or action done), how many reminders since without an answer or a
-- payment, and the next action that someone wrote down and has not done (two weeks
-- after its date it no longer says what is next).
with

reminders as (
    select * from {{ log_rows(ref('stg_register__reminders'), ['reminder_id'], 'sent_date') }} as r
    where coalesce(r.delivered, true)
),

actions as (select * from {{ log_rows(ref('stg_register__actions'), ['action_id'], 'created_date') }} as a),

customers as (select customer_key, customer_id from {{ ref('int_customers') }}),

contacts as (
    select customer_id, sent_date as day, channel, 'r' || reminder_id as contact_id from reminders
    union all
    select customer_id, done_date, kind, 'a' || action_id from actions
    where done_date <= {{ as_of() }} and customer_id is not null
),

last_contacts as (
    select customer_id, day, channel from (
        select *, row_number() over (partition by customer_id order by day desc, contact_id desc) as contact_rank from contacts
    ) as c
    where contact_rank = 1
),

answers as (
    select customer_id, max(day) as last_answer_date from (
        select customer_id, response_date as day from reminders
        where response_date <= {{ as_of() }} and coalesce(response_type, '') <> 'auto_reply'
        union all
        select c.customer_id, p.payment_date
        from {{ ref('int_payments') }} as p inner join customers as c on p.customer_key = c.customer_key
        where p.reversed_date is null
    ) as a
    group by customer_id
),

unanswered as (
    select r.customer_id, count(*) as unanswered_reminders
    from reminders as r left join answers as a on r.customer_id = a.customer_id
    where a.last_answer_date is null or r.sent_date > a.last_answer_date
    group by r.customer_id
),

next_actions as (
    select customer_id, kind, note, due_date, owner from (
        select *, row_number() over (partition by customer_id order by due_date, action_id) as action_rank
        from actions
        where (done_date is null or done_date > {{ as_of() }}) and due_date >= {{ add_days(as_of(), -14) }} and customer_id is not null
    ) as n
    where action_rank = 1
),

final as (
    select
        c.customer_key,
        l.day as last_contact_date,
        l.channel as last_contact_channel,
        coalesce(u.unanswered_reminders, 0) as unanswered_reminders,
        n.kind as next_action_kind,
        n.note as next_action_note,
        n.due_date as next_action_date,
        n.owner as next_action_owner
    from customers as c
    left join last_contacts as l on c.customer_id = l.customer_id
    left join unanswered as u on c.customer_id = u.customer_id
    left join next_actions as n on c.customer_id = n.customer_id
)

select * from final
