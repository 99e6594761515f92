-- METRICS.md section 10: what a month charged is the sales book's VAT of it; its documents add up to every figure; pending
-- is all that was charged less all that was collected, at the rate of issue. One row a month that does not tie.
with

months as (
    select month, company, sum(coalesce(vat_charged_mxn, 0)) as charged, sum(lines) as lines
    from {{ ref('vat_cash_basis') }}
    group by month, company
),

book as (
    select {{ month_start('fecha') }} as month, coalesce(company_rfc, 'sin asignar') as company, sum(iva_mxn) as charged
    from {{ ref('sales_book') }}
    where is_in_totals
    group by 1, 2
),

lines as (
    select month, company, rate, count(*) as lines
        {%- for reading in ['fiscal', 'bank'] %},
        coalesce(sum(case when entry = 'collected' and reading in ('{{ reading }}', 'both') then vat_mxn end), 0) as {{ reading }}_vat,
        coalesce(sum(case when entry = 'collected' and reading in ('{{ reading }}', 'both') then base_mxn end), 0) as {{ reading }}_base,
        coalesce(sum(case when entry = 'collected' and reading in ('{{ reading }}', 'both') then withheld_mxn end), 0) as {{ reading }}_withheld
        {%- endfor %}
    from {{ ref('vat_cash_basis_documents') }}
    group by month, company, rate
),

cells as (
    select *
        {%- for reading in ['fiscal', 'bank'] %},
        {{ reading }}_vat_pending_mxn - coalesce(lag({{ reading }}_vat_pending_mxn) over (partition by company, rate order by month), 0)
            - vat_charged_mxn + {{ reading }}_vat_collected_mxn as {{ reading }}_left
        {%- endfor %}
    from {{ ref('vat_cash_basis') }}
)

select 'charged' as identity, coalesce(m.month, b.month) as month
from months as m full outer join book as b on m.month = b.month and m.company = b.company
where coalesce(m.charged, 0) <> coalesce(b.charged, 0)
{%- for reading in ['fiscal', 'bank'] %}
union all
select '{{ reading }} documents', coalesce(c.month, l.month)
from cells as c full outer join lines as l on c.month = l.month and c.company = l.company and c.rate = l.rate
where coalesce(c.{{ reading }}_vat_collected_mxn, 0) <> coalesce(l.{{ reading }}_vat, 0) or coalesce(c.{{ reading }}_base_collected_mxn, 0) <> coalesce(l.{{ reading }}_base, 0)
    or coalesce(c.{{ reading }}_vat_withheld_mxn, 0) <> coalesce(l.{{ reading }}_withheld, 0) or coalesce(c.lines, 0) <> coalesce(l.lines, 0)
union all
select '{{ reading }} pending', month from cells where {{ reading }}_left <> {{ reading }}_fx_mxn
{%- endfor %}
union all
select 'key', month from cells group by month, company, rate having count(*) > 1
union all
select 'document key', month from {{ ref('vat_cash_basis_documents') }}
group by month, rate, entry, reading, date, rule, invoice_id, cn_id, payment_id
having count(*) > 1
