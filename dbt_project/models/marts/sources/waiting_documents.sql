-- Documents that name another one which has not come: kept, without effect on what is missing, and applied by themselves
-- when it comes. One row a document and what it waits for, with its age.
{% set no_text, no_amount = 'cast(null as string)', 'cast(null as decimal(18, 2))' %}
{% set of_invoices = [
    ('instalment', 'instalments', ['invoice_id', 'number'], "x.invoice_id || ' / ' || cast(x.number as string)", no_text, 'x.amount',
        no_text, 'least(x.delivery_date, ' ~ as_of() ~ ')'),
    ('write_off', 'write_offs', ['write_off_id'], 'x.write_off_id', no_text, 'x.amount', 'x.currency', 'x.date'),
    ('dispute', 'disputes', ['dispute_id'], 'x.dispute_id', no_text, 'x.disputed_amount', 'x.currency', 'x.opened_date'),
    ('promise', 'promises', ['promise_id'], 'x.promise_id', 'x.customer_id', 'x.amount', 'x.currency', 'x.made_date'),
    ('incident', 'incidents', ['incident_id'], 'x.incident_id', 'x.customer_id', no_amount, no_text, 'x.opened_date'),
    ('reminder', 'reminders', ['reminder_id'], 'x.reminder_id', 'x.customer_id', no_amount, no_text, 'x.sent_date'),
    ('action', 'actions', ['action_id'], 'x.action_id', 'x.customer_id', no_amount, no_text, 'x.created_date'),
    ('reported_payment', 'reported_payments', ['report_id'], 'x.report_id', 'x.customer_id', 'x.amount', 'x.currency', 'x.reported_date'),
    ('pending_sale', 'pending_sales', ['sale_id'], 'x.sale_id', 'x.customer_id', 'x.amount', 'x.currency', 'x.sale_confirmed_date'),
] %}
with named as (
    {%- for kind, register, keys, document, customer, amount, currency, since in of_invoices %}
    select invoice_id from {{ ref('stg_register__' ~ register) }} {% if not loop.last %}union all{% endif %}
    {%- endfor %}
),

-- looked up once for all registers: the names of invoices that no invoice has
missing as (
    select distinct n.invoice_id
    from named as n
    left join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('n.invoice_id') }} = a.alias
    where n.invoice_id is not null and a.alias is null
),

found as (
    select kind, document_id, customer_id, amount_ccy, currency, fx_rate, waits_for_kind, waits_for_id, since, source_file_id
    from {{ ref('int_waiting_references') }}
    {%- for kind, register, keys, document, customer, amount, currency, since in of_invoices %}
    union all
    select '{{ kind }}', {{ document }}, {{ customer }}, {{ amount }}, {{ currency }}, null, 'invoice', x.invoice_id, {{ since }},
        x.source_file_id
    from {{ latest_delivery(ref('stg_register__' ~ register), keys) }} as x
    inner join missing as m on x.invoice_id = m.invoice_id
    {%- endfor %}
),

-- a REP may name one invoice in several documents
once as (
    select
        kind, document_id, waits_for_kind, waits_for_id, min(customer_id) as customer_id, {{ money('sum(amount_ccy)') }} as amount_ccy,
        min(currency) as currency, min(fx_rate) as fx_rate, min(since) as since, min(source_file_id) as source_file_id
    from found
    where since <= {{ as_of() }}
    group by kind, document_id, waits_for_kind, waits_for_id
),

final as (
    select
        w.kind,
        w.document_id,
        w.waits_for_kind,
        w.waits_for_id,
        k.kind_es as kind_name,
        w.customer_id,
        c.customer_name,
        w.amount_ccy,
        case when w.amount_ccy is not null then w.currency end as currency,
        case
            when w.currency = '{{ var("report_currency") }}' then w.amount_ccy
            else {{ pesos('w.amount_ccy', 'coalesce(w.fx_rate, f.mxn_per_unit)') }}
        end as amount_mxn,
        w.since,
        {{ days_between('w.since', as_of()) }} as waiting_days,
        k.lead_es || ' ' || w.waits_for_id || ', que no ha llegado: ' || k.effect_es as detail,
        w.source_file_id
    from once as w
    inner join {{ ref('waiting_kinds') }} as k on w.kind = k.kind and w.waits_for_kind = k.waits_for_kind
    left join {{ ref('int_customers') }} as c on w.customer_id = c.customer_id
    left join {{ ref('fx_rates_daily') }} as f on w.since = f.date and w.currency = f.currency
)

select * from final
order by since, kind, document_id, waits_for_kind, waits_for_id
