-- L4: money in the marts is the money in raw, per currency, to the cent, each document counted once. Raw is read here
-- on its own: no intermediate model takes part except the choice of our own companies.
with cfdi as (
    select uuid, moneda, total, tipo_de_comprobante, source_file_id
    from (
        select d.*, row_number() over (partition by d.uuid order by d.fecha_timbrado, d.source_file_id) as place
        from {{ ref('stg_cfdi__documents') }} as d
        inner join {{ ref('int_own_companies') }} as o on d.emisor_rfc = o.company_rfc
        where cast(d.fecha as date) <= {{ as_of() }} or d.tipo_de_comprobante = 'P'
    ) as v
    where place = 1
),

register_payments as (
    select payment_id, currency, amount
    from (
        select *, row_number() over (
            partition by payment_id order by delivery_date desc, row_hash desc, source_file_id, row_number
        ) as place
        from {{ ref('stg_register__payments') }}
    ) as v
    where place = 1 and payment_date <= {{ as_of() }} and delivery_date >= {{ last_full_delivery('payments') }}
),

raw_money as (
    select 'cfdi I' as what, moneda as currency, sum({{ money('total') }}) as amount
    from cfdi where tipo_de_comprobante = 'I' group by moneda
    union all
    select 'cfdi E', moneda, sum({{ money('total') }}) from cfdi where tipo_de_comprobante = 'E' group by moneda
    union all
    select 'register payments', currency, sum({{ money('amount') }}) from register_payments group by currency
),

mart_money as (
    select 'cfdi I' as what, currency, sum(total_ccy) as amount
    from {{ ref('int_invoices_unified') }}
    where sources like '%cfdi%' and not is_opening
    group by currency
    union all
    select 'cfdi E', currency, sum(total_ccy) from {{ ref('fct_credit_notes') }} where sources like '%cfdi%' group by currency
    union all
    select 'register payments', currency, sum(amount_ccy)
    from {{ ref('fct_payments') }}
    where sources like 'register%' and not is_restored  -- what came back had been counted when it was paid
    group by currency
)

select coalesce(r.what, m.what) as what, coalesce(r.currency, m.currency) as currency, r.amount as raw_amount, m.amount as mart_amount
from raw_money as r
full join mart_money as m on r.what = m.what and r.currency = m.currency
where
    coalesce(r.amount, 0) <> coalesce(m.amount, 0)
    -- an opening line may stand for a CFDI: its total is then the line's
    and not exists (select 1 from {{ ref('int_invoices_unified') }} where is_opening and sources like '%cfdi%')
