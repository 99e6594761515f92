-- Paid, and paid x days from issue, that each period adds or takes back on credit sales, per dimension value. A
-- reversal takes back the days of the payment itself; an invoice that stops being a receivable takes all of its own.
-- What has no rate is counted in `unvalued`.
with

paid as (
    select
        i.cut_key,
        i.left_date,
        m.effective_date,
        -m.amount_mxn_issue as paid_mxn,
        case when m.amount_mxn_issue is not null then 0 when m.amount_ccy < 0 then 1 else -1 end as unvalued,
        {{ days_between('i.issue_date', 'greatest(p.payment_date, i.issue_date)') }} as days
    from {{ ref('int_movements') }} as m
    inner join {{ ref('int_invoice_cuts') }} as i on m.invoice_key = i.invoice_key
    inner join {{ ref('int_payments') }} as p on m.doc_key = p.payment_key
    where m.doc_type = 'payment' and m.flow in ('payment', 'payment_reversed', 'rehomed') and i.is_credit_sale
),

steps as (
    select cut_key, effective_date as day, paid_mxn, days, unvalued from paid
    union all
    select cut_key, left_date, -paid_mxn, days, -unvalued from paid where left_date is not null
),

final as (
    select
        d.dim_key,
        p.period,
        {{ money('sum(s.paid_mxn)') }} as paid_mxn,
        cast(sum(s.paid_mxn * s.days) as decimal(38, 2)) as paid_mxn_days,
        cast(sum(s.unvalued) as integer) as unvalued
    from steps as s
    inner join {{ ref('int_report_periods') }} as p on s.day = p.day
    inner join {{ ref('int_cut_dimensions') }} as d on s.cut_key = d.cut_key
    group by d.dim_key, p.period
)

select * from final
