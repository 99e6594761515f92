-- What the review needs of each invoice, in numbers and dates: its cut, rate, dates and whether it is a credit sale.
-- `left_date`: since when it is nobody's debt (cancelled, or substituted by another).
with

invoices as (select * from {{ ref('int_invoices_unified') }}),

final as (
    select
        i.invoice_key,
        c.cut_key,
        i.issue_date,
        i.due_date,
        i.cancel_date,
        i.end_date as left_date,
        i.currency,
        i.fx_rate,
        i.total_ccy,
        {{ pesos('i.total_ccy', 'i.fx_rate') }} as total_mxn_issue,
        i.is_credit_sale and i.is_receivable as is_credit_sale,
        i.is_receivable,
        coalesce(i.sources, '') = 'opening' as is_opening
    from invoices as i
    inner join {{ ref('int_cuts') }} as c
        on coalesce(i.customer_key, -1) = c.customer_key
        {%- for column in cut_columns() %}
        and coalesce(i.{{ column }}, 'sin asignar') = c.{{ column }}
        {%- endfor %}
)

select * from final
