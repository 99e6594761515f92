{{ config(materialized='view') }}

-- For how long each piece of payment behaviour counts, in report periods [from_period, to_period): a live cash application
-- of a credit sale, for twelve months from its date (less, where it bounced or the invoice was cancelled); and each open
-- overdue line, for as long as it is both. Weights at the issue rate. due_offset: days from 2000-01-01 to the due date.
-- What has no rate weighs nothing and is counted.
with

invoices as (
    select i.invoice_key, c.customer_key, i.left_date
    from {{ ref('int_invoice_cuts') }} as i inner join {{ ref('int_cuts') }} as c on i.cut_key = c.cut_key
    where i.is_credit_sale
),

periods as (
    select period, {{ add_months('as_of', -12) }} as window_start from {{ ref('int_report_periods') }} where is_report_date
),

-- the period on which each day first shows, and the first one whose window no longer reaches it
days as (
    select d.day, max(d.period) as period, coalesce(min(p.period), 1000000) as out_period
    from {{ ref('int_report_periods') }} as d left join periods as p on d.day <= p.window_start
    group by d.day
),

cash as (
    select
        i.customer_key,
        m.invoice_key,
        m.effective_date,
        least(coalesce(p.reversed_date, {{ forever() }}), coalesce(i.left_date, {{ forever() }})) as end_date,
        {{ days_between('l.due_date', 'm.effective_date') }} as delay_days,
        -m.amount_mxn_issue as amount_mxn
    from {{ ref('int_movements') }} as m
    inner join invoices as i on m.invoice_key = i.invoice_key
    inner join {{ ref('int_payments') }} as p on m.doc_key = p.payment_key and p.is_cash
    inner join {{ ref('int_invoice_lines') }} as l on m.invoice_key = l.invoice_key and m.instalment = l.instalment
    where m.doc_type = 'payment' and m.flow in ('payment', 'rehomed')
),

overdue as (
    select
        i.customer_key,
        b.invoice_key,
        greatest(b.valid_from, {{ add_days('b.due_date', 1) }}) as from_date,
        b.valid_to as end_date,
        b.due_date,
        case when b.fx_issue_rate = 1 then b.open_ccy else {{ pesos('b.open_ccy', 'b.fx_issue_rate') }} end as amount_mxn
    from {{ ref('balance_intervals') }} as b
    inner join invoices as i on b.invoice_key = i.invoice_key
    where b.basis = 'effective' and {{ add_days('b.due_date', 1) }} < b.valid_to
),

spans as (
    select
        c.customer_key,
        c.invoice_key,
        f.period as from_period,
        least(f.out_period, coalesce(e.period, 1000000)) as to_period,
        coalesce(c.amount_mxn, 0) as cash_mxn,
        coalesce({{ wide('c.amount_mxn') }} * c.delay_days, 0) as cash_mxn_days,
        cast(0 as decimal(18, 2)) as open_mxn,
        cast(0 as decimal(24, 2)) as open_mxn_offset,
        case when c.amount_mxn is null then 1 else 0 end as unvalued_cash,
        0 as unvalued_open
    from cash as c
    inner join days as f on c.effective_date = f.day
    left join days as e on c.end_date = e.day
    union all
    select
        o.customer_key,
        o.invoice_key,
        f.period,
        coalesce(e.period, 1000000),
        0,
        0,
        coalesce(o.amount_mxn, 0),
        coalesce({{ wide('o.amount_mxn') }} * {{ days_between("cast('2000-01-01' as date)", 'o.due_date') }}, 0),
        0,
        case when o.amount_mxn is null then 1 else 0 end
    from overdue as o
    inner join days as f on o.from_date = f.day
    left join days as e on o.end_date = e.day
),

final as (select * from spans where from_period < to_period)

select * from final
