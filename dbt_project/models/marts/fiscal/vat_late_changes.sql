-- Closed months (before that of as_of) that a document recorded in a later month changed: a REP issued or a payment
-- applied late adds what it collected; a cancellation (of an invoice, a note, a REP) or a substitute takes back what
-- counted until then. Differences by reading; a note's own effect on what was collected is not told apart.
with

closed as (select {{ month_start(as_of()) }} as month),

late as (
    select
        'both' as reading,
        case when d.doc_type = 'E' then 'credit_note_cancelled' when d.cancel_date = d.excluded_date then 'invoice_cancelled' else 'invoice_substituted' end as kind,
        d.issue_date as day, d.excluded_date as recorded_date, d.company_rfc, t.rate,
        case when d.doc_type = 'I' then d.doc_key end as invoice_key, case when d.doc_type = 'E' then d.doc_key end as cn_key,
        cast(null as integer) as payment_key, cast(null as integer) as pago_key,
        case when d.doc_type = 'E' then t.vat_mxn else -t.vat_mxn end as charged_mxn, 0 as collected_mxn
    from {{ ref('int_book_documents') }} as d
    inner join {{ ref('int_book_taxes') }} as t on d.doc_type = t.doc_type and d.doc_key = t.doc_key
    where d.excluded_date is not null
    union all
    select
        c.reading, case when c.rule = 'pue_assumed' then 'invoice_cancelled' else 'rep_cancelled' end, c.receipt_date, c.void_date, c.company_rfc, c.rate,
        c.invoice_key, null, c.payment_key, c.pago_key, 0, -c.vat_mxn
    from {{ ref('int_vat_collected') }} as c
    where c.is_void
    union all
    {%- for reading, known in [('fiscal', "case when c.pago_key is not null then 'late_rep' else 'late_application' end"), ('bank', "'late_application'")] %}
    select
        '{{ reading }}', {{ known }}, c.receipt_date, c.{{ reading }}_recorded, c.company_rfc, c.rate, c.invoice_key, null, c.payment_key, c.pago_key, 0, c.vat_mxn
    from {{ ref('int_vat_collected') }} as c
    where not c.is_void and c.rule <> 'reversal' and c.reading <> '{{ 'bank' if reading == 'fiscal' else 'fiscal' }}'
    {{- "\n    union all" if not loop.last }}
    {%- endfor %}
),

changes as (
    select
        l.day, max(l.recorded_date) as recorded_date, l.kind, l.company_rfc, l.rate, l.invoice_key, l.cn_key, l.payment_key, l.pago_key,
        {{ money('sum(l.charged_mxn)') }} as charged_mxn,
        {{ money("sum(case when l.reading in ('fiscal', 'both') then l.collected_mxn else 0 end)") }} as fiscal_mxn,
        {{ money("sum(case when l.reading in ('bank', 'both') then l.collected_mxn else 0 end)") }} as bank_mxn
    from late as l
    cross join closed as c
    where {{ month_start('l.day') }} < c.month and {{ month_start('l.day') }} < {{ month_start('l.recorded_date') }}
    group by l.day, l.kind, l.company_rfc, l.rate, l.invoice_key, l.cn_key, l.payment_key, l.pago_key
),

final as (
    select
        {{ month_start('c.day') }} as month,
        coalesce(i.company_rfc, c.company_rfc, 'sin asignar') as company,
        c.rate,
        c.kind,
        c.day as effective_date,
        c.recorded_date,
        i.invoice_id,
        n.cn_id,
        coalesce(p.payment_id, {{ pago_id('g') }}) as payment_id,
        coalesce(g.rep_uuid, p.rep_uuid) as rep_uuid,
        c.charged_mxn as charged_difference_mxn,
        c.fiscal_mxn as fiscal_difference_mxn,
        c.bank_mxn as bank_difference_mxn
    from changes as c
    left join {{ ref('int_invoice_attributes') }} as i on c.invoice_key = i.invoice_key
    left join {{ ref('int_credit_notes') }} as n on c.cn_key = n.cn_key
    left join {{ ref('int_payments') }} as p on c.payment_key = p.payment_key
    left join {{ ref('int_rep_pagos') }} as g on c.pago_key = g.pago_key
    where c.charged_mxn <> 0 or c.fiscal_mxn <> 0 or c.bank_mxn <> 0
)

select * from final
order by month, company, rate, kind, effective_date, invoice_id, cn_id, payment_id
