-- One line an instalment, oldest due first; the last one takes what the instalments leave of the total.
-- cumulative_ccy: what the lines up to this one add up to, so that open = min(amount, max(cumulative - settled, 0)).
-- An instalment of one invoice may be told under several of its names (id, UUID, another row's id): the latest counts.
with told as (
    select
        a.invoice_key,
        i.number as instalment,
        {{ business_day('i.due_date') }} as due_date,
        i.amount,
        row_number() over (
            partition by a.invoice_key, i.number order by i.delivery_date desc, i.row_hash desc, i.invoice_id
        ) as version_rank
    from {{ latest_delivery(ref('stg_register__instalments'), ['invoice_id', 'number']) }} as i
    inner join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('i.invoice_id') }} = a.alias
),

instalments as (
    select
        t.invoice_key,
        t.instalment,
        t.due_date,
        d.total_ccy,
        least(sum({{ money('t.amount') }}) over w, d.total_ccy) as cumulative_ccy,
        count(*) over (partition by t.invoice_key) as lines_count,
        row_number() over w as place
    from told as t
    inner join {{ ref('int_invoice_documents') }} as d on t.invoice_key = d.invoice_key
    where t.version_rank = 1 and t.amount > 0
    window w as (partition by t.invoice_key order by t.due_date, t.instalment rows unbounded preceding)
),

closed as (
    select
        invoice_key,
        instalment,
        due_date,
        place,
        lines_count,
        cast(case when place = lines_count then total_ccy else cumulative_ccy end as decimal(18, 2)) as cumulative_ccy
    from instalments
),

lines as (
    select
        invoice_key,
        instalment,
        due_date,
        cast(cumulative_ccy - lag(cumulative_ccy, 1, 0) over (partition by invoice_key order by place) as decimal(18, 2))
            as amount_ccy,
        cumulative_ccy,
        place = lines_count as is_last,
        true as is_instalment
    from closed
)

select * from lines
union all
select
    d.invoice_key,
    1,
    u.due_date,
    d.total_ccy,
    d.total_ccy,
    true,
    false
from {{ ref('int_invoice_documents') }} as d
inner join {{ ref('int_invoice_due_dates') }} as u on d.invoice_key = u.invoice_key
left join (select distinct invoice_key from lines) as l on d.invoice_key = l.invoice_key
where l.invoice_key is null
