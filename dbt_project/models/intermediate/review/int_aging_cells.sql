-- The one heavy aggregation: what is open on each report date, per basis and cut, in buckets, in pesos of the date.
-- Every aging, morosidad and DSO figure reads it. Each row is valued and rounded before it is added.
-- depends_on: {{ ref('buckets') }}
with

invoices as (
    select invoice_key, cut_key, is_credit_sale, instalments from {{ ref('int_invoice_cuts') }}
),

open_rows as (
    select
        r.as_of,
        b.basis,
        i.cut_key,
        i.is_credit_sale,
        b.invoice_key,
        i.instalments,
        b.open_ccy,
        {{ days_between('b.due_date', 'r.as_of') }} as days_past_due,
        case when r.rate = 1 then b.open_ccy else {{ pesos('b.open_ccy', 'r.rate') }} end as open_mxn,
        case when b.fx_issue_rate = 1 then b.open_ccy else {{ pesos('b.open_ccy', 'b.fx_issue_rate') }} end as open_issue
    from {{ ref('balance_intervals') }} as b
    inner join {{ ref('int_report_rates') }} as r
        on b.currency = r.currency and b.valid_from <= r.as_of and r.as_of < b.valid_to
    inner join invoices as i on b.invoice_key = i.invoice_key
),

sums as (
    select
        as_of,
        basis,
        cut_key,
        sum(open_ccy) as gross_ccy,
        sum(open_mxn) as gross_mxn,
        {%- for row in bucket_rows() %}
        sum(case when days_past_due between {{ row['min_days'] }} and {{ row['max_days'] }} then open_mxn else 0 end) as {{ row['column_name'] }},
        {%- endfor %}
        sum(open_issue) as gross_mxn_issue,
        sum(case when is_credit_sale then open_issue end) as credit_gross_issue,
        sum(case when is_credit_sale and days_past_due <= 0 then open_issue end) as credit_current_issue,
        sum(case when instalments = 1 then 1 else 0 end) as open_invoices,
        sum(case when instalments = 1 and days_past_due > 0 then 1 else 0 end) as overdue_invoices,
        sum(case when open_mxn is null then 1 else 0 end) as unvalued_items,
        max(days_past_due) as oldest_days
    from open_rows
    group by as_of, basis, cut_key
),

-- an invoice of several instalments is one invoice: the few that there are, counted apart
several as (
    select
        as_of,
        basis,
        cut_key,
        count(distinct invoice_key) as open_invoices,
        count(distinct case when days_past_due > 0 then invoice_key end) as overdue_invoices
    from open_rows
    where instalments > 1
    group by as_of, basis, cut_key
),

final as (
    select
        s.as_of,
        s.basis,
        s.cut_key,
        cast(s.open_invoices + coalesce(m.open_invoices, 0) as integer) as open_invoices,
        cast(s.overdue_invoices + coalesce(m.overdue_invoices, 0) as integer) as overdue_invoices,
        cast(s.unvalued_items as integer) as unvalued_items,
        s.oldest_days,
        {%- for row in bucket_rows() %}
        {{ money('s.' ~ row['column_name']) }} as {{ row['column_name'] }},
        {%- endfor %}
        {{ money('coalesce(s.gross_mxn, 0)') }} as gross_mxn,
        {{ money('s.gross_ccy') }} as gross_ccy,
        {{ money('coalesce(s.gross_mxn_issue, 0)') }} as gross_mxn_issue,
        {{ money('coalesce(s.credit_gross_issue, 0)') }} as credit_gross_issue,
        {{ money('coalesce(s.credit_current_issue, 0)') }} as credit_current_issue
    from sums as s
    left join several as m on s.as_of = m.as_of and s.basis = m.basis and s.cut_key = m.cut_key
)

select * from final
