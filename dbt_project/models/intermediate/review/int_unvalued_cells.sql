-- What int_aging_cells leaves out of its pesos, counted per report date and cut, effective basis: lines in a currency
-- without a rate that day, by bucket, and lines of credit sales without a rate of their own. Read by the rate that is
-- missing: in a home where every rate is there, nothing is read.
-- depends_on: {{ ref('buckets') }}
with

lines as (
    select r.as_of, i.cut_key, {{ bucket_place(days_between('b.due_date', 'r.as_of')) }} as place, false as is_issue
    from {{ ref('balance_intervals') }} as b
    inner join {{ ref('int_report_rates') }} as r
        on b.currency = r.currency and b.valid_from <= r.as_of and r.as_of < b.valid_to
    inner join {{ ref('int_invoice_cuts') }} as i on b.invoice_key = i.invoice_key
    where b.basis = 'effective' and r.rate is null
    union all
    select d.as_of, i.cut_key, {{ bucket_place(days_between('b.due_date', 'd.as_of')) }}, true
    from {{ ref('balance_intervals') }} as b
    inner join {{ ref('dim_report_dates') }} as d on b.valid_from <= d.as_of and d.as_of < b.valid_to
    inner join {{ ref('int_invoice_cuts') }} as i on b.invoice_key = i.invoice_key
    where b.basis = 'effective' and b.fx_issue_rate is null and i.is_credit_sale
),

final as (
    select
        as_of,
        cut_key,
        {%- for place in range(1, 7) %}
        cast(sum(case when not is_issue and place = {{ place }} then 1 else 0 end) as integer) as unvalued_{{ place }},
        {%- endfor %}
        cast(sum(case when is_issue then 1 else 0 end) as integer) as unvalued_credit_issue,
        cast(sum(case when is_issue and place = 1 then 1 else 0 end) as integer) as unvalued_credit_current_issue
    from lines
    group by as_of, cut_key
)

select * from final
