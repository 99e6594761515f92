-- depends_on: {{ ref('buckets') }}
-- One row an invoice with its state at as_of: balance, age, what settled it and when.
with balances as (
    select
        invoice_key,
        max(case when valid_to <= {{ as_of() }} then valid_to end) as last_closed,
        min(case when valid_to > {{ as_of() }} then due_date end) as oldest_due,
        sum(case when valid_to > {{ as_of() }} then open_ccy else 0 end) as open_ccy,
        sum(case when valid_to > {{ as_of() }} then {{ pesos('open_ccy', 'fx_issue_rate') }} else 0 end) as open_mxn_issue
    from {{ ref('balance_intervals') }}
    where basis = 'effective'
    group by invoice_key
),

settled as (
    select
        invoice_key,
        sum(case when doc_type = 'payment' or is_advance then net_ccy else 0 end) as paid_ccy,
        sum(case when doc_type = 'credit_note' and not is_advance then net_ccy else 0 end) as credited_ccy,
        sum(case when doc_type = 'write_off' then net_ccy else 0 end) as written_off_ccy,
        sum(excess_ccy) as excess_ccy,
        sum(case when is_explicit then excess_ccy else 0 end) as explicit_excess_ccy
    from (
        select e.*, n.cn_key is not null as is_advance
        from (
            select basis, invoice_key, doc_type, doc_key, net_ccy, excess_ccy, is_explicit from {{ ref('int_applied_events') }}
            union all
            select basis, invoice_key, doc_type, doc_key, net_ccy, excess_ccy, is_explicit from {{ ref('int_reallocations') }}
        ) as e
        left join {{ ref('int_credit_notes') }} as n
            on e.doc_type = 'credit_note' and e.doc_key = n.cn_key and n.kind = 'anticipo'
        where e.basis = 'effective'
    ) as events
    group by invoice_key
),

cash as (
    select
        s.invoice_key,
        sum(case when p.reversed_date is null then 1 else 0 end) as live_cash,
        sum(case when p.reversed_date is null and p.sources <> 'assumed' then 1 else 0 end) as live_receipts,
        sum(case when p.reversed_date is null and p.sources <> 'assumed' and p.rep_uuid is not null then 1 else 0 end) as with_rep
    from (
        select distinct invoice_key, doc_key from {{ ref('int_applied_events') }}
        where basis = 'effective' and doc_type = 'payment' and not is_undo
    ) as s
    inner join {{ ref('int_payments') }} as p on s.doc_key = p.payment_key and p.is_cash
    group by s.invoice_key
),

-- the fiscal reading: I - E - REP, whatever the registers say; documents of a substituted invoice pass to the new one
fiscal_documents as (
    select r.invoice_key, r.amount_ccy
    from {{ ref('int_rep_documents') }} as r
    inner join {{ ref('int_rep_pagos') }} as p on r.pago_key = p.pago_key
    where r.invoice_key is not null and p.cancel_date is null
    union all
    select d.invoice_key, d.amount_ccy
    from {{ ref('int_document_applications') }} as d
    inner join {{ ref('int_credit_notes') }} as n on d.doc_type = 'credit_note' and d.doc_key = n.cn_key
    where n.cfdi_file_id is not null and n.cancel_date is null
),

fiscal as (
    select invoice_key, sum(amount_ccy) as amount_ccy
    from (
        select invoice_key, amount_ccy from fiscal_documents
        union all
        select s.new_key, d.amount_ccy
        from fiscal_documents as d
        inner join {{ ref('int_invoice_substitutions') }} as s on d.invoice_key = s.old_key and s.depth > 0
    ) as homes
    group by invoice_key
),

-- the few that take another's place or leave theirs
replacing as (
    select i.invoice_key, o.invoice_id
    from {{ ref('int_invoice_attributes') }} as i
    inner join {{ ref('int_invoice_attributes') }} as o on i.replaces_invoice_key = o.invoice_key
    where i.replaces_invoice_key is not null
),

replaced as (
    select i.invoice_key, n.invoice_id
    from {{ ref('int_invoice_attributes') }} as i
    inner join {{ ref('int_invoice_attributes') }} as n on i.replaced_by_invoice_key = n.invoice_key
    where i.replaced_by_invoice_key is not null
),

disputed as (
    select invoice_key, sum(disputed_ccy) as disputed_ccy
    from {{ ref('int_disputes') }}
    where closed_date is null
    group by invoice_key
),

