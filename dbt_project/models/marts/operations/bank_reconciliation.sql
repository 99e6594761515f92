-- Each payment and each reversal against the bank, and each bank line that is none of them. Bank lines reconcile; they
-- never pay an invoice. Without bank lines in the home, no rows.
with

matches as (select * from {{ ref('int_bank_matches') }}),

final as (
    select
        p.payment_id,
        m.kind,
        b.bank_line_id,
        m.status,
        c.customer_id,
        c.customer_name,
        case when m.payment_key is not null then m.day end as payment_date,
        m.value_date,
        {{ days_between('case when m.payment_key is not null then m.day end', 'm.value_date') }} as lag_days,
        m.currency,
        m.payment_amount_ccy,
        m.expected_ccy,
        m.bank_amount_ccy,
        m.difference_ccy,
        b.account,
        b.description,
        b.reference as bank_reference
    from matches as m
    left join {{ ref('int_bank_lines') }} as b on m.line_key = b.line_key
    left join {{ ref('int_payments') }} as p on m.payment_key = p.payment_key
    left join {{ ref('dim_customers') }} as c on p.customer_key = c.customer_key
)

select * from final
