-- What collections is due to do about every open invoice and on which day: the steps of `[reminders] ladder_days`
-- around its due date, then escalation. `is_done`: a delivered reminder of the invoice stands between the step's day and
-- the next one's. A step is held while the customer asked not to be contacted, all of the balance is in dispute, a
-- promise for the invoice is pending, or a payment of it was reported and is yet to be confirmed.
{%- set escalation = var('escalation_days') | int %}
{%- set ladder = [] %}
{%- for day in var('ladder_days') if day | int < escalation and day | int not in ladder %}{% do ladder.append(day | int) %}{% endfor %}
{%- set days = (ladder | sort) + [escalation] %}
with

invoices as (
    select i.*, coalesce(c.do_not_contact, false) as do_not_contact
    from {{ ref('fct_invoices') }} as i
    left join {{ ref('dim_customers') }} as c on i.customer_id = c.customer_id
    where i.open_ccy > 0 and i.is_receivable
),

promised as (
    select distinct invoice_id from {{ ref('promises') }}
    where as_of = {{ as_of() }} and status = 'pending' and invoice_id is not null
),

reported as (
    select distinct i.invoice_id
    from {{ ref('reported_payments') }} as r
    inner join invoices as i on r.customer_id = i.customer_id and coalesce(r.invoice_id, i.invoice_id) = i.invoice_id
    where r.is_holding
),

reminders as (
    select a.invoice_key, r.sent_date
    from {{ log_rows(ref('stg_register__reminders'), ['reminder_id'], 'sent_date') }} as r
    inner join {{ ref('int_invoice_aliases') }} as a on a.alias = {{ invoice_alias('r.invoice_id') }}
    where coalesce(r.delivered, true)
),

steps as (
    {%- for day in days %}
    select invoice_key, {{ day }} as step_days,
        '{% if loop.last %}escalation{% elif day < 0 %}pre_due{% elif day == 0 %}due{% else %}post_due_{{ day }}{% endif %}' as action,
        {{ add_days('oldest_open_due_date', day) }} as date,
        {% if loop.last %}{{ forever() }}{% else %}{{ add_days('oldest_open_due_date', days[loop.index]) }}{% endif %} as next_date
    from invoices
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

done as (
    select s.invoice_key, s.step_days, min(r.sent_date) as done_date
    from steps as s
    inner join reminders as r on s.invoice_key = r.invoice_key and r.sent_date >= s.date and r.sent_date < s.next_date
    group by s.invoice_key, s.step_days
),

held as (
    select
        i.invoice_key,
        case
            when i.do_not_contact then 'no contactar'
            when i.disputed_open_ccy >= i.open_ccy then 'en disputa'
            when p.invoice_id is not null then 'promesa vigente'
            when r.invoice_id is not null then 'pago reportado'
        end as hold_reason
    from invoices as i
    left join promised as p on i.invoice_id = p.invoice_id
    left join reported as r on i.invoice_id = r.invoice_id
),

final as (
    select
        s.date,
        i.invoice_id,
        s.action,
        s.step_days,
        i.customer_id,
        i.customer_name,
        i.oldest_open_due_date as due_date,
        i.currency,
        i.open_ccy,
        i.open_mxn_closing,
        coalesce(i.account_owner, 'sin asignar') as owner,
        d.done_date,
        d.done_date is not null as is_done,
        h.hold_reason is not null as is_held,
        h.hold_reason,
        s.date < {{ as_of() }} as is_past
    from steps as s
    inner join invoices as i on s.invoice_key = i.invoice_key
    inner join held as h on s.invoice_key = h.invoice_key
    left join done as d on s.invoice_key = d.invoice_key and s.step_days = d.step_days
)

select * from final
