-- Each payment and each reversal against the bank, and each bank line that is none of them. Bank lines reconcile; they
-- never pay an invoice. Without bank lines in the home, no rows.
with

matches as (select * from {{ ref('int_bank_matches') }}),

bank_lines as (select * from {{ log_rows(ref('stg_register__bank_lines'), ['bank_line_id'], 'value_date') }} as l),

final as (
    select
        m.payment_id,
        m.kind,
        m.bank_line_id,
        m.status,
        m.customer_id,
        c.customer_name,
        case when m.payment_id is not null then m.day end as payment_date,
        m.value_date,
        {{ days_between('case when m.payment_id is not null then m.day end', 'm.value_date') }} as lag_days,
        m.currency,
        m.payment_amount_ccy,
        m.expected_ccy,
        m.bank_amount_ccy,
        m.difference_ccy,
        b.account,
        b.description,
        b.reference as bank_reference
    from matches as m
    left join bank_lines as b on m.bank_line_id = b.bank_line_id
    left join {{ ref('dim_customers') }} as c on m.customer_id = c.customer_id
)

select * from final
