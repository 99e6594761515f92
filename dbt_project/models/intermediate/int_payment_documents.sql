-- One row a receipt: the register's payments (with what their REP adds) and the Pagos that no register has.
-- The register's id wins as the name, its date and amount stand; a lone Pago is uuid#n.
with lone as (
    select p.pago_key, {{ pago_id('p') }} as payment_id
    from {{ ref('int_rep_pagos') }} as p
    left join (select distinct pago_key from {{ ref('int_payment_matches') }}) as m on p.pago_key = m.pago_key
    where m.pago_key is null
),

-- numbered apart from their rows, like the register's payments
keys as (
    select payment_id, is_lone, cast(row_number() over (order by payment_id, is_lone) as integer) as payment_key
    from (
        select payment_id, false as is_lone from {{ ref('int_register_parts') }} union all select payment_id, true from lone
    ) as p
),

matched as (
    select
        m.register_key,
        max(case when not m.is_group then m.pago_key end) as pago_key,
        max(m.pago_key) as any_pago_key
    from {{ ref('int_payment_matches') }} as m
    group by m.register_key
),

invoice_customers as (
    select invoice_key, customer_id, company_rfc from {{ ref('int_invoice_documents') }}
),

-- a payment is of the customer of the first invoice that it is applied to, where nothing nearer says whose it is
first_applied as (
    select register_key, {{ first_by('invoice_key', 'application_number') }} as invoice_key
    from {{ ref('int_register_applications') }}
    where register_key is not null and invoice_key is not null
    group by register_key
),

pago_invoices as (
    select
        pago_key,
        {{ first_by('invoice_key', 'case when invoice_key is not null then docto_number end') }} as invoice_key,
        max(case when is_over_amount then 1 else 0 end) as is_over_amount
    from {{ ref('int_rep_documents') }}
    group by pago_key
),

company as (
    select min(company_rfc) as company_rfc from {{ ref('int_own_companies') }} having count(*) = 1
),

methods as (
    select
        m.method,
        min(f.forma_pago) as forma_pago
    from (select distinct method from {{ ref('int_register_payments') }} where method is not null) as m
    inner join {{ ref('payment_forms') }} as f
        on lower(trim(m.method)) = f.forma_pago or '|' || f.words || '|' like '%|' || lower(trim(m.method)) || '|%'
    group by m.method
),

receipts as (
    select
        t.payment_id,
        r.register_key,
        m.pago_key,
        -- a REP cancelled at the SAT is none: the money came in, its REP is missing
        coalesce(case when s.cancel_date is null then r.rep_uuid end, case when p.cancel_date is null then p.rep_uuid end) as rep_uuid,
        coalesce(r.customer_id, i.customer_id, p.customer_id, 'desconocido') as customer_id,
        coalesce(
            r.company_rfc, p.company_rfc, case when r.invoice_key is not null then i.company_rfc end, (select company_rfc from company)
        ) as company_rfc,
        t.received_date as payment_date,
        r.currency,
        coalesce(r.fx_rate, p.fx_rate) as fx_rate,
        t.amount_ccy,
        r.method,
        coalesce(p.forma_pago, w.forma_pago) as forma_pago,
        t.reversed_date,
        coalesce(r.bank_reference, p.num_operacion) as bank_reference,
        r.gateway,
        case when t.payment_id = r.payment_id then r.fee_ccy end as fee_ccy,
        case when t.payment_id = r.payment_id then r.deducted_ccy when r.deducted_ccy is not null then 0.00 end as deducted_ccy,
        case when t.is_split then r.payment_id end as part_of,
        t.payout_id,
        t.payout_date,
        t.is_restored,
        case when m.register_key is null then 'register' else 'register+cfdi' end as sources,
        coalesce(q.is_over_amount, 0) = 1 as is_over_amount,
        r.delivery_date,
        r.source_file_id
    from {{ ref('int_register_payments') }} as r
    inner join {{ ref('int_register_parts') }} as t on r.register_key = t.register_key
    left join matched as m on r.register_key = m.register_key
    left join {{ ref('int_rep_pagos') }} as p on m.any_pago_key = p.pago_key
    left join {{ ref('int_sat_status') }} as s on r.rep_uuid = s.uuid
    left join pago_invoices as q on m.pago_key = q.pago_key
    left join first_applied as a on r.register_key = a.register_key
    left join invoice_customers as i on coalesce(r.invoice_key, a.invoice_key, q.invoice_key) = i.invoice_key
    left join methods as w on r.method = w.method
    union all
    select
        l.payment_id,
        null,
        p.pago_key,
        case when p.cancel_date is null then p.rep_uuid end,
        coalesce(i.customer_id, p.customer_id),
        p.company_rfc,
        p.payment_date,
        p.currency,
        p.fx_rate,
        p.amount_ccy,
        null,
        p.forma_pago,
        p.cancel_date,
        p.num_operacion,
        null, null, null, null, null, null,
        false,
        'cfdi',
        coalesce(q.is_over_amount, 0) = 1,
        p.delivery_date,
        p.source_file_id
    from {{ ref('int_rep_pagos') }} as p
    inner join lone as l on p.pago_key = l.pago_key
    left join pago_invoices as q on p.pago_key = q.pago_key
    left join invoice_customers as i on q.invoice_key = i.invoice_key
)

select
    k.payment_key,
    r.payment_id,
    r.register_key,
    r.pago_key,
    r.rep_uuid,
    c.customer_key,
    r.company_rfc,
    r.payment_date,
    r.currency,
    case when r.currency = 'MXN' then {{ rate('1') }} else {{ rate('coalesce(r.fx_rate, x.mxn_per_unit)') }} end as fx_rate,
    {{ rate('r.fx_rate') }} as document_fx_rate,
    r.amount_ccy,
    r.method,
    r.forma_pago,
    coalesce(f.is_cash, true) as is_cash,
    r.reversed_date,
    r.bank_reference,
    r.gateway,
    r.fee_ccy,
    cast(r.amount_ccy - r.deducted_ccy as decimal(18, 2)) as net_ccy,
    r.part_of,
    r.payout_id,
    r.payout_date,
    r.is_restored,
    r.sources,
    r.is_over_amount,
    r.delivery_date,
    r.source_file_id
from receipts as r
inner join keys as k on r.payment_id = k.payment_id and (r.sources = 'cfdi') = k.is_lone
inner join {{ ref('int_customers') }} as c on r.customer_id = c.customer_id
left join {{ ref('payment_forms') }} as f on r.forma_pago = f.forma_pago
left join {{ ref('fx_rates_daily') }} as x
    on r.payment_date = x.date and r.currency = x.currency and r.currency <> 'MXN'
