-- The ledger: dated, signed movements of each receivable line, effective basis. Pesos are the difference of two
-- rounded balances. A payment above the balance stands whole, with an `excess` movement that gives the rest back.
-- The file of an invoice's own movement is the invoice's.
with invoices as (
    select invoice_key, customer_key, currency, fx_rate, total_ccy, issue_date, end_date, end_kind, is_opening, sources
    from {{ ref('int_invoice_attributes') }}
    where is_receivable
),

last_settled as (
    select invoice_key, settled_after_ccy, event_order
    from {{ ref('int_applied_events') }}
    where basis = 'effective' and next_date = {{ forever() }}
),

steps as (
    select
        e.invoice_key, i.customer_key, i.currency, i.fx_rate, l.instalment, l.is_last, e.event_order, e.kind, e.flow, e.event_date,
        e.other_date, e.doc_type, e.doc_key, e.is_cash, e.source_kind, e.source_file_id,
        cast(least(l.amount_ccy, greatest(l.cumulative_ccy - e.settled_before_ccy, 0)) as decimal(18, 2)) as open_before,
        cast(least(l.amount_ccy, greatest(l.cumulative_ccy - e.settled_after_ccy, 0)) as decimal(18, 2)) as open_after,
        cast(case when l.is_last then greatest(e.settled_before_ccy - i.total_ccy, 0) else 0 end as decimal(18, 2)) as excess_before,
        cast(case when l.is_last then greatest(e.settled_after_ccy - i.total_ccy, 0) else 0 end as decimal(18, 2)) as excess_after
    from {{ ref('int_applied_events') }} as e
    inner join invoices as i on e.invoice_key = i.invoice_key
    inner join {{ ref('int_invoice_lines') }} as l on e.invoice_key = l.invoice_key
    where e.basis = 'effective'
),

movements as (
    select
        i.invoice_key, i.customer_key, l.instalment, 0 as movement_order,
        case when i.is_opening then 'opening' else 'billed' end as kind,
        case when i.is_opening then 'opening' else 'billed' end as flow,
        i.issue_date as effective_date, i.issue_date as recorded_date, l.amount_ccy, i.currency,
        {{ pesos('l.amount_ccy', 'i.fx_rate') }} as amount_mxn_issue,
        'invoice' as doc_type, i.invoice_key as doc_key, false as is_cash,
        case when i.is_opening then 'opening' when i.sources = 'register' then 'register' else 'cfdi' end as source_kind,
        cast(null as string) as source_file_id
    from invoices as i
    inner join {{ ref('int_invoice_lines') }} as l on i.invoice_key = l.invoice_key
    union all
    select
        invoice_key, customer_key, instalment, event_order * 2, kind, flow, event_date, other_date,
        cast((open_after - open_before) - (excess_after - excess_before) as decimal(18, 2)), currency,
        cast(
            ({{ pesos('open_after', 'fx_rate') }} - {{ pesos('open_before', 'fx_rate') }})
            - ({{ pesos('excess_after', 'fx_rate') }} - {{ pesos('excess_before', 'fx_rate') }}) as decimal(18, 2)
        ),
        doc_type, doc_key, is_cash, source_kind, source_file_id
    from steps
    where open_after <> open_before or excess_after <> excess_before
    union all
    select
        invoice_key, customer_key, instalment, event_order * 2 + 1, 'excess', flow, event_date, other_date,
        cast(excess_after - excess_before as decimal(18, 2)), currency,
        cast({{ pesos('excess_after', 'fx_rate') }} - {{ pesos('excess_before', 'fx_rate') }} as decimal(18, 2)),
        doc_type, doc_key, false, source_kind, source_file_id
    from steps
    where excess_after <> excess_before
    union all
    select
        i.invoice_key, i.customer_key, l.instalment, coalesce(s.event_order, 0) * 2 + 2, i.end_kind, i.end_kind, i.end_date,
        i.end_date, cast(-least(l.amount_ccy, l.cumulative_ccy - coalesce(s.settled_after_ccy, 0)) as decimal(18, 2)), i.currency,
        cast(-{{ pesos('least(l.amount_ccy, l.cumulative_ccy - coalesce(s.settled_after_ccy, 0))', 'i.fx_rate') }} as decimal(18, 2)),
        'invoice', i.invoice_key, false, case when i.sources = 'cfdi' then 'cfdi' else 'register' end, null
    from invoices as i
    inner join {{ ref('int_invoice_lines') }} as l on i.invoice_key = l.invoice_key
    left join last_settled as s on i.invoice_key = s.invoice_key
    where i.end_date <= {{ as_of() }} and l.cumulative_ccy > coalesce(s.settled_after_ccy, 0)
)

select * from movements
