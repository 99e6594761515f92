-- What stands out of each customer with something open at as_of: the facts behind the worklist, one row a customer.
with

balances as (select * from {{ ref('aging_by_customer') }} where as_of = {{ as_of() }} and basis = 'effective' and open_invoices > 0),

customers as (select * from {{ ref('dim_customers') }} where not coalesce(is_generic, false)),

invoices as (select * from {{ ref('fct_invoices') }} where open_ccy > 0 and is_receivable),

open_facts as (
    select
        customer_id,
        min(case when metodo_pago = 'PUE' and {{ month_end('issue_date') }} < {{ as_of() }} then issue_date end) as pue_issue_date,
        min(case when oldest_open_due_date >= {{ as_of() }} then oldest_open_due_date end) as next_due_date,
        sum(case when oldest_open_due_date between {{ as_of() }} and {{ add_days(as_of(), 7) }} then open_mxn_closing end) as due_soon_mxn
    from invoices
    group by customer_id
),

habits as (
    select
        customer_id,
        count(*) as closed_invoices,
        round(avg({{ days_between('due_date', 'settled_date') }})) as mean_days_late
    from {{ ref('fct_invoices') }}
    where is_credit_sale and has_live_cash and settled_date is not null and status = 'paid'
        and settled_date > {{ add_months(as_of(), -12) }}
    group by customer_id
),

bounced as (
    select customer_id, max(reversed_date) as reversed_date, max(method) as method
    from {{ ref('fct_payments') }}
    where reversed_date > {{ add_days(as_of(), -60) }} and coalesce(sources, '') <> 'cfdi'
    group by customer_id
),

-- the last promise that was not kept, and whether it was in part: of two for one day, the broken one
missed as (
    select customer_id, max(promised_date) as broken_date,
        {{ last_by("status = 'partial'", "cast(promised_date as string) || case status when 'broken' then 'b' else 'a' end") }} as is_kept_in_part
    from {{ ref('promises') }}
    where as_of = {{ as_of() }} and status in ('broken', 'partial') and promised_date > {{ add_days(as_of(), -60) }}
    group by customer_id
),

promises as (
    select
        customer_id,
        min(promised_date) as pending_date,
        sum(amount_mxn - paid_by_deadline_mxn) as pending_mxn
    from {{ ref('promises') }}
    where as_of = {{ as_of() }} and status = 'pending'
    group by customer_id
),

disputes as (
    select customer_id, min(opened_date) as opened_date, {{ first_by('reason_name', "cast(opened_date as string) || dispute_id") }} as reason_name,
        {{ first_by("coalesce(owner, '')", "cast(opened_date as string) || dispute_id") }} as dispute_owner
    from {{ ref('disputes') }}
    where is_open and coalesce(disputed_open_ccy, 1) > 0
    group by customer_id
),

reported as (
    select customer_id, sum(amount_mxn) as reported_mxn, max(reported_date) as reported_date, max(status) = 'in_bank' as has_deposit
    from {{ ref('reported_payments') }}
    where is_holding
    group by customer_id
),

limits as (
    select
        c.customer_id,
        {{ pct('(b.gross_mxn - b.unapplied_mxn)', pesos('c.credit_limit', 'r.rate')) }} as limit_use_pct
    from customers as c
    inner join balances as b on c.customer_id = b.customer_id
    inner join {{ ref('int_report_rates') }} as r
        on r.as_of = {{ as_of() }} and r.currency = coalesce(c.credit_limit_currency, '{{ var("report_currency") }}')
),

final as (
    select
        b.customer_id, c.customer_name, c.rfc, c.branch, c.segment, c.account_owner,
        coalesce(c.do_not_contact, false) as do_not_contact,
        b.overdue_mxn, b.gross_mxn, b.disputed_mxn, b.unapplied_mxn, b.oldest_days, b.overdue_invoices,
        o.pue_issue_date, o.next_due_date, coalesce(o.due_soon_mxn, 0) as due_soon_mxn,
        case when h.closed_invoices >= 3 then cast(h.mean_days_late as integer) end as mean_days_late,
        x.reversed_date, x.method as reversed_method,
        w.broken_date, w.is_kept_in_part, p.pending_date, p.pending_mxn,
        coalesce(m.reported_mxn, 0) as reported_mxn, m.reported_date, coalesce(m.has_deposit, false) as has_deposit,
        {{ days_between('d.opened_date', as_of()) }} as dispute_days, d.reason_name, nullif(d.dispute_owner, '') as dispute_owner,
        l.limit_use_pct,
        k.last_contact_date, k.last_contact_channel, coalesce(k.unanswered_reminders, 0) as unanswered_reminders,
        k.next_action_kind, k.next_action_note, k.next_action_date, k.next_action_owner
    from balances as b
    inner join customers as c on b.customer_id = c.customer_id
    left join open_facts as o on b.customer_id = o.customer_id
    left join habits as h on b.customer_id = h.customer_id
    left join bounced as x on b.customer_id = x.customer_id
    left join promises as p on b.customer_id = p.customer_id
    left join missed as w on b.customer_id = w.customer_id
    left join reported as m on b.customer_id = m.customer_id
    left join disputes as d on b.customer_id = d.customer_id
    left join limits as l on b.customer_id = l.customer_id
    left join {{ ref('int_customer_contacts') }} as k on c.customer_key = k.customer_key
)

select * from final
