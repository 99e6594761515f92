-- The settlements of each invoice in order, once a basis: the running settled sum, the part of each event that moves
-- the balance (net) and the part above the total (excess). What falls on or after an invoice's end does not count.
-- An invoice with one settlement, as most are, needs no window. The basis as_recorded carries only what is read of it.
{% set bases = [('effective', 'effective_date', 'recorded_date'), ('as_recorded', 'recorded_date', 'effective_date')] %}
{% set carried = ['kind', 'flow', 'is_cash', 'source_kind', 'source_file_id'] %}
with repeated as (
    select invoice_key from {{ ref('int_settlements') }} group by invoice_key having count(*) > 1
),

settlements as (
    select s.*, i.total_ccy, i.end_date, r.invoice_key is not null as is_repeated
    from {{ ref('int_settlements') }} as s
    inner join {{ ref('int_invoice_attributes') }} as i on s.invoice_key = i.invoice_key
    left join repeated as r on s.invoice_key = r.invoice_key
),

events as (
    {% for basis, day, other in bases %}
    {% for is_repeated in [false, true] %}
    select
        cast('{{ basis }}' as string) as basis,
        s.invoice_key,
        s.doc_type,
        s.doc_key,
        s.application_key,
        s.is_explicit,
        s.is_undo,
        {%- for column in carried %}
        {{ 's.' ~ column if basis == 'effective' else 'null' }} as {{ column }},
        {%- endfor %}
        s.{{ day }} as event_date,
        {{ 's.' ~ other if basis == 'effective' else 'null' }} as other_date,
        s.amount_ccy,
        s.amount_doc_ccy,
        s.total_ccy,
        {%- if is_repeated %}
        cast(sum(s.amount_ccy) over w as decimal(18, 2)) as settled_after_ccy,
        cast(row_number() over w as integer) as event_order,
        lead(s.{{ day }}, 1, {{ forever() }}) over w as next_date
        {%- else %}
        s.amount_ccy as settled_after_ccy,
        1 as event_order,
        {{ forever() }} as next_date
        {%- endif %}
    from settlements as s
    where {{ '' if is_repeated else 'not ' }}s.is_repeated and s.{{ day }} <= {{ as_of() }} and (s.end_date is null or s.{{ day }} < s.end_date)
    {%- if is_repeated %}
    window w as (
        partition by s.invoice_key
        order by s.{{ day }}, s.is_undo, s.doc_type desc, s.doc_key, s.application_key, s.{{ other }}, s.amount_ccy desc
        rows between unbounded preceding and current row
    )
    {%- endif %}
    {{ 'union all' if not (loop.last and basis == 'as_recorded') }}
    {% endfor %}
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
    net_ccy,
    cast(amount_ccy - net_ccy as decimal(18, 2)) as excess_ccy,
    settled_before_ccy,
    settled_after_ccy,
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
