-- What credit notes take back from VAT already collected, by day: of an invoice with R received and N in live notes, the
-- part X = least(N, greatest(R + N - total, 0)) of the notes is money that had come in; the rest only lowers what is
-- pending. Recomputed on each day that something of the invoice moved, so that order does not matter. The latest note
-- gives way first. A note on no invoice takes back all of itself.
with

heirs as (
    select old_key, {{ last_by('new_key', 'depth') }} as new_key
    from {{ ref('int_invoice_substitutions') }}
    where depth > 0
    group by old_key
),

applied as (
    select a.doc_key as cn_key, coalesce(h.new_key, a.invoice_key) as invoice_key, sum(a.amount_ccy) as amount_ccy
    from {{ ref('int_document_applications') }} as a
    left join heirs as h on a.invoice_key = h.old_key
    where a.doc_type = 'credit_note'
    group by 1, 2
),

notes as (
    select a.cn_key, a.invoice_key, d.issue_date as day, a.amount_ccy,
        sum(a.amount_ccy) over (partition by a.invoice_key order by d.issue_date, a.cn_key rows unbounded preceding) as up_to_ccy
    from applied as a
    inner join {{ ref('int_book_documents') }} as d on d.doc_type = 'E' and a.cn_key = d.doc_key
    where d.excluded_date is null
),

noted as (select distinct invoice_key from notes),

received as (
    select r.*, n.invoice_key as heir_key
    from {{ ref('int_vat_receipts') }} as r
    left join heirs as h on r.invoice_key = h.old_key
    inner join noted as n on coalesce(h.new_key, r.invoice_key) = n.invoice_key
    where not r.is_void
),

days as (
    select reading, invoice_key, day, sum(received_ccy) as received_ccy, sum(noted_ccy) as noted_ccy
    from (
        {%- for reading in ['fiscal', 'bank'] %}
        select '{{ reading }}' as reading, heir_key as invoice_key, {{ reading }}_date as day, amount_ccy as received_ccy, 0.00 as noted_ccy
        from received where {{ reading }}_date is not null
        union all
        select '{{ reading }}', heir_key, greatest(reversed_date, {{ reading }}_date), -amount_ccy, 0.00
        from received where {{ reading }}_date is not null and reversed_date is not null
        union all
        {%- endfor %}
        select b.reading, n.invoice_key, n.day, 0.00, n.amount_ccy
        from notes as n cross join (select 'fiscal' as reading union all select 'bank') as b
    ) as moves
    group by reading, invoice_key, day
),

running as (
    select
        d.reading, d.invoice_key, d.day,
        sum(d.noted_ccy) over w as noted_ccy,
        (sum(d.received_ccy) over w) + (sum(d.noted_ccy) over w) - case when i.end_date is null then i.total_ccy else 0 end as beyond_ccy
    from days as d
    inner join {{ ref('int_invoice_attributes') }} as i on d.invoice_key = i.invoice_key
    window w as (partition by d.reading, d.invoice_key order by d.day rows unbounded preceding)
),

taken as (
    select
        r.reading, r.invoice_key, n.cn_key, r.day,
        {{ money('least(n.amount_ccy, greatest(least(r.noted_ccy, greatest(r.beyond_ccy, 0)) - (r.noted_ccy - n.up_to_ccy), 0))') }} as taken_ccy
    from running as r
    inner join notes as n on r.invoice_key = n.invoice_key and r.day >= n.day
),

-- per note, invoice and day: what it had taken before, and now
steps as (
    select *, lag(taken_ccy, 1, 0) over (partition by reading, invoice_key, cn_key order by day) as before_ccy from taken
    union all
    select b.reading, null, d.doc_key, d.issue_date, {{ money('d.total_ccy - coalesce(a.amount_ccy, 0)') }}, 0
    from {{ ref('int_book_documents') }} as d
    cross join (select 'fiscal' as reading union all select 'bank') as b
    left join (select cn_key, sum(amount_ccy) as amount_ccy from applied group by cn_key) as a on d.doc_key = a.cn_key
    where d.doc_type = 'E' and d.excluded_date is null and d.total_ccy > coalesce(a.amount_ccy, 0)
)

select
    s.reading, s.invoice_key, s.cn_key, s.day, t.rate, t.is_inferred
    {%- for column in ['base', 'vat', 'withheld', 'issue_vat'] %},
    {{ share('t.' ~ column ~ '_mxn', 's.before_ccy', 'd.total_ccy') }} - {{ share('t.' ~ column ~ '_mxn', 's.taken_ccy', 'd.total_ccy') }} as {{ column }}_mxn
    {%- endfor %}
from steps as s
inner join {{ ref('int_book_documents') }} as d on d.doc_type = 'E' and s.cn_key = d.doc_key
inner join {{ ref('int_book_taxes') }} as t on t.doc_type = 'E' and s.cn_key = t.doc_key
where s.taken_ccy <> s.before_ccy
