-- One row a credit note with what of it is applied at as_of (effective basis): total = applied + unapplied.
with unapplied as (
    select doc_key as cn_key, unapplied_ccy
    from {{ ref('int_unapplied_intervals') }}
    where basis = 'effective' and doc_type = 'credit_note' and valid_from <= {{ as_of() }} and valid_to > {{ as_of() }}
),

allocations as (
    select
        a.cn_key,
        min(a.allocation) as allocation,
        case when count(distinct a.invoice_key) = 1 then min(i.invoice_id) end as invoice_id
    from {{ ref('int_credit_note_applications') }} as a
    inner join {{ ref('int_invoice_attributes') }} as i on a.invoice_key = i.invoice_key
    group by a.cn_key
)

select
    n.cn_id,
    n.cn_key,
    n.uuid,
    n.serie,
    n.folio,
    c.customer_id,
    n.customer_key,
    c.customer_name,
    n.company_rfc,
    n.issue_date,
    n.cancel_date,
    n.currency,
    n.fx_rate,
    n.subtotal_ccy,
    n.iva_ccy,
    n.retenciones_ccy,
    n.total_ccy,
    {{ pesos('n.total_ccy', 'n.fx_rate') }} as total_mxn,
    cast(case when n.cancel_date is null then n.total_ccy - coalesce(u.unapplied_ccy, 0) else 0 end as decimal(18, 2))
        as applied_ccy,
    cast(coalesce(u.unapplied_ccy, 0) as decimal(18, 2)) as unapplied_ccy,
    case
        when u.unapplied_ccy is null then cast(0 as decimal(18, 2))
        else {{ pesos('u.unapplied_ccy', 'x.mxn_per_unit') }}
    end as unapplied_mxn_closing,
    n.tipo_relacion,
    n.kind,
    n.reason,
    coalesce(a.invoice_id, r.invoice_id) as related_invoice_id,
    coalesce(a.allocation, 'none') as allocation,
    n.sources,
    case
        when n.cancel_date is not null then 'cancelled'
        when a.allocation = 'pro_rata' then 'unallocated'
        when coalesce(u.unapplied_ccy, 0) = 0 then 'applied'
        when u.unapplied_ccy < n.total_ccy then 'partial'
        else 'unapplied'
    end as status,
    n.source_file_id
from {{ ref('int_credit_notes') }} as n
inner join {{ ref('int_customers') }} as c on n.customer_key = c.customer_key
left join unapplied as u on n.cn_key = u.cn_key
left join allocations as a on n.cn_key = a.cn_key
left join {{ ref('int_invoice_attributes') }} as r on n.register_invoice_key = r.invoice_key
left join {{ ref('fx_rates_daily') }} as x on x.date = {{ as_of() }} and n.currency = x.currency
