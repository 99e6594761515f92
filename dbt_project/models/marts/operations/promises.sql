-- Every promise on every report date since it was made: kept, partial, broken or pending, and what live cash came
-- from the day it was made to its date plus the grace, on its invoice (without one: of the customer).
with

promises as (
    select
        p.promise_id,
        a.invoice_key,
        c.customer_key,
        p.invoice_id as invoice_ref,
        p.made_date,
        p.promised_date,
        {{ add_days('p.promised_date', var('promise_grace_days')) }} as deadline,
        {{ money('p.amount') }} as amount_ccy,
        p.currency,
        coalesce(i.fx_rate, x.mxn_per_unit, case when p.currency = '{{ var("report_currency") }}' then 1 end) as fx_rate
    from {{ log_rows(ref('stg_register__promises'), ['promise_id'], 'made_date') }} as p
    left join {{ ref('int_invoice_aliases') }} as a on a.alias = {{ invoice_alias('p.invoice_id') }}
    left join {{ ref('int_invoices_unified') }} as i on a.invoice_key = i.invoice_key
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

paid as (
    select p.promise_id, d.as_of, sum(r.cash_ccy) as cash_ccy
    from promises as p
    inner join receipts as r on p.promise_id = r.promise_id
    inner join {{ ref('dim_report_dates') }} as d
        on r.day <= d.as_of and (r.reversed_date is null or r.reversed_date > d.as_of)
    group by p.promise_id, d.as_of
),

judged as (
    select
        d.as_of,
        p.*,
        {{ money('least(coalesce(x.cash_ccy, 0), p.amount_ccy)') }} as paid_by_deadline_ccy,
        case
            when coalesce(x.cash_ccy, 0) >= p.amount_ccy then 'kept'
            when d.as_of <= p.deadline then 'pending'
            when coalesce(x.cash_ccy, 0) > 0 then 'partial'
            else 'broken'
        end as status
    from promises as p
    inner join {{ ref('dim_report_dates') }} as d on p.made_date <= d.as_of
    left join paid as x on p.promise_id = x.promise_id and d.as_of = x.as_of
),

final as (
    select
        j.as_of,
        j.promise_id,
        c.customer_id,
        coalesce(i.invoice_id, j.invoice_ref) as invoice_id,
        j.made_date,
        j.promised_date,
        j.amount_ccy,
        j.currency,
        {{ pesos('j.amount_ccy', 'j.fx_rate') }} as amount_mxn,
        j.paid_by_deadline_ccy,
        {{ pesos('j.paid_by_deadline_ccy', 'j.fx_rate') }} as paid_by_deadline_mxn,
        j.status
    from judged as j
    left join {{ ref('int_customers') }} as c on j.customer_key = c.customer_key
    left join {{ ref('int_invoices_unified') }} as i on j.invoice_key = i.invoice_key
)

select * from final
order by as_of, promise_id
