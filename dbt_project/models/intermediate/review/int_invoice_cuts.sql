-- What the review needs of each invoice, with integer keys: its cut, rate, dates and whether it is a credit sale.
with

cuts as (select * from {{ ref('int_cuts') }}),

final as (
    select
        i.invoice_id,
        c.cut_key,
        i.issue_date,
        i.due_date,
        i.cancel_date,
        i.currency,
        i.fx_rate,
        i.total_ccy,
        i.total_mxn_issue,
        i.is_credit_sale,
        i.is_receivable
    from {{ ref('fct_invoices') }} as i
    inner join cuts as c
        on coalesce(i.customer_id, '') = c.customer_id
        and coalesce(i.company_rfc, 'sin asignar') = c.company
        and coalesce(i.branch, 'sin asignar') = c.branch
        and coalesce(i.segment, 'sin asignar') = c.segment
        and coalesce(i.salesperson, 'sin asignar') = c.salesperson
        and coalesce(i.account_owner, 'sin asignar') = c.account_owner
        and coalesce(i.currency, 'sin asignar') = c.currency
)

select * from final
