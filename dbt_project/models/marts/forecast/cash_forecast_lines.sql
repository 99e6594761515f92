-- What is expected of every open invoice and when, on the dates of aging_open_items: first what is disputed (held),
-- then what is promised, then the rest by due date + how late the customer pays. The parts add up to the open balance
-- at the closing rate, to the cent. Instalments not yet expected share a line, on the day of the last one.
with

items as (
    select o.*, r.rate
    from {{ ref('aging_open_items') }} as o
    inner join {{ ref('int_report_rates') }} as r on o.as_of = r.as_of and o.currency = r.currency
    where o.basis = 'effective'
),

cut as (
    select
        i.as_of,
        i.invoice_id,
        s.invoice_id is null as is_alone,
        i.customer_id,
        i.currency,
        i.open_ccy,
        i.rate,
        i.disputed_open_ccy as disputed_ccy,
        coalesce(p.promised_ccy, 0) as promised_ccy,
        p.promised_date,
        coalesce(c.lag_days, g.lag_days) as lag_days,
        {{ add_days('i.due_date', 'coalesce(c.lag_days, g.lag_days)') }} as usual_date
    from items as i
    left join (select distinct invoice_id from items where instalment <> 1) as s on i.invoice_id = s.invoice_id
    left join {{ ref('int_promised_items') }} as p
        on i.as_of = p.as_of and i.invoice_id = p.invoice_id and i.instalment = p.instalment
    left join {{ ref('int_customers') }} as k on i.customer_id = k.customer_id
    left join {{ ref('int_payment_lags') }} as c on i.as_of = c.as_of and k.customer_key = c.customer_key
    left join {{ ref('int_payment_lags') }} as g on i.as_of = g.as_of and g.customer_key = 0
),

-- each part in pesos is the difference of two rounded balances
parts as (
    select as_of, invoice_id, is_alone, customer_id, currency, 'disputed_hold' as reason, cast(null as date) as expected_date, cast(null as integer) as lag_days,
        disputed_ccy as expected_ccy, {{ pesos('disputed_ccy', 'rate') }} as expected_mxn
    from cut where disputed_ccy > 0
    union all
    select as_of, invoice_id, is_alone, customer_id, currency, 'promise', promised_date, null,
        promised_ccy, {{ pesos('disputed_ccy + promised_ccy', 'rate') }} - {{ pesos('disputed_ccy', 'rate') }}
    from cut where promised_ccy > 0
    union all
    select as_of, invoice_id, is_alone, customer_id, currency,
        case when usual_date <= as_of then 'overdue_no_date' else 'due_plus_customer_lag' end,
        case when usual_date > as_of then usual_date end, lag_days,
        open_ccy - disputed_ccy - promised_ccy, {{ pesos('open_ccy', 'rate') }} - {{ pesos('disputed_ccy + promised_ccy', 'rate') }}
    from cut where open_ccy > disputed_ccy + promised_ccy
),

-- only what is paid in instalments has several parts of one reason
lines as (
    select as_of, invoice_id, reason, customer_id, currency, expected_date, lag_days, expected_ccy, expected_mxn from parts where is_alone
    union all
    select as_of, invoice_id, reason, max(customer_id), max(currency), max(expected_date), max(lag_days),
        {{ money('sum(expected_ccy)') }}, {{ money('sum(expected_mxn)') }}
    from parts
    where not is_alone
    group by as_of, invoice_id, reason
),

final as (
    select
        as_of,
        invoice_id,
        reason,
        customer_id,
        currency,
        {{ money('expected_ccy') }} as expected_ccy,
        {{ money('expected_mxn') }} as expected_mxn,
        expected_date,
        case
            when expected_date is null then reason
            else cast({{ add_days('expected_date', '1 - ' ~ weekday('expected_date')) }} as string)
        end as bucket,
        lag_days
    from lines
)

select * from final
