-- What the ledger needs of every invoice and does not depend on payments: due date, its end (cancelled or substituted),
-- what it counts as, and the flags of its own data. What only fct_invoices shows stays in int_invoice_documents.
with instalments as (
    select invoice_key, max(due_date) as due_date from {{ ref('int_invoice_lines') }} where is_instalment group by invoice_key
),

substitutes as (
    select
        old_key,
        max(case when depth = 1 then new_key end) as new_key,
        max(case when depth = 1 then from_date end) as from_date,
        max(case when is_cycle then 1 else 0 end) as is_cycle
    from {{ ref('int_invoice_substitutions') }}
    group by old_key
),

replaced as (
    select new_key, min(old_key) as old_key from {{ ref('int_invoice_substitutions') }} where depth = 1 group by new_key
),

repeats as (
    select
        invoice_key,
        max(case when r.contents_count = 1 then 1 else 0 end) as has_repeat,
        max(case when r.contents_count > 1 then 1 else 0 end) as has_conflict
    from {{ ref('int_register_repeats') }} as r
    inner join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('r.entity_id') }} = a.alias
    where r.kind = 'invoices'
    group by invoice_key
),

merged_ids as (
    select distinct invoice_key from {{ ref('int_invoice_aliases') }} where alias_kind = 'register_id'
),

cfdi_conflicts as (
    select distinct uuid from {{ ref('int_cfdi_copies') }} where outcome = 'conflict'
),

rated as (
    select
        d.*,
        case when d.currency = 'MXN' then {{ rate('1') }} else {{ rate('coalesce(d.document_fx_rate, f.mxn_per_unit)') }} end
            as fx_rate
    from {{ ref('int_invoice_documents') }} as d
    left join {{ ref('fx_rates_daily') }} as f on d.issue_date = f.date and d.currency = f.currency and d.currency <> 'MXN'
)

select
    d.invoice_key,
    m.invoice_id,
    d.company_rfc,
    c.customer_key,
    coalesce(d.branch, c.branch) as branch,
    c.segment,
    d.salesperson,
    c.account_owner,
    d.metodo_pago,
    d.forma_pago,
    d.currency,
    d.fx_rate,
    d.subtotal_ccy,
    d.iva_ccy,
    d.retenciones_ccy,
    d.total_ccy,
    d.issue_date,
    d.sale_confirmed_date,
    d.issue_deadline,
    d.sent_date,
    coalesce(l.due_date, u.due_date) as due_date,
    u.contractual_due_date,
    case when l.invoice_key is not null then 'instalments' else u.due_rule end as due_rule,
    cast(u.terms_days as integer) as terms_days,
    d.cancel_date,
    r.old_key as replaces_invoice_key,
    s.new_key as replaced_by_invoice_key,
    {{ not_before('least(d.cancel_date, s.from_date)', 'd.issue_date') }} as end_date,
    case
        when d.cancel_date <= coalesce(s.from_date, d.cancel_date) then 'cancelled'
        when s.from_date is not null then 'substituted'
    end as end_kind,
    d.is_opening,
    d.is_global,
    not d.is_global and d.total_ccy > 0 and (d.is_opening or d.issue_date >= {{ ledger_start() }}) as is_receivable,
    d.document_due_date is not null or l.invoice_key is not null as has_own_due_date,
    d.sources,
    concat_ws('|',
        case when d.document_due_date is null and l.invoice_key is null then 'missing_due_date' end,
        case when p.has_repeat = 1 then 'duplicate_in_file' end,
        case when p.has_conflict = 1 then 'content_conflict' end,
        case when g.invoice_key is not null then 'duplicate_uuid' end,
        case when x.uuid is not null then 'cfdi_conflict' end,
        case when d.total_ccy < 0 then 'negative_total' end,
        case when d.sources = 'register' then 'register_only' when d.sources = 'cfdi' then 'cfdi_only' end,
        case when d.differences is not null then 'register_cfdi_mismatch' end,
        case when s.is_cycle = 1 then 'substitution_cycle' end,
        case when d.is_cancelled_at_sat_only then 'cancelled_at_sat_only' end,
        case when d.is_cancelled_before_issue then 'cancelled_before_issue' end,
        case when not d.is_opening and d.issue_date < {{ ledger_start() }}
            then '{{ "before_history_start" if var("history_starts") else "implausible_date" }}' end,
        case when d.fx_rate is null then 'no_fx_rate' end,
        case when d.customer_id like 'rfc:%' then 'rfc_without_customer' end
    ) as flags,
    d.delivery_date,
    coalesce(m.cfdi_file_id, d.register_file_id, m.opening_file_id) as source_file_id
from rated as d
inner join {{ ref('int_invoice_matches') }} as m on d.invoice_key = m.invoice_key
inner join {{ ref('int_customers') }} as c on d.customer_id = c.customer_id
inner join {{ ref('int_invoice_due_dates') }} as u on d.invoice_key = u.invoice_key
left join instalments as l on d.invoice_key = l.invoice_key
left join substitutes as s on d.invoice_key = s.old_key
left join replaced as r on d.invoice_key = r.new_key
left join repeats as p on d.invoice_key = p.invoice_key
left join merged_ids as g on d.invoice_key = g.invoice_key
left join cfdi_conflicts as x on m.uuid = x.uuid
