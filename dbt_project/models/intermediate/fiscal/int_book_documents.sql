-- Every invoice and credit note of the sales book, with what it adds to its totals and until when. One that is cancelled,
-- or has a live substitute, counts for nothing, also in its own month (excluded_date: since when that is known).
-- A register's credit note splits its total as its invoice did.
with

allocations as (
    select cn_key, min(invoice_key) as invoice_key
    from {{ ref('int_credit_note_applications') }}
    group by cn_key
    having min(invoice_key) = max(invoice_key)
),

invoices as (
    select
        'I' as doc_type, i.invoice_key as doc_key, i.invoice_key as related_key, m.cfdi_file_id, i.company_rfc, i.issue_date,
        i.cancel_date, i.end_date as excluded_date, i.currency, i.fx_rate, i.fx_rate as invoice_fx_rate,
        coalesce(i.subtotal_ccy, case when m.cfdi_file_id is null then i.total_ccy - i.iva_ccy end) as subtotal_ccy,
        i.iva_ccy, i.retenciones_ccy, i.total_ccy
    from {{ ref('int_invoice_attributes') }} as i
    inner join {{ ref('int_invoice_matches') }} as m on i.invoice_key = m.invoice_key
    where coalesce(i.sources, '') <> 'opening'
),

notes as (
    select
        'E' as doc_type, n.cn_key as doc_key, coalesce(a.invoice_key, n.register_invoice_key) as related_key, n.cfdi_file_id,
        n.company_rfc, n.issue_date, n.cancel_date, n.cancel_date as excluded_date, n.currency, n.fx_rate,
        n.subtotal_ccy, n.iva_ccy, n.retenciones_ccy, n.total_ccy
    from {{ ref('int_credit_notes') }} as n
    left join allocations as a on n.cn_key = a.cn_key
),

split as (
    select
        n.*,
        i.iva_ccy as invoice_iva_ccy,
        case when i.currency = n.currency then i.fx_rate end as invoice_fx_rate,
        {{ share('n.total_ccy', 'i.subtotal_ccy', 'i.total_ccy') }} as subtotal_share,
        {{ share('n.total_ccy', 'coalesce(i.retenciones_ccy, 0)', 'i.total_ccy') }} as retenciones_share
    from notes as n
    left join invoices as i on n.related_key = i.doc_key
)

select * from invoices
union all
select
    doc_type, doc_key, related_key, cfdi_file_id, company_rfc, issue_date, cancel_date, excluded_date, currency, fx_rate,
    coalesce(invoice_fx_rate, fx_rate), coalesce(subtotal_ccy, subtotal_share),
    coalesce(iva_ccy, case when invoice_iva_ccy is not null then total_ccy - subtotal_share + retenciones_share end),
    coalesce(retenciones_ccy, retenciones_share),
    total_ccy
from split
