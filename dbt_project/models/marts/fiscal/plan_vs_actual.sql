-- Plan against what happened, by month and customer, and in total (customer_id `total`): billed (net of cancellations
-- and credit notes), collected, and what the forecast of the previous month end expected. A plan without a customer
-- stands under `sin asignar`. Only months with a plan. What has no rate is left out and counted.
{%- set sums = ['plan_billed', 'plan_collected', 'billed', 'collected', 'bank_mxn', 'forecast'] %}
{%- set parts = {
    'billing': {'plan_billed': ['amount', 'unvalued']},
    'collections': {'plan_collected': ['amount', 'unvalued']},
    'actuals': {'billed': ['billed', 'unvalued_billed'], 'collected': ['collected', 'unvalued_collected']},
    'receipts': {'receipts': ['receipts'], 'matched': ['matched'], 'bank_mxn': ['bank_mxn', 'unvalued']},
    'forecasts': {'forecast': ['expected', 'unvalued']},
} %}
with

billing as (
    select {{ month_start('p.month') }} as month, coalesce(p.customer_id, 'sin asignar') as customer_id, sum({{ pesos('p.amount', 'coalesce(x.mxn_per_unit, l.mxn_per_unit)') }}) as amount,
        sum(case when coalesce(x.mxn_per_unit, l.mxn_per_unit) is null then 1 else 0 end) as unvalued
    from {{ latest_delivery(ref('stg_register__plan_billing'), ['month', 'customer_id', 'branch', 'currency']) }} as p
    left join {{ ref('fx_rates_daily') }} as x on x.date = {{ month_start('p.month') }} and p.currency = x.currency
    left join {{ ref('fx_rates_daily') }} as l on l.date = {{ as_of() }} and p.currency = l.currency
    group by {{ month_start('p.month') }}, coalesce(p.customer_id, 'sin asignar')
),

collections as (
    select {{ month_start('p.month') }} as month, coalesce(p.customer_id, 'sin asignar') as customer_id, sum({{ pesos('p.amount', 'coalesce(x.mxn_per_unit, l.mxn_per_unit)') }}) as amount,
        sum(case when coalesce(x.mxn_per_unit, l.mxn_per_unit) is null then 1 else 0 end) as unvalued
    from {{ latest_delivery(ref('stg_register__plan_collections'), ['month', 'customer_id', 'branch', 'currency']) }} as p
    left join {{ ref('fx_rates_daily') }} as x on x.date = {{ month_start('p.month') }} and p.currency = x.currency
    left join {{ ref('fx_rates_daily') }} as l on l.date = {{ as_of() }} and p.currency = l.currency
    group by {{ month_start('p.month') }}, coalesce(p.customer_id, 'sin asignar')
),

actuals as (
    select f.month, c.customer_id,
        sum(case when coalesce(f.billed_gross, f.cancelled, f.credit_notes) is not null
            then coalesce(f.billed_gross, 0) - coalesce(f.cancelled, 0) - coalesce(f.credit_notes, 0) end) as billed,
        sum(f.unvalued_billed_gross + f.unvalued_cancelled + f.unvalued_credit_notes) as unvalued_billed,
        sum(f.collected) as collected,
        sum(f.unvalued_collected) as unvalued_collected
    from {{ ref('int_month_flows') }} as f inner join {{ ref('int_cuts') }} as c on f.cut_key = c.cut_key
    group by f.month, c.customer_id
),

receipts as (
    select {{ month_start('p.payment_date') }} as month, p.customer_id, count(*) as receipts,
        sum(case when b.status = 'matched' then 1 else 0 end) as matched,
        sum(case when b.status in ('matched', 'amount_mismatch') then p.amount_mxn end) as bank_mxn,
        sum(case when b.status in ('matched', 'amount_mismatch') and p.amount_mxn is null then 1 else 0 end) as unvalued
    from {{ ref('fct_payments') }} as p
    inner join {{ ref('bank_reconciliation') }} as b on p.payment_id = b.payment_id and b.kind = 'payment'
    where p.is_cash
    group by {{ month_start('p.payment_date') }}, p.customer_id
),

forecasts as (
    select {{ month_start('l.expected_date') }} as month, l.customer_id, sum(l.expected_mxn) as expected,
        sum(case when l.expected_mxn is null then 1 else 0 end) as unvalued
    from {{ ref('cash_forecast_lines') }} as l
    where l.as_of = {{ add_days(month_start('l.expected_date'), -1) }}
    group by {{ month_start('l.expected_date') }}, l.customer_id
),

months as (
    select month from billing
    union
    select month from collections
),

stacked as (
    {%- for relation, figures in parts.items() %}
    {{ 'union all' if not loop.first }}
    select
        month,
        customer_id,
        {%- for figure in sums + ['receipts', 'matched'] %}
        {{ figures.get(figure, ['cast(null as decimal(18, 2))'])[0] }} as {{ figure }},
        {%- endfor %}
        {%- for figure in sums %}
        {{ figures.get(figure, [none, '0'])[1] }} as unvalued_{{ figure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    {%- endfor %}
),

named as (
    select s.* from stacked as s inner join months as m on s.month = m.month
),

totalled as (
    select * from named
    union all
    select month, 'total', {{ sums | join(', ') }}, receipts, matched, unvalued_{{ sums | join(', unvalued_') }} from named
),

sums as (
    select
        month,
        customer_id,
        {%- for column in sums[:-1] %}
        {{ money(known_total('sum(' ~ column ~ ')', 'sum(unvalued_' ~ column ~ ')')) }} as {{ column }},
        {%- endfor %}
        {{ money('sum(forecast)') }} as forecast,
        cast(coalesce(sum(receipts), 0) as integer) as receipts,
        cast(coalesce(sum(matched), 0) as integer) as matched,
        cast(sum(unvalued_{{ sums | join(' + unvalued_') }}) as integer) as unvalued_items
    from totalled
    group by month, customer_id
),

final as (
    select
        s.month,
        s.customer_id,
        c.customer_name,
        s.plan_billed as plan_billed_mxn,
        s.billed as billed_mxn,
        {{ money('s.billed - s.plan_billed') }} as billed_variance_mxn,
        {{ pct('s.billed', 's.plan_billed') }} as billed_pct,
        s.billed as billed_num,
        s.plan_billed as billed_den,
        s.plan_collected as plan_collected_mxn,
        s.collected as collected_mxn,
        s.bank_mxn as collected_in_bank_mxn,
        {{ money('s.collected - s.plan_collected') }} as collected_variance_mxn,
        {{ pct('s.collected', 's.plan_collected') }} as collected_pct,
        s.collected as collected_num,
        s.plan_collected as collected_den,
        s.forecast as forecast_mxn,
        {{ money('s.collected - s.forecast') }} as forecast_bias_mxn,
        {{ pct('s.matched', 's.receipts') }} as tie_out_pct,
        s.matched as tie_out_num,
        s.receipts as tie_out_den,
        s.unvalued_items
    from sums as s
    left join {{ ref('dim_customers') }} as c on s.customer_id = c.customer_id
)

select * from final
order by month, customer_id
