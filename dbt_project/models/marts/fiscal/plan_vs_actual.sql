-- Plan against what happened, by month and customer, and in total (customer_id `total`): billed (net of cancellations
-- and credit notes), collected, and what the forecast of the previous month end expected. A plan without a customer
-- stands under `sin asignar`. Only months with a plan.
with

billing as (
    select {{ month_start('p.month') }} as month, coalesce(p.customer_id, 'sin asignar') as customer_id, sum({{ pesos('p.amount', 'coalesce(x.mxn_per_unit, l.mxn_per_unit)') }}) as amount
    from {{ latest_delivery(ref('stg_register__plan_billing'), ['month', 'customer_id', 'branch', 'currency']) }} as p
    left join {{ ref('fx_rates_daily') }} as x on x.date = {{ month_start('p.month') }} and p.currency = x.currency
    left join {{ ref('fx_rates_daily') }} as l on l.date = {{ as_of() }} and p.currency = l.currency
    group by {{ month_start('p.month') }}, coalesce(p.customer_id, 'sin asignar')
),

collections as (
    select {{ month_start('p.month') }} as month, coalesce(p.customer_id, 'sin asignar') as customer_id, sum({{ pesos('p.amount', 'coalesce(x.mxn_per_unit, l.mxn_per_unit)') }}) as amount
    from {{ latest_delivery(ref('stg_register__plan_collections'), ['month', 'customer_id', 'branch', 'currency']) }} as p
    left join {{ ref('fx_rates_daily') }} as x on x.date = {{ month_start('p.month') }} and p.currency = x.currency
    left join {{ ref('fx_rates_daily') }} as l on l.date = {{ as_of() }} and p.currency = l.currency
    group by {{ month_start('p.month') }}, coalesce(p.customer_id, 'sin asignar')
),

actuals as (
    select f.month, c.customer_id, sum(f.billed_gross - f.cancelled - f.credit_notes) as billed, sum(f.collected) as collected
    from {{ ref('int_month_flows') }} as f inner join {{ ref('int_cuts') }} as c on f.cut_key = c.cut_key
    group by f.month, c.customer_id
),

receipts as (
    select {{ month_start('p.payment_date') }} as month, p.customer_id, count(*) as receipts,
        sum(case when b.status = 'matched' then 1 else 0 end) as matched,
        sum(case when b.status in ('matched', 'amount_mismatch') then p.amount_mxn else 0 end) as bank_mxn
    from {{ ref('fct_payments') }} as p
    inner join {{ ref('bank_reconciliation') }} as b on p.payment_id = b.payment_id and b.kind = 'payment'
    where p.is_cash
    group by {{ month_start('p.payment_date') }}, p.customer_id
),

forecasts as (
    select {{ month_start('l.expected_date') }} as month, l.customer_id, sum(l.expected_mxn) as expected
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
    select month, customer_id, amount as plan_billed, null as plan_collected, null as billed, null as collected, null as receipts, null as matched,
        null as bank_mxn, null as forecast from billing
    union all
    select month, customer_id, null, amount, null, null, null, null, null, null from collections
    union all
    select month, customer_id, null, null, billed, collected, null, null, null, null from actuals
    union all
    select month, customer_id, null, null, null, null, receipts, matched, bank_mxn, null from receipts
    union all
    select month, customer_id, null, null, null, null, null, null, null, expected from forecasts
),

named as (
    select s.* from stacked as s inner join months as m on s.month = m.month
),

totalled as (
    select * from named
    union all
    select month, 'total', plan_billed, plan_collected, billed, collected, receipts, matched, bank_mxn, forecast from named
),

sums as (
    select
        month,
        customer_id,
        {%- for column in ['plan_billed', 'plan_collected', 'billed', 'collected', 'bank_mxn'] %}
        {{ money('coalesce(sum(' ~ column ~ '), 0)') }} as {{ column }},
        {%- endfor %}
        {{ money('sum(forecast)') }} as forecast,
        cast(coalesce(sum(receipts), 0) as integer) as receipts,
        cast(coalesce(sum(matched), 0) as integer) as matched
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
        s.receipts as tie_out_den
    from sums as s
    left join {{ ref('dim_customers') }} as c on s.customer_id = c.customer_id
)

select * from final
order by month, customer_id
