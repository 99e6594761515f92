-- The settlements of each invoice in order, once a basis: the running settled sum, the part of each event that moves
-- the balance (net) and the part above the total (excess). What falls on or after an invoice's end does not count.
{% set bases = [('effective', 'effective_date', 'recorded_date'), ('as_recorded', 'recorded_date', 'effective_date')] %}
with
{% for basis, day, other in bases %}
{{ basis }}_events as (
    select
        cast('{{ basis }}' as string) as basis,
        s.*,
        s.{{ day }} as event_date,
        s.{{ other }} as other_date,
        i.total_ccy,
        cast(sum(s.amount_ccy) over w as decimal(18, 2)) as settled_after_ccy,
        cast(row_number() over w as integer) as event_order,
        lead(s.{{ day }}, 1, {{ forever() }}) over w as next_date
    from {{ ref('int_settlements') }} as s
    inner join {{ ref('int_invoice_attributes') }} as i on s.invoice_key = i.invoice_key
    where s.{{ day }} <= {{ as_of() }} and (i.end_date is null or s.{{ day }} < i.end_date)
    window w as (
        partition by s.invoice_key
        order by s.{{ day }}, s.is_undo, s.doc_type desc, s.doc_key, s.application_key, s.{{ other }}, s.amount_ccy desc
        rows between unbounded preceding and current row
    )
),
{% endfor %}

events as (
    {% for basis, day, other in bases %}
    select * from {{ basis }}_events{% if not loop.last %} union all{% endif %}

    {% endfor %}
),

clamped as (
    select
        *,
        cast(settled_after_ccy - amount_ccy as decimal(18, 2)) as settled_before_ccy,
        cast(
            least(settled_after_ccy, greatest(total_ccy, 0))
            - least(settled_after_ccy - amount_ccy, greatest(total_ccy, 0)) as decimal(18, 2)
        ) as net_ccy
    from events
)

select
    basis,
    invoice_key,
    event_order,
    doc_type,
    doc_key,
    application_key,
    kind,
    flow,
    event_date,
    next_date,
    other_date,
    amount_ccy,
    net_ccy,
    cast(amount_ccy - net_ccy as decimal(18, 2)) as excess_ccy,
    settled_before_ccy,
    settled_after_ccy,
    amount_doc_ccy,
    case
        when net_ccy = amount_ccy then amount_doc_ccy
        when amount_doc_ccy = amount_ccy then net_ccy
        when amount_ccy = 0 then 0.00
        else {{ money('cast(amount_doc_ccy as decimal(20, 2)) * cast(net_ccy as decimal(18, 2)) / amount_ccy') }}
    end as net_doc_ccy,
    is_cash,
    is_explicit,
    is_undo,
    source_kind,
    source_file_id
from clamped
