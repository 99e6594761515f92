-- What was billed, cancelled, credited, written off and collected in each month, per cut, in pesos at each document's
-- own rate. credit_sales and write_offs count credit sales only (DSO and CEI). A cancelled invoice leaves them in the month
-- of its cancellation (C11), also where a substitute had taken its balance before. A flow is null where nothing of it was
-- there or could be valued; `unvalued_…` counts its documents without a rate.
{%- set flows = ['billed_gross', 'cancelled', 'credit_notes', 'collected', 'credit_sales', 'write_offs'] %}
with

invoices as (select * from {{ ref('int_invoice_cuts') }} where not is_opening),

notes as (
    select
        n.issue_date,
        n.cancel_date,
        n.total_mxn,
        coalesce(i.cut_key, d.cut_key) as cut_key,
        coalesce(i.is_credit_sale, true) as is_credit_sale
    from {{ ref('fct_credit_notes') }} as n
    left join {{ ref('int_invoices_unified') }} as u on n.related_invoice_id = u.invoice_id
    left join {{ ref('int_invoice_cuts') }} as i on u.invoice_key = i.invoice_key
    inner join {{ ref('int_document_cuts') }} as d on d.doc_type = 'credit_note' and n.cn_key = d.doc_key
    where n.kind <> 'anticipo'
),

write_offs as (
    select m.effective_date, i.cut_key, -m.amount_mxn_issue as amount_mxn
    from {{ ref('int_movements') }} as m
    inner join invoices as i on m.invoice_key = i.invoice_key
    where m.flow = 'write_off' and i.is_credit_sale
),

flows as (
    select 'billed_gross' as flow, issue_date as day, cut_key, total_mxn_issue as amount_mxn from invoices
    union all
    select 'cancelled', cancel_date, cut_key, total_mxn_issue from invoices where cancel_date is not null
    union all
    select 'credit_notes', issue_date, cut_key, total_mxn from notes
    union all
    select 'credit_notes', cancel_date, cut_key, -total_mxn from notes where cancel_date is not null
    union all
    select 'collected', day, cut_key, collected_mxn from {{ ref('int_collected_shares') }}
    union all
    select 'credit_sales', issue_date, cut_key, total_mxn_issue from invoices where is_credit_sale
    union all
    select 'credit_sales', cancel_date, cut_key, -total_mxn_issue from invoices where is_credit_sale and cancel_date is not null
    union all
    select 'credit_sales', issue_date, cut_key, -total_mxn from notes where is_credit_sale
    union all
    select 'credit_sales', cancel_date, cut_key, total_mxn from notes where is_credit_sale and cancel_date is not null
    union all
    select 'write_offs', effective_date, cut_key, amount_mxn from write_offs
),

sums as (
    select {{ month_start('day') }} as month, cut_key, flow, sum(amount_mxn) as amount_mxn, count(*) as documents,
        count(*) - count(amount_mxn) as unvalued
    from flows
    group by {{ month_start('day') }}, cut_key, flow
),

final as (
    select
        month,
        cut_key,
        sum(case when flow = 'billed_gross' then documents else 0 end) as invoices_issued,
        {%- for flow in flows %}
        {{ money("sum(case when flow = '" ~ flow ~ "' then amount_mxn end)") }} as {{ flow }},
        {%- endfor %}
        {%- for flow in flows %}
        cast(sum(case when flow = '{{ flow }}' then unvalued else 0 end) as integer) as unvalued_{{ flow }}{{ ',' if not loop.last }}
        {%- endfor %}
    from sums
    group by month, cut_key
)

select * from final
