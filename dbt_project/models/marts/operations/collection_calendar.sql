-- What collections is due to do about every open invoice and on which day: a notice before the due date, on it, and
-- 1, 7, 15 and 30 days after it, then escalation. `is_done`: a delivered reminder of the invoice stands between the
-- step's day and the next one's. A step is held while the customer asked not to be contacted, all of the balance is
-- in dispute, or a promise for the invoice is pending.
{%- set steps = [('pre_due', -3, 0), ('due', 0, 1), ('post_due_1', 1, 7), ('post_due_7', 7, 15), ('post_due_15', 15, 30), ('post_due_30', 30, 45), ('escalation', 45, none)] %}
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

reminders as (
    select a.invoice_key, r.sent_date
    from {{ log_rows(ref('stg_register__reminders'), ['reminder_id'], 'sent_date') }} as r
    inner join {{ ref('int_invoice_aliases') }} as a on a.alias = {{ invoice_alias('r.invoice_id') }}
    where coalesce(r.delivered, true)
),

steps as (
    {%- for step, days, next_days in steps %}
    select invoice_key, '{{ step }}' as action, {{ add_days('oldest_open_due_date', days) }} as date,
        {% if next_days is none %}{{ forever() }}{% else %}{{ add_days('oldest_open_due_date', next_days) }}{% endif %} as next_date
    from invoices
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

done as (
    select s.invoice_key, s.action, min(r.sent_date) as done_date
    from steps as s
    inner join reminders as r on s.invoice_key = r.invoice_key and r.sent_date >= s.date and r.sent_date < s.next_date
    group by s.invoice_key, s.action
),

final as (
    select
        s.date,
        i.invoice_id,
        s.action,
        i.customer_id,
        i.customer_name,
        i.oldest_open_due_date as due_date,
        i.currency,
        i.open_ccy,
        i.open_mxn_closing,
        coalesce(i.account_owner, 'sin asignar') as owner,
        d.done_date,
        d.done_date is not null as is_done,
        i.do_not_contact or i.disputed_open_ccy >= i.open_ccy or p.invoice_id is not null as is_held,
        case
            when i.do_not_contact then 'no contactar'
            when i.disputed_open_ccy >= i.open_ccy then 'en disputa'
            when p.invoice_id is not null then 'promesa vigente'
        end as hold_reason,
        s.date < {{ as_of() }} as is_past
    from steps as s
    inner join invoices as i on s.invoice_key = i.invoice_key
    left join done as d on s.invoice_key = d.invoice_key and s.action = d.action
    left join promised as p on i.invoice_id = p.invoice_id
)

select * from final
order by date, invoice_id, action
