-- IVA por flujo de efectivo: each month, company and rate, what was charged and, in both readings, what was collected of
-- it. Pending is all that was charged less all that was collected, at the rate of issue (fx is the exchange difference of
-- what is settled). Every month from the first document on has its row. Base and VAT withheld stand apart.
{%- set readings = ['fiscal', 'bank'] %}
{%- set amounts = ['base', 'vat', 'withheld', 'fx'] %}
with

lines as (select * from {{ ref('vat_cash_basis_documents') }}),

cash_source as (select min(payment_date) as first_date from {{ ref('int_register_payments') }}),

sums as (
    select
        month, company, rate,
        cast(count(*) as integer) as lines,
        cast(sum(case when vat_mxn is null then 1 else 0 end) as integer) as unvalued_lines,
        {%- for amount in amounts %}
        sum(case when entry = 'charged' then {{ amount }}_mxn end) as charged_{{ amount }},
        {%- for reading in readings %}
        sum(case when entry = 'collected' and reading in ('{{ reading }}', 'both') then {{ amount }}_mxn end) as {{ reading }}_{{ amount }}
        {{- ',' }}
        {%- endfor %}
        {%- endfor %}
        min(date) as first_date
    from lines
    group by month, company, rate
),

spans as (select company, rate, min(month) as first_month from sums group by company, rate),

cells as (
    select m.month, s.company, s.rate
    from spans as s
    inner join (select month from {{ ref('int_months') }} union select month from sums) as m on m.month >= s.first_month
),

filled as (
    select
        c.month, c.company, c.rate,
        coalesce(s.lines, 0) as lines,
        coalesce(s.unvalued_lines, 0) as unvalued_lines
        {%- for amount in amounts %}
        {%- for side in ['charged'] + readings %},
        {{ money('coalesce(s.' ~ side ~ '_' ~ amount ~ ", case when c.rate <> 'sin_dato' then 0 end)") }} as {{ side }}_{{ amount }}
        {%- endfor %}
        {%- endfor %}
    from cells as c
    left join sums as s on c.month = s.month and c.company = s.company and c.rate = s.rate
),

final as (
    select
        f.month,
        f.company,
        f.rate,
        f.charged_base as base_charged_mxn,
        f.charged_vat as vat_charged_mxn,
        f.charged_withheld as vat_withheld_mxn,
        {%- for reading in readings %}
        f.{{ reading }}_base as {{ reading }}_base_collected_mxn,
        f.{{ reading }}_vat as {{ reading }}_vat_collected_mxn,
        f.{{ reading }}_withheld as {{ reading }}_vat_withheld_mxn,
        {{ money('f.charged_fx + f.' ~ reading ~ '_fx') }} as {{ reading }}_fx_mxn,
        {{ money('sum(f.charged_vat - f.' ~ reading ~ '_vat + f.charged_fx + f.' ~ reading ~ '_fx) over w') }} as {{ reading }}_vat_pending_mxn,
        {%- endfor %}
        {{ money('f.fiscal_vat - f.bank_vat') }} as vat_difference_mxn,
        coalesce({{ month_end('f.month') }} >= s.first_date, false) as has_cash_source,
        f.lines,
        f.unvalued_lines
    from filled as f
    cross join cash_source as s
    window w as (partition by f.company, f.rate order by f.month rows unbounded preceding)
)

select * from final
order by month, company, rate
