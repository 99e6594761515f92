-- How soon sales are invoiced and invoices are sent, by month of issue and dimension. Cancelled and substituted
-- invoices are out; a substitute inherits the first confirmation of its chain. On-time shares are over the invoices
-- that have a deadline; the strict one adds sales past their deadline and not invoiced, in the month of the deadline.
with

first_confirmations as (
    select s.new_key as invoice_key, min(o.sale_confirmed_date) as sale_confirmed_date
    from {{ ref('int_invoice_substitutions') }} as s
    inner join {{ ref('int_invoices_unified') }} as o on s.old_key = o.invoice_key
    where s.depth > 0
    group by s.new_key
),

invoices as (
    select
        k.cut_key,
        {{ month_start('i.issue_date') }} as issue_month,
        i.issue_date,
        i.issue_deadline,
        i.sent_date,
        coalesce(least(f.sale_confirmed_date, i.sale_confirmed_date), f.sale_confirmed_date, i.sale_confirmed_date) as confirmed_date,
        i.sources like '%register%' and i.sent_date is null and not i.is_global as is_unsent
    from {{ ref('int_invoices_unified') }} as i
    inner join {{ ref('int_invoice_cuts') }} as k on i.invoice_key = k.invoice_key
    left join first_confirmations as f on i.invoice_key = f.invoice_key
    where i.end_date is null and not k.is_opening
),

timed as (
    select
        d.dim_key,
        i.*,
        {{ days_between('i.confirmed_date', 'i.sent_date') }} as days_to_send,
        {{ days_between('i.confirmed_date', 'i.issue_date') }} as days_to_issue
    from invoices as i inner join {{ ref('int_cut_dimensions') }} as d on i.cut_key = d.cut_key
),

counted as (
    select
        t.dim_key,
        t.issue_month,
        count(*) as issued,
        count(t.issue_deadline) as with_deadline,
        sum(case when t.issue_date <= t.issue_deadline then 1 else 0 end) as on_time,
        sum(case when t.sent_date <= t.issue_deadline then 1 else 0 end) as sent_on_time,
        sum(t.days_to_send) as days_to_send,
        count(t.days_to_send) as sent_times,
        {{ median_of('t.days_to_send') }} as median_to_send,
        sum(t.days_to_issue) as days_to_issue,
        count(t.days_to_issue) as issue_times,
        {{ median_of('t.days_to_issue') }} as median_to_issue,
        sum(case when t.is_unsent then 1 else 0 end) as not_sent
    from timed as t
    group by t.dim_key, t.issue_month
),

sums as (select n.dimension, n.value, c.* from counted as c inner join {{ ref('int_dimensions') }} as n on c.dim_key = n.dim_key),

company as (select min(company_rfc) as company_rfc from {{ ref('int_own_companies') }} having count(*) = 1),

-- a sale says neither its company nor its salesperson: it is of the only company, and of no salesperson
late_sales as (
    select
        {{ month_start('s.issue_deadline') }} as issue_month,
        s.customer_id,
        (select company_rfc from company) as company_rfc,
        c.branch,
        c.segment,
        cast(null as string) as salesperson,
        c.account_owner,
        s.currency
    from {{ log_rows(ref('stg_register__pending_sales'), ['sale_id'], 'sale_confirmed_date') }} as s
    left join {{ ref('int_invoice_aliases') }} as a on a.alias = {{ invoice_alias('s.invoice_id') }}
    left join {{ ref('dim_customers') }} as c on s.customer_id = c.customer_id
    where a.invoice_key is null and s.issue_deadline < {{ as_of() }}
),

tags as ({{ customer_tags(ref('dim_customers')) }}),

late_values as (
    select issue_month, 'total' as dimension, 'total' as value from late_sales
    {%- for column in cut_columns() %}
    union all
    select issue_month, '{{ dimension_of(column) }}', coalesce({{ column }}, 'sin asignar') from late_sales
    {%- endfor %}
    union all
    select s.issue_month, 'tag', t.tag from late_sales as s inner join tags as t on s.customer_id = t.customer_id
),

late as (
    select issue_month, dimension, value, count(*) as sales from late_values group by issue_month, dimension, value
),

keys as (
    select issue_month, dimension, value from sums
    union
    select issue_month, dimension, value from late
),

joined as (
    select
        k.issue_month,
        k.dimension,
        k.value,
        {%- for column in ['issued', 'with_deadline', 'on_time', 'sent_on_time', 'not_sent'] %}
        cast(coalesce(s.{{ column }}, 0) as integer) as {{ column }},
        {%- endfor %}
        cast(coalesce(l.sales, 0) as integer) as late_sales,
        {{ ratio('s.days_to_send', 's.sent_times') }} as mean_days_to_send,
        cast(s.median_to_send as decimal(18, 4)) as median_days_to_send,
        {{ ratio('s.days_to_issue', 's.issue_times') }} as mean_days_to_issue,
        cast(s.median_to_issue as decimal(18, 4)) as median_days_to_issue
    from keys as k
    left join sums as s on k.issue_month = s.issue_month and k.dimension = s.dimension and k.value = s.value
    left join late as l on k.issue_month = l.issue_month and k.dimension = l.dimension and k.value = l.value
),

final as (
    select
        issue_month,
        dimension,
        value,
        issued,
        {{ pct('on_time', 'with_deadline') }} as on_time_pct,
        on_time as on_time_num,
        with_deadline as on_time_den,
        {{ pct('on_time', '(with_deadline + late_sales)') }} as strict_on_time_pct,
        on_time as strict_on_time_num,
        with_deadline + late_sales as strict_on_time_den,
        {{ pct('sent_on_time', 'with_deadline') }} as sent_on_time_pct,
        sent_on_time as sent_on_time_num,
        with_deadline as sent_on_time_den,
        mean_days_to_send,
        median_days_to_send,
        mean_days_to_issue,
        median_days_to_issue,
        not_sent,
        late_sales as not_invoiced_sales
    from joined
)

select * from final
order by issue_month, dimension, value