joined as (
    select
        i.*,
        m.uuid,
        m.serie,
        m.folio,
        coalesce({{ folio_label('m.serie', 'm.folio') }}, i.invoice_id) as folio_label,
        t.cancel_motivo,
        t.sat_status,
        t.purchase_order,
        t.origin_type,
        t.origin_id,
        t.contrarrecibo_folio,
        t.contrarrecibo_date,
        t.scheduled_payment_date,
        c.customer_id,
        c.customer_name,
        c.rfc as customer_rfc,
        coalesce(b.open_ccy, 0) as open_ccy,
        b.open_mxn_issue,
        b.oldest_due,
        b.last_closed,
        coalesce(s.paid_ccy, 0) as paid_ccy,
        coalesce(s.credited_ccy, 0) as credited_ccy,
        coalesce(s.written_off_ccy, 0) as written_off_ccy,
        coalesce(s.excess_ccy, 0) as excess_ccy,
        coalesce(s.explicit_excess_ccy, 0) as explicit_excess_ccy,
        coalesce(h.live_cash, 0) > 0 as has_live_cash,
        h.live_receipts,
        h.with_rep,
        coalesce(d.disputed_ccy, 0) as disputed_ccy,
        case
            when i.sources not like '%cfdi%' then null
            when i.end_date is not null then 0
            when i.metodo_pago = 'PUE' then 0
            else i.total_ccy - coalesce(fd.amount_ccy, 0)
        end as fiscal_open_ccy,
        x.mxn_per_unit
    from {{ ref('int_invoices_unified') }} as i
    inner join {{ ref('int_invoice_matches') }} as m on i.invoice_key = m.invoice_key
    inner join {{ ref('int_invoice_documents') }} as t on i.invoice_key = t.invoice_key
    inner join {{ ref('int_customers') }} as c on i.customer_key = c.customer_key
    left join balances as b on i.invoice_key = b.invoice_key
    left join settled as s on i.invoice_key = s.invoice_key
    left join cash as h on i.invoice_key = h.invoice_key
    left join fiscal as fd on i.invoice_key = fd.invoice_key
    left join disputed as d on i.invoice_key = d.invoice_key
    left join {{ ref('fx_rates_daily') }} as x on x.date = {{ as_of() }} and i.currency = x.currency
),

stated as (
    select
        *,
        case
            when end_date is not null then 'cancelled'
            when open_ccy > 0 then 'open'
            when written_off_ccy > 0 then 'written_off'
            when paid_ccy > 0 or credited_ccy = 0 then 'paid'
            else 'credited'
        end as status
    from joined
),

dated as (
    select
        *,
        case when status in ('paid', 'credited', 'written_off') and is_receivable then coalesce(last_closed, issue_date) end
            as settled_date,
        case when open_ccy > 0 then {{ days_between('oldest_due', as_of()) }} end as days_past_due
    from stated
)

select
    d.invoice_id,
    d.invoice_key,
    d.uuid,
    d.serie,
    d.folio,
    d.folio_label,
    d.company_rfc,
    d.customer_id,
    d.customer_key,
    d.customer_name,
    d.customer_rfc,
    d.branch,
    d.segment,
    d.salesperson,
    d.account_owner,
    d.metodo_pago,
    d.forma_pago,
    d.currency,
    d.fx_rate,
    d.subtotal_ccy,
    d.iva_ccy,
    d.retenciones_ccy,
    d.total_ccy,
    {{ pesos('d.total_ccy', 'd.fx_rate') }} as total_mxn_issue,
    d.issue_date,
    d.sale_confirmed_date,
    d.issue_deadline,
    d.sent_date,
    d.due_date,
    d.contractual_due_date,
    d.oldest_due as oldest_open_due_date,
    d.due_rule,
    d.terms_days,
    d.cancel_date,
    d.cancel_motivo,
    o.invoice_id as replaces_invoice_id,
    n.invoice_id as replaced_by_invoice_id,
    d.purchase_order,
    d.origin_type,
    d.origin_id,
    d.contrarrecibo_folio,
    d.contrarrecibo_date,
    d.scheduled_payment_date,
    d.status,
    cast(d.open_ccy as decimal(18, 2)) as open_ccy,
    cast(case when d.open_ccy > 0 then d.open_mxn_issue else 0 end as decimal(18, 2)) as open_mxn_issue,
    {{ pesos('d.open_ccy', "case when d.open_ccy > 0 then d.mxn_per_unit else 0 end") }} as open_mxn_closing,
    cast(d.fiscal_open_ccy as decimal(18, 2)) as fiscal_open_ccy,
    cast(least(d.open_ccy, d.disputed_ccy) as decimal(18, 2)) as disputed_open_ccy,
    cast(d.paid_ccy as decimal(18, 2)) as paid_ccy,
    cast(d.credited_ccy as decimal(18, 2)) as credited_ccy,
    cast(d.written_off_ccy as decimal(18, 2)) as written_off_ccy,
    cast(d.excess_ccy as decimal(18, 2)) as excess_ccy,
    cast(d.explicit_excess_ccy as decimal(18, 2)) as explicit_excess_ccy,
    d.days_past_due,
    case when d.open_ccy > 0 then {{ bucket('d.days_past_due') }} end as bucket_due,
    case when d.open_ccy > 0 then {{ bucket(days_between('d.issue_date', as_of())) }} end as bucket_issue,
    d.settled_date,
    {{ days_between('d.issue_date', 'd.settled_date') }} as days_to_pay,
    d.has_live_cash,
    d.is_credit_sale,
    d.is_global,
    d.is_receivable,
    coalesce(d.end_kind = 'substituted', false) and d.cancel_date is null as en_sustitucion,
    d.pue_assumed_paid,
    d.sat_status,
    case
        when d.metodo_pago <> 'PPD' or d.metodo_pago is null then 'not_required'
        when coalesce(d.live_receipts, 0) = 0 then 'none'
        when d.with_rep = d.live_receipts then 'complete'
        when d.with_rep = 0 then 'missing'
        else 'partial'
    end as rep_status,
    d.flags,
    d.sources,
    d.source_file_id
from dated as d
left join replacing as o on d.invoice_key = o.invoice_key
left join replaced as n on d.invoice_key = n.invoice_key
