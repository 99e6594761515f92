-- The one heavy aggregation: what is open on each report date, per basis and cut, in buckets, in pesos of the date.
-- Every aging, morosidad and DSO figure reads it. Each row is valued and rounded before it is added.
-- depends_on: {{ ref('buckets') }}
with

open_rows as (
    select
        r.as_of,
        b.basis,
        i.cut_key,
        i.is_credit_sale,
        b.is_oldest,
        b.open_ccy,
        {{ days_between('b.due_date', 'r.as_of') }} as days_past_due,
        {{ pesos('b.open_ccy', 'r.rate') }} as open_mxn,
        {{ pesos('b.open_ccy', 'b.fx_issue_rate') }} as open_issue
    from {{ ref('balance_intervals') }} as b
    inner join {{ ref('int_report_rates') }} as r
        on b.currency = r.currency and b.valid_from <= r.as_of and r.as_of < b.valid_to
    inner join {{ ref('int_invoice_cuts') }} as i on b.invoice_key = i.invoice_key
),

-- an invoice of several instalments is counted once, by its oldest open one: overdue if that one is
sums as (
    select
        as_of,
        basis,
        cut_key,
        sum(open_ccy) as gross_ccy,
        {%- for row in bucket_rows() %}
        sum(case when days_past_due between {{ row['min_days'] }} and {{ row['max_days'] }} then open_mxn else 0 end) as {{ row['column_name'] }},
        {%- endfor %}
        sum(open_issue) as gross_mxn_issue,
        sum(case when is_credit_sale then open_issue end) as credit_gross_issue,
        sum(case when is_credit_sale and days_past_due <= 0 then open_issue end) as credit_current_issue,
        sum(case when is_oldest then 1 else 0 end) as open_invoices,
        sum(case when is_oldest and days_past_due > 0 then 1 else 0 end) as overdue_invoices,
        sum(case when open_mxn is null then 1 else 0 end) as unvalued_items,
        max(days_past_due) as oldest_days
    from open_rows
    group by as_of, basis, cut_key
),

final as (
    select
        as_of,
        basis,
        cut_key,
        cast(open_invoices as integer) as open_invoices,
        cast(overdue_invoices as integer) as overdue_invoices,
        cast(unvalued_items as integer) as unvalued_items,
        oldest_days,
        {%- for row in bucket_rows() %}
        {{ money(row['column_name']) }} as {{ row['column_name'] }},
        {%- endfor %}
        {{ money('coalesce(' ~ bucket_columns() | join(' + ') ~ ', 0)') }} as gross_mxn,
        {{ money('gross_ccy') }} as gross_ccy,
        {{ money('coalesce(gross_mxn_issue, 0)') }} as gross_mxn_issue,
        {{ money('coalesce(credit_gross_issue, 0)') }} as credit_gross_issue,
        {{ money('coalesce(credit_current_issue, 0)') }} as credit_current_issue
    from sums
)

select * from final
