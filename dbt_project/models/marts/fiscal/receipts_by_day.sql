-- What came in, day by day, method and customer, with how much of it is applied and how it stands with the REP and
-- the bank. A group whose payments stand differently says `mixed`. What is only assumed paid (PUE) is not a receipt.
with

reps as (
    select payment_id,
        max(case status when 'missing' then 4 when 'pending' then 3 when 'not_required' then 1 else 2 end) as worst
    from {{ ref('rep_compliance') }}
    group by payment_id
),

bank as (select payment_id, status from {{ ref('bank_reconciliation') }} where kind = 'payment'),

payments as (
    select
        p.payment_date,
        coalesce(f.name_es, p.method, 'sin método') as method,
        p.customer_id,
        p.customer_name,
        p.is_cash,
        p.amount_mxn,
        p.reversed_date is not null as is_reversed,
        case when p.reversed_date is not null then p.amount_mxn else 0 end as reversed_mxn,
        {{ pesos('p.applied_ccy', 'p.fx_rate') }} as applied_mxn,
        case r.worst when 4 then 'missing' when 3 then 'pending' when 2 then 'issued' else 'not_required' end as rep_status,
        coalesce(b.status, 'no_bank_lines') as bank_status
    from {{ ref('fct_payments') }} as p
    left join {{ ref('payment_forms') }} as f on p.forma_pago = f.forma_pago
    left join reps as r on p.payment_id = r.payment_id
    left join bank as b on p.payment_id = b.payment_id
    where coalesce(p.sources, '') <> 'assumed'
),

final as (
    select
        payment_date as date,
        method,
        customer_id,
        max(customer_name) as customer_name,
        cast(count(*) as integer) as payments,
        {{ money('sum(amount_mxn)') }} as amount_mxn,
        {{ money(known_total('sum(case when is_reversed then reversed_mxn end)', 'sum(case when is_reversed and reversed_mxn is null then 1 else 0 end)')) }} as reversed_mxn,
        {{ money('sum(applied_mxn)') }} as applied_mxn,
        {{ money('sum(amount_mxn - reversed_mxn - applied_mxn)') }} as unapplied_mxn,
        bool_and(is_cash) as is_cash,
        case when min(rep_status) = max(rep_status) then min(rep_status) else 'mixed' end as rep_status,
        case when min(bank_status) = max(bank_status) then min(bank_status) else 'mixed' end as bank_status,
        cast(sum(case when amount_mxn is null then 1 else 0 end) as integer) as unvalued_items
    from payments
    group by payment_date, method, customer_id
)

select * from final
