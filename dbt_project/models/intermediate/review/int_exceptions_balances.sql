-- Exceptions about a balance or a pending task, only while it lasts at as_of: limits, residues, PUE unpaid, promises,
-- incidents, sales without an invoice, bank lines and receipts that do not meet, currencies without a rate.
with

balances as (
    select * from {{ ref('aging_by_customer') }} where as_of = {{ as_of() }} and basis = 'effective'
),

limits as (
    select
        c.customer_id,
        b.gross_mxn - b.unapplied_mxn as exposure_mxn,
        {{ pesos('c.credit_limit', 'r.mxn_per_unit') }} as limit_mxn
    from {{ ref('dim_customers') }} as c
    inner join balances as b on c.customer_id = b.customer_id
    left join {{ ref('fx_rates_daily') }} as r
        on r.date = {{ as_of() }} and r.currency = coalesce(c.credit_limit_currency, '{{ var("report_currency") }}')
    where c.credit_limit > 0
),

sales as (
    select s.*, a.invoice_key
    from {{ log_rows(ref('stg_register__pending_sales'), ['sale_id'], 'sale_confirmed_date') }} as s
    left join {{ ref('int_invoice_aliases') }} as a on a.alias = {{ invoice_alias('s.invoice_id') }}
),

unvalued as (
    select b.currency, 'i' || cast(b.invoice_key as string) as item, b.issue_date as since
    from {{ ref('balance_intervals') }} as b
    left join {{ ref('fx_rates_daily') }} as r on r.date = {{ as_of() }} and b.currency = r.currency
    where b.basis = 'effective' and b.valid_to > {{ as_of() }} and r.mxn_per_unit is null
    union
    select currency, 'i' || cast(invoice_key as string), issue_date
    from {{ ref('fct_invoices') }} where fx_rate is null and status <> 'cancelled'
    union
    select currency, 'p' || cast(payment_key as string), payment_date
    from {{ ref('fct_payments') }} where fx_rate is null and reversed_date is null
    union
    select d.currency, 'd' || d.dispute_id, d.opened_date
    from {{ ref('int_disputes') }} as d
    left join {{ ref('fx_rates_daily') }} as r on d.opened_date = r.date and d.currency = r.currency
    where d.disputed_ccy is null and r.mxn_per_unit is null
    union
    select p.currency, 'q' || p.promise_id, p.made_date
    from {{ ref('promises') }} as p
    left join {{ ref('fx_rates_daily') }} as r on p.made_date = r.date and p.currency = r.currency
    where p.as_of = {{ as_of() }} and p.amount_mxn is null and r.mxn_per_unit is null
),

