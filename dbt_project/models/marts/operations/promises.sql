-- Every promise on every report date since it was made: kept, partial, broken or pending, and what live cash came
-- from the day it was made to its date plus the grace, on its invoice (without one: of the customer). A promise in
-- another currency than its invoice's is converted once, at the rates of the day it was made: who promised pesos for
-- dollars keeps it with what those pesos bought then. `due_ccy` is that amount; without a rate nobody knows whether
-- what came suffices, and the status is unknown too.
with

dated as (
    select
        p.*,
        a.invoice_key,
        {{ add_days('p.promised_date', var('promise_grace_days')) }} as deadline,
        case when p.currency = '{{ var("report_currency") }}' then {{ rate('1') }} else x.mxn_per_unit end as made_rate
    from {{ log_rows(ref('stg_register__promises'), ['promise_id'], 'made_date') }} as p
    left join {{ ref('int_invoice_aliases') }} as a on a.alias = {{ invoice_alias('p.invoice_id') }}
    left join {{ ref('fx_rates_daily') }} as x on p.made_date = x.date and p.currency = x.currency
),

promises as (
    select
        p.promise_id,
        p.invoice_key,
        c.customer_key,
        c.customer_id,
        p.invoice_id as invoice_ref,
        coalesce(i.invoice_id, p.invoice_id) as invoice_id,
        p.made_date,
        p.promised_date,
        p.deadline,
        {{ money('p.amount') }} as amount_ccy,
        p.currency,
        case
            when i.currency is null or i.currency = p.currency then {{ money('p.amount') }}
            when i.currency = '{{ var("report_currency") }}' then {{ pesos('p.amount', 'p.made_rate') }}
            else {{ money(wide('p.amount') ~ ' * p.made_rate / nullif(x.mxn_per_unit, 0)') }}
        end as due_ccy,
        p.made_rate,
        case when i.currency is null then p.made_rate else i.fx_rate end as fx_rate
    from dated as p
    left join {{ ref('int_invoice_attributes') }} as i on p.invoice_key = i.invoice_key
    left join {{ ref('int_customers') }} as c on p.customer_id = c.customer_id
    left join {{ ref('fx_rates_daily') }} as x on p.made_date = x.date and i.currency = x.currency
),

receipts as (
    select r.promise_id, m.effective_date as day, p.reversed_date, -m.amount_ccy as cash_ccy
    from promises as r
    inner join {{ ref('int_movements') }} as m on r.invoice_key = m.invoice_key
    inner join {{ ref('int_payments') }} as p on m.doc_key = p.payment_key
    where m.doc_type = 'payment' and m.flow = 'payment' and m.is_cash
        and m.effective_date between r.made_date and r.deadline
    union all
    select r.promise_id, p.payment_date, p.reversed_date,
        case when p.currency = r.currency then p.amount_ccy
            else {{ money(pesos('p.amount_ccy', 'p.fx_rate') ~ ' / nullif(r.made_rate, 0)') }} end
    from promises as r
    inner join {{ ref('int_payments') }} as p on r.customer_key = p.customer_key
    where r.invoice_ref is null and p.is_cash and p.payment_date between r.made_date and r.deadline
),

-- what had come by each day that changed it, and how many receipts without a rate; one that went back counts until then
steps as (
    select promise_id, day, coalesce(cash_ccy, 0) as cash_ccy, case when cash_ccy is null then 1 else 0 end as unvalued from receipts
    union all
    select promise_id, greatest(reversed_date, day), -coalesce(cash_ccy, 0), case when cash_ccy is null then -1 else 0 end
    from receipts where reversed_date is not null
    union all
    select promise_id, made_date, 0, 0 from promises
),

balances as (
    select promise_id, day as valid_from, lead(day, 1, {{ forever() }}) over w as valid_to,
        sum(cash_ccy) over w as cash_ccy, sum(unvalued) over w > 0 as has_unvalued
    from (select promise_id, day, sum(cash_ccy) as cash_ccy, sum(unvalued) as unvalued from steps group by promise_id, day) as d
    window w as (partition by promise_id order by day)
),

judged as (
    select
        d.as_of,
        p.*,
        case
            when x.cash_ccy >= p.due_ccy then p.due_ccy
            when x.has_unvalued then null
            when x.cash_ccy <= 0 then 0
            when p.due_ccy is not null then {{ money('x.cash_ccy') }}
        end as paid_ccy,
        case
            when x.cash_ccy >= p.due_ccy then 'kept'
            when d.as_of <= p.deadline then 'pending'
            when x.has_unvalued or (p.due_ccy is null and x.cash_ccy > 0) then null
            when x.cash_ccy > 0 then 'partial'
            else 'broken'
        end as status
    from balances as x
    inner join promises as p on x.promise_id = p.promise_id
    inner join {{ ref('dim_report_dates') }} as d on x.valid_from <= d.as_of and d.as_of < x.valid_to
),

-- back in the currency in which it was promised
told as (
    select
        j.*,
        case when j.paid_ccy = 0 or j.due_ccy = j.amount_ccy then j.paid_ccy
            else {{ portion('j.amount_ccy', 'j.paid_ccy', 'j.due_ccy') }} end as paid_by_deadline_ccy
    from judged as j
),

-- at the issue rate of the invoice; what was promised in pesos is those pesos
final as (
    select
        t.as_of,
        t.promise_id,
        t.customer_id,
        t.invoice_id,
        t.made_date,
        t.promised_date,
        t.amount_ccy,
        t.currency,
        case when t.currency = '{{ var("report_currency") }}' then t.amount_ccy else {{ pesos('t.due_ccy', 't.fx_rate') }} end as amount_mxn,
        t.paid_by_deadline_ccy,
        case when t.currency = '{{ var("report_currency") }}' or t.paid_ccy = 0 then t.paid_by_deadline_ccy
            else {{ pesos('t.paid_ccy', 't.fx_rate') }} end as paid_by_deadline_mxn,
        t.status
    from told as t
)

select * from final
