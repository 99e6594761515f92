-- Every promise on every report date since it was made: kept, partial, broken or pending, and what live cash came
-- from the day it was made to its date plus the grace, on its invoice (without one: of the customer).
with

promises as (
    select
        p.promise_id,
        a.invoice_key,
        c.customer_key,
        c.customer_id,
        p.invoice_id as invoice_ref,
        coalesce(i.invoice_id, p.invoice_id) as invoice_id,
        p.made_date,
        p.promised_date,
        {{ add_days('p.promised_date', var('promise_grace_days')) }} as deadline,
        {{ money('p.amount') }} as amount_ccy,
        p.currency,
        coalesce(i.fx_rate, x.mxn_per_unit, case when p.currency = '{{ var("report_currency") }}' then 1 end) as fx_rate
    from {{ log_rows(ref('stg_register__promises'), ['promise_id'], 'made_date') }} as p
    left join {{ ref('int_invoice_aliases') }} as a on a.alias = {{ invoice_alias('p.invoice_id') }}
    left join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
    left join {{ ref('int_customers') }} as c on p.customer_id = c.customer_id
    left join {{ ref('fx_rates_daily') }} as x on p.made_date = x.date and p.currency = x.currency
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
            when r.currency = '{{ var("report_currency") }}' then {{ pesos('p.amount_ccy', 'p.fx_rate') }} end
    from promises as r
    inner join {{ ref('int_payments') }} as p on r.customer_key = p.customer_key
    where r.invoice_ref is null and p.is_cash and p.payment_date between r.made_date and r.deadline
),

-- what had come by each day that changed it; a receipt that went back counts until then
steps as (
    select promise_id, day, cash_ccy from receipts where cash_ccy is not null
    union all
    select promise_id, greatest(reversed_date, day), -cash_ccy from receipts where cash_ccy is not null and reversed_date is not null
    union all
    select promise_id, made_date, 0 from promises
),

balances as (
    select promise_id, day as valid_from, lead(day, 1, {{ forever() }}) over w as valid_to, sum(cash_ccy) over w as cash_ccy
    from (select promise_id, day, sum(cash_ccy) as cash_ccy from steps group by promise_id, day) as d
    window w as (partition by promise_id order by day)
),

judged as (
    select
        d.as_of,
        p.*,
        {{ money('least(x.cash_ccy, p.amount_ccy)') }} as paid_by_deadline_ccy,
        case
            when x.cash_ccy >= p.amount_ccy then 'kept'
            when d.as_of <= p.deadline then 'pending'
            when x.cash_ccy > 0 then 'partial'
            else 'broken'
        end as status
    from balances as x
    inner join promises as p on x.promise_id = p.promise_id
    inner join {{ ref('dim_report_dates') }} as d on x.valid_from <= d.as_of and d.as_of < x.valid_to
),

final as (
    select
        j.as_of,
        j.promise_id,
        j.customer_id,
        j.invoice_id,
        j.made_date,
        j.promised_date,
        j.amount_ccy,
        j.currency,
        {{ pesos('j.amount_ccy', 'j.fx_rate') }} as amount_mxn,
        j.paid_by_deadline_ccy,
        {{ pesos('j.paid_by_deadline_ccy', 'j.fx_rate') }} as paid_by_deadline_mxn,
        j.status
    from judged as j
)

select * from final
