-- Each invoice as one document: the CFDI says amounts, dates, tax and payment method; the register says customer,
-- due date, branch, salesperson, order and sent date; an opening line stands for what came before the ledger. Its names
-- (invoice_id, uuid, serie, folio, files) stand in int_invoice_matches: a text that no two invoices share is dear to write again.
{%- set issued = 'coalesce(o.date, c.issue_date, r.issue_date)' %}
{%- set cancelled = 'coalesce(s.cancel_date, ' ~ known_date('r.cancel_date') ~ ')' %}
with register_rows as (
    select * from {{ latest_delivery(ref('stg_register__invoices'), ['invoice_id']) }} as i
),

opening_rows as (
    select *, row_number() over (partition by source_file_id, row_number order by row_hash) as place
    from {{ ref('stg_register__opening_balances') }}
),

cfdis as (
    select * from {{ ref('int_cfdi_documents') }} where tipo_de_comprobante = 'I'
),

cfdi_iva as (
    select
        source_file_id,
        sum(importe) as iva
    from {{ ref('stg_cfdi__taxes') }}
    where kind = 'traslado' and impuesto = '002'
    group by source_file_id
),

company as (
    select min(company_rfc) as company_rfc from {{ ref('int_own_companies') }} having count(*) = 1
)

select
    m.invoice_key,
    coalesce(c.company_rfc, upper(r.company_rfc), (select company_rfc from company)) as company_rfc,
    coalesce(r.customer_id, c.customer_id, o.customer_id) as customer_id,
    r.branch,
    r.salesperson,
    coalesce(c.metodo_pago, upper(r.metodo_pago)) as metodo_pago,
    c.forma_pago,
    c.condiciones_de_pago,
    coalesce(c.moneda, o.currency, r.currency) as currency,
    coalesce(c.tipo_cambio, r.fx_rate) as document_fx_rate,
    {{ money('coalesce(c.subtotal - coalesce(c.descuento, 0), r.subtotal)') }} as subtotal_ccy,
    {{ money('case when c.uuid is not null then coalesce(x.iva, 0) else r.iva end') }} as iva_ccy,
    {{ money('case when c.uuid is not null then coalesce(c.total_retenciones, 0) + coalesce(c.implocal_retenciones, 0) end') }}
        as retenciones_ccy,
    {{ money('coalesce(o.amount, c.total, r.total)') }} as total_ccy,
    {{ issued }} as issue_date,
    coalesce(c.fecha_timbrado, cast(r.issue_date as timestamp), cast(o.date as timestamp)) as order_stamp,
    r.sale_confirmed_date,
    r.issue_deadline,
    {{ known_date('r.sent_date') }} as sent_date,
    coalesce(o.due_date, r.due_date) as document_due_date,
    -- a cancellation at the SAT holds from its date, whatever the register says
    {{ not_before(cancelled, issued) }} as cancel_date,
    coalesce({{ cancelled }} < {{ issued }}, false) as is_cancelled_before_issue,
    case when r.cancel_date <= {{ as_of() }} then r.cancel_motivo end as cancel_motivo,
    s.sat_status,
    s.cancel_date is not null and r.invoice_id is not null and r.cancel_date is null as is_cancelled_at_sat_only,
    r.replaces_invoice_id,
    r.purchase_order,
    r.origin_type,
    r.origin_id,
    r.contrarrecibo_folio,
    {{ known_date('r.contrarrecibo_date') }} as contrarrecibo_date,
    r.scheduled_payment_date,
    coalesce(c.is_global, false) as is_global,
    m.opening_file_id is not null as is_opening,
    case
        when c.uuid is not null and r.invoice_id is not null then 'register+cfdi'
        when c.uuid is not null then 'cfdi'
        when r.invoice_id is not null then 'register'
        else 'opening'
    end as sources,
    nullif(case when c.uuid is not null and r.invoice_id is not null then concat_ws('; ',
        case when {{ money('c.total') }} <> {{ money('r.total') }}
            then 'total ' || {{ money_es(money('r.total')) }} || ' en el registro y ' || {{ money_es(money('c.total')) }} || ' en el CFDI' end,
        case when c.moneda <> r.currency then 'moneda ' || r.currency || ' en el registro y ' || c.moneda || ' en el CFDI' end,
        case when c.issue_date <> r.issue_date
            then 'fecha ' || {{ date_es('r.issue_date') }} || ' en el registro y ' || {{ date_es('c.issue_date') }} || ' en el CFDI' end,
        -- an RFC that no customer has, or several, says nothing of who the customer is
        case when c.customer_id <> r.customer_id and c.customer_id not like 'rfc:%' and c.customer_id not like 'ext:%'
            and c.customer_id <> 'publico'
            then 'cliente ' || r.customer_id || ' en el registro y ' || c.customer_id || ' por el RFC del CFDI' end
    ) end, '') as differences,
    coalesce(r.delivery_date, c.delivery_date, o.delivery_date) as delivery_date,
    r.source_file_id as register_file_id
from {{ ref('int_invoice_matches') }} as m
left join register_rows as r on m.invoice_id = r.invoice_id and m.is_registered
left join cfdis as c on m.cfdi_file_id = c.source_file_id
left join cfdi_iva as x on m.cfdi_file_id = x.source_file_id
left join {{ ref('int_sat_status') }} as s on m.uuid = s.uuid
left join opening_rows as o on m.opening_file_id = o.source_file_id and m.opening_row = o.row_number and o.place = 1
