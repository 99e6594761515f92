-- METRICS section 7, the ledger's own identities. Each row is a break: which, of what, and the difference.
-- The sum of an invoice's movements is its balance, in its currency and in pesos; intervals of a line do not
-- overlap and their balance at as_of is the invoice's; a live payment is applied + unapplied; nothing is negative.
with movements as (
    select invoice_id, sum(amount_ccy) as amount_ccy, sum(amount_mxn_issue) as amount_mxn
    from {{ ref('fct_movements') }}
    group by invoice_id
),

steps as (
    select
        invoice_key,
        valid_from,
        open_ccy,
        lag(valid_to) over (partition by basis, invoice_key, instalment order by valid_from) as before_to
    from {{ ref('balance_intervals') }}
),

open_now as (
    select invoice_key, sum(open_ccy) as open_ccy
    from {{ ref('balance_intervals') }}
    where basis = 'effective' and valid_to > {{ as_of() }}
    group by invoice_key
)

select 'movements <> balance' as broken, i.invoice_id as entity, coalesce(m.amount_ccy, 0) - i.open_ccy as difference
from {{ ref('fct_invoices') }} as i
left join movements as m on i.invoice_id = m.invoice_id
where
    coalesce(m.amount_ccy, 0) <> i.open_ccy
    or (i.fx_rate is not null and coalesce(m.amount_mxn, 0) <> i.open_mxn_issue)
union all
select 'interval overlaps or is not positive', cast(invoice_key as string), open_ccy
from steps
where valid_from < before_to or open_ccy <= 0
union all
select 'intervals <> balance', i.invoice_id, coalesce(o.open_ccy, 0) - i.open_ccy
from {{ ref('fct_invoices') }} as i
left join open_now as o on i.invoice_key = o.invoice_key
where coalesce(o.open_ccy, 0) <> i.open_ccy
union all
select 'payment <> applied + unapplied', payment_id, amount_ccy - applied_ccy - unapplied_ccy
from {{ ref('fct_payments') }}
where reversed_date is null and (amount_ccy <> applied_ccy + unapplied_ccy or unapplied_ccy < 0)
union all
select 'credit note <> applied + unapplied', cn_id, total_ccy - applied_ccy - unapplied_ccy
from {{ ref('fct_credit_notes') }}
where cancel_date is null and (total_ccy <> applied_ccy + unapplied_ccy or unapplied_ccy < 0)