final as (
    select 'CREDIT_LIMIT_EXCEEDED' as rule, 'customer' as entity_type, customer_id as entity_id, customer_id,
        {{ money('exposure_mxn - limit_mxn') }} as amount_mxn,
        'Usa ' || cast(cast(round(100 * cast(exposure_mxn as double) / cast(limit_mxn as double), 1) as decimal(24, 1)) as string) || ' % de su límite' as detail,
        {{ as_of() }} as since, cast(null as string) as owner
    from limits where limit_mxn > 0 and exposure_mxn > limit_mxn
    union all
    select 'RESIDUAL_BELOW_1_MXN', 'invoice', invoice_id, customer_id, open_mxn_closing,
        'Quedan ' || {{ money_es('open_ccy') }} || ' ' || currency, issue_date, null
    from {{ ref('fct_invoices') }} where open_ccy >= 0.005 and open_mxn_closing >= 0.005 and open_mxn_closing < 1
    union all
    select 'PUE_UNPAID_AFTER_MONTH_END', 'invoice', invoice_id, customer_id, open_mxn_closing,
        'Quedó abierta al cierre de ' || {{ month_name_es('issue_date') }}, {{ month_end('issue_date') }}, null
    from {{ ref('fct_invoices') }} where metodo_pago = 'PUE' and open_ccy >= 0.005 and {{ month_end('issue_date') }} < {{ as_of() }}
    union all
    select case status when 'broken' then 'PROMISE_BROKEN' else 'PROMISE_PARTIAL' end, 'promise', promise_id, customer_id,
        {{ money('amount_mxn - paid_by_deadline_mxn') }},
        'Prometió ' || {{ money_es('amount_ccy') }} || ' ' || currency || ' para el ' || {{ date_es('promised_date') }}, promised_date, null
    from {{ ref('promises') }} where as_of = {{ as_of() }} and status in ('broken', 'partial')
    union all
    select 'OPEN_INCIDENT_WITHOUT_OWNER', 'incident', incident_id, customer_id, null,
        coalesce(type, 'incidencia') || coalesce(' en ' || area, '') || ', abierta hace ' || {{ days_es(days_between('opened_date', as_of())) }},
        opened_date, null
    from {{ log_rows(ref('stg_register__incidents'), ['incident_id'], 'opened_date') }} as i
    where coalesce(trim(owner), '') = '' and (resolved_date is null or resolved_date > {{ as_of() }})
    union all
    select 'CONFIRMED_SALE_NOT_INVOICED', 'sale', s.sale_id, s.customer_id, {{ pesos('s.amount', 'r.mxn_per_unit') }},
        'Confirmada el ' || {{ date_es('s.sale_confirmed_date') }} || ', debió facturarse el ' || {{ date_es('s.issue_deadline') }}, s.issue_deadline, null
    from sales as s
    left join {{ ref('fx_rates_daily') }} as r on r.date = {{ as_of() }} and s.currency = r.currency
    where s.invoice_key is null and s.issue_deadline < {{ as_of() }}
    union all
    select
        case b.status when 'bank_line_unidentified' then 'BANK_LINE_UNIDENTIFIED' when 'not_in_bank' then 'PAYMENT_NOT_IN_BANK' else 'BANK_AMOUNT_MISMATCH' end,
        case b.status when 'bank_line_unidentified' then 'bank_line' else 'payment' end,
        coalesce(p.payment_id, l.bank_line_id), k.customer_id,
        {{ pesos("case when b.status = 'not_in_bank' then b.payment_amount_ccy else b.difference_ccy end", 'r.mxn_per_unit') }},
        case b.status when 'bank_line_unidentified' then 'Movimiento de ' || {{ money_es('b.bank_amount_ccy') }} || ' ' || b.currency || ' sin pago que lo explique'
            when 'not_in_bank' then case b.kind when 'reversal' then 'La devolución' else 'El pago' end || ' de ' || {{ money_es('abs(b.payment_amount_ccy)') }} || ' ' || b.currency || ' no está en el banco'
            else 'El banco muestra ' || {{ money_es('b.bank_amount_ccy') }} || ' y '
                || case when b.expected_ccy <> b.payment_amount_ccy then 'el pago sin la comisión' else 'el pago' end
                || ' es de ' || {{ money_es('b.expected_ccy') }} || ' ' || b.currency end,
        b.day, null
    from {{ ref('int_bank_matches') }} as b
    left join {{ ref('int_payments') }} as p on b.payment_key = p.payment_key
    left join {{ ref('int_bank_lines') }} as l on b.line_key = l.line_key
    left join {{ ref('int_customers') }} as k on p.customer_key = k.customer_key
    left join {{ ref('fx_rates_daily') }} as r on r.date = {{ as_of() }} and b.currency = r.currency
    where b.status <> 'matched'
    union all
    select 'PAYMENT_REVERSAL_UNMATCHED', 'payment', v.reversal_id, v.customer_id, {{ pesos('v.amount_ccy - v.moved_ccy', 'r.mxn_per_unit') }},
        case when v.is_restored then 'Regreso de ' else 'Devolución de ' end || {{ money_es('v.amount_ccy') }} || ' ' || v.currency || ' del pago ' || v.payment_id || ': '
        || case v.problem when 'unknown_payment' then 'ese pago no ha llegado' when 'other_currency' then 'el pago está en otra moneda'
            when 'already_reversed' then 'el pago ya estaba devuelto' when 'nothing_to_restore' then 'es mayor que lo que se había devuelto' else 'es mayor que lo pagado' end, v.reversed_date, null
    from {{ ref('int_payment_reversals') }} as v
    left join {{ ref('fx_rates_daily') }} as r on r.date = {{ as_of() }} and v.currency = r.currency
    where v.problem is not null
    union all
    select 'FX_RATE_MISSING', 'currency', currency, null, null,
        cast(count(distinct item) as string) || case when count(distinct item) = 1 then ' partida' else ' partidas' end || ' sin tipo de cambio', min(since), null
    from unvalued where currency <> '{{ var("report_currency") }}' group by currency
)

select * from final
