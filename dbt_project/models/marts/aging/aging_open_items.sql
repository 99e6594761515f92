-- Every open item on the last 13 month ends, the last 8 Sundays and the run's as_of, both bases. Stored as the join
-- gives them: sorting three million wide rows cost as much as the rest, and made the file no smaller.
-- depends_on: {{ ref('buckets') }}
with

ranked as (
    select
        as_of,
        is_run_as_of,
        is_month_end,
        is_sunday,
        row_number() over (partition by is_month_end order by as_of desc) as month_rank,
        row_number() over (partition by is_sunday order by as_of desc) as sunday_rank
    from {{ ref('dim_report_dates') }}
),

dates as (
    select as_of from ranked
    where is_run_as_of or (is_month_end and month_rank <= 13) or (is_sunday and sunday_rank <= 8)
),

customers as (select customer_key, customer_id from {{ ref('int_customers') }})

select
    d.as_of,
    b.basis,
    i.invoice_id,
    b.instalment,
    c.customer_id,
    b.currency,
    b.open_ccy,
    {{ pesos('b.open_ccy', 'b.fx_issue_rate') }} as open_mxn_issue,
    {{ pesos('b.open_ccy', 'r.rate') }} as open_mxn_closing,
    b.issue_date,
    b.due_date,
    {{ days_between('b.due_date', 'd.as_of') }} as days_past_due,
    {{ bucket(days_between('b.due_date', 'd.as_of')) }} as bucket_due,
    {{ bucket(days_between('b.issue_date', 'd.as_of')) }} as bucket_issue,
    coalesce(x.disputed_open_ccy, 0) as disputed_open_ccy
from {{ ref('balance_intervals') }} as b
inner join dates as d on b.valid_from <= d.as_of and d.as_of < b.valid_to
inner join {{ ref('int_report_rates') }} as r on d.as_of = r.as_of and b.currency = r.currency
inner join {{ ref('int_invoice_attributes') }} as i on b.invoice_key = i.invoice_key
left join customers as c on b.customer_key = c.customer_key
left join {{ ref('int_disputed_items') }} as x
    on d.as_of = x.as_of and b.basis = x.basis and b.invoice_key = x.invoice_key and b.instalment = x.instalment
