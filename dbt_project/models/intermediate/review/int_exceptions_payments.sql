-- Exceptions about payments, their applications and their REPs. An application's entity is payment_id->invoice_id.
with

-- what was returned of a payment and came back
here_whole as (
    select part_of_payment_id as whole_payment_id
    from {{ ref('fct_payments') }}
    where part_of_payment_id is not null
    group by part_of_payment_id
    having sum(case when reversed_date is null then amount_ccy else 0 end) >= sum(case when is_restored then 0 else amount_ccy end)
),

payments as (
    select
        p.*,
        f.delivery_date,
        coalesce(p.part_of_payment_id, p.payment_id) as whole_payment_id,
        h.whole_payment_id is not null as is_here_whole
    from {{ ref('fct_payments') }} as p
    inner join {{ ref('int_payments') }} as f on p.payment_key = f.payment_key
    left join here_whole as h on p.part_of_payment_id = h.whole_payment_id
    where coalesce(p.sources, '') <> 'assumed'
),

invoices as (select * from {{ ref('fct_invoices') }}),

applications as (
    select
        a.*,
        p.rep_uuid,
        p.whole_payment_id,
        p.is_restored,
        p.amount_mxn,
        p.amount_ccy as payment_amount_ccy,
        i.invoice_id as known_invoice_id,
        i.metodo_pago,
        i.issue_date,
        i.cancel_date,
        i.replaced_by_invoice_id,
        coalesce(a.original_invoice_id, a.invoice_id) as named_invoice_id,
        a.payment_id || '->' || coalesce(a.original_invoice_id, a.invoice_id) as entity_id
    from {{ ref('fct_payment_applications') }} as a
    inner join payments as p on a.payment_id = p.payment_id
    left join invoices as i on coalesce(a.original_invoice_id, a.invoice_id) = i.invoice_id
),

-- a REP speaks of the whole receipt, though the ledger has it in parts: several deposits, or some of it returned
declared as (
    select
        min(whole_payment_id || '->' || named_invoice_id) as entity_id, min(customer_id) as customer_id,
        cast(sum(amount_mxn_issue) as decimal(18, 2)) as amount_mxn, sum(amount_ccy) as amount_ccy, imp_saldo_ant, imp_saldo_insoluto,
        max(open_before_ccy) as open_before_ccy, min(payment_date) as payment_date
    from applications
    where imp_saldo_ant is not null and not is_restored
    group by coalesce(rep_uuid, whole_payment_id), named_invoice_id, num_parcialidad, imp_saldo_ant, imp_saldo_insoluto
),

repeats as (select * from {{ ref('int_register_repeats') }} where kind = 'payments'),

of_payments as (
    select 'DUPLICATE_REP_UUID' as rule, 'payment' as entity_type, p.payment_id as entity_id, p.customer_id, p.amount_mxn,
        'El mismo renglón aparece ' || cast(r.rows_count as string) || ' veces en un archivo' as detail, p.payment_date as since
    from payments as p inner join repeats as r on p.payment_id = r.entity_id
    where r.contents_count = 1
    union all
    select 'UUID_CONTENT_CONFLICT', 'payment', p.payment_id, p.customer_id, p.amount_mxn,
        'La misma clave aparece con distinto contenido en un archivo', p.payment_date
    from payments as p inner join repeats as r on p.payment_id = r.entity_id
    where r.contents_count > 1
    union all
    -- what goes back of a payment is a row of its own register, never an amount below zero
    select 'NEGATIVE_TOTAL', 'payment', p.payment_id, p.customer_id, p.amount_mxn,
        'Importe de ' || cast(p.amount_ccy as string) || ' ' || p.currency, p.payment_date
    from payments as p where p.amount_ccy < 0
    union all
    select 'NEGATIVE_TOTAL', 'credit_note', n.cn_id, n.customer_id, n.total_mxn,
        'Total de ' || cast(n.total_ccy as string) || ' ' || n.currency, n.issue_date
    from {{ ref('fct_credit_notes') }} as n where n.total_ccy < 0
    union all
    select 'FUTURE_DATED_PAYMENT', 'payment', p.payment_id, p.customer_id, p.amount_mxn,
        'Fechado el ' || {{ date_es('p.payment_date') }} || ' en un archivo del ' || {{ date_es('p.delivery_date') }}, p.payment_date
    from payments as p where p.payment_date > p.delivery_date
    union all
    select 'UNAPPLIED_PAYMENT', 'payment', p.payment_id, p.customer_id, p.unapplied_mxn_closing,
        {{ money_es('p.unapplied_ccy') }} || ' ' || p.currency || ' por aplicar hace ' || {{ days_es(days_between('p.payment_date', as_of())) }},
        p.payment_date
    from payments as p where p.unapplied_ccy >= 0.005
    union all
    select 'PAYMENT_REVERSED', 'payment', p.payment_id, p.customer_id, p.amount_mxn,
        case when p.sources = 'cfdi' then 'REP cancelado en el SAT el ' else 'Devuelto el ' end || {{ date_es('p.reversed_date') }}, p.reversed_date
    from payments as p where p.reversed_date is not null
    union all
    select 'REP_OF_REVERSED_PAYMENT', 'payment', p.payment_id, p.customer_id, p.amount_mxn,
        'REP ' || p.rep_uuid || ' de un pago devuelto el ' || {{ date_es('p.reversed_date') }}, p.reversed_date
    from payments as p where p.reversed_date is not null and p.rep_uuid is not null and not p.is_here_whole
    union all
    select 'UNAPPLIED_CREDIT_NOTE', 'credit_note', n.cn_id, n.customer_id, n.unapplied_mxn_closing,
        {{ money_es('n.unapplied_ccy') }} || ' ' || n.currency || ' por aplicar', n.issue_date
    from {{ ref('fct_credit_notes') }} as n where n.unapplied_ccy >= 0.005 and n.cancel_date is null
    union all
    select 'REP_MISSING_AFTER_DEADLINE', 'payment', a.payment_id, max(a.customer_id), sum(a.amount_mxn_issue),
        'Vencía el ' || {{ date_es('max(' ~ rep_deadline('a.payment_date') ~ ')') }}, max({{ rep_deadline('a.payment_date') }})
    from applications as a
    where a.rep_uuid is null and a.metodo_pago = 'PPD' and a.reversed_date is null and a.payment_amount_ccy > 0
        and {{ rep_deadline('a.payment_date') }} < {{ as_of() }}
    group by a.payment_id
),

of_applications as (
    select 'PAYMENT_BEFORE_INVOICE' as rule, a.entity_id, a.customer_id, a.amount_mxn_issue as amount_mxn,
        'Pagado el ' || {{ date_es('a.payment_date') }} || ', emitida el ' || {{ date_es('a.issue_date') }} as detail, a.payment_date as since
    from applications as a where a.payment_date < a.issue_date
    union all
    select 'LATE_APPLICATION', a.entity_id, a.customer_id, a.amount_mxn_issue,
        'Aplicado ' || {{ days_es(days_between('greatest(a.payment_date, a.issue_date)', 'a.applied_date')) }} || ' después', a.applied_date
    from applications as a
    where a.source_kind <> 'cfdi'
        and {{ days_between('greatest(a.payment_date, a.issue_date)', 'a.applied_date') }} > {{ var('late_application_days') }}
    union all
    select 'OVERPAID_INVOICE', a.entity_id, a.customer_id, a.amount_mxn_issue,
        {{ money_es('a.excess_ccy') }} || ' ' || a.currency || ' de más', a.effective_date
    from applications as a where a.is_explicit and a.is_live and a.excess_ccy >= 0.005
    union all
    select 'REP_BALANCE_MISMATCH', a.entity_id, a.customer_id, a.amount_mxn,
        'El REP dice saldo anterior ' || {{ money_es('a.imp_saldo_ant') }} || ' e insoluto ' || {{ money_es('coalesce(a.imp_saldo_insoluto, 0)') }}
        || '; aquí había ' || {{ money_es('coalesce(a.open_before_ccy, 0)') }}, a.payment_date
    from declared as a
    where abs(a.imp_saldo_ant - a.open_before_ccy) >= 0.005
        or abs(a.imp_saldo_ant - a.amount_ccy - a.imp_saldo_insoluto) >= 0.005
    union all
    select 'REP_ON_PUE', a.entity_id, a.customer_id, a.amount_mxn_issue, 'REP ' || a.rep_uuid || ' sobre una factura PUE', a.payment_date
    from applications as a where a.rep_uuid is not null and a.metodo_pago = 'PUE'
    union all
    select 'REP_TO_CANCELLED_INVOICE', a.entity_id, a.customer_id, a.amount_mxn_issue,
        'La factura se canceló el ' || {{ date_es('a.cancel_date') }}, a.cancel_date
    from applications as a
    where a.rep_uuid is not null and a.cancel_date is not null and a.replaced_by_invoice_id is null and a.reversed_date is null
    union all
    select 'REP_UNKNOWN_INVOICE', a.entity_id, a.customer_id, a.amount_mxn,
        case when a.known_invoice_id is not null then 'La factura está en otra moneda y no hay con qué convertir lo pagado'
            else 'La factura no ha llegado en ' || {{ days_es(days_between('a.payment_date', as_of())) }} end, a.payment_date
    from applications as a where not a.is_invoice_known
),

final as (
    select * from of_payments
    union all
    select rule, 'application', entity_id, customer_id, amount_mxn, detail, since from of_applications
)

select * from final
