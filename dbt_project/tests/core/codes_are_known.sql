-- Codes are fixed: screens, exceptions and other people's files read them.
{% set codes = [
    ('fct_movements', 'kind', ['billed', 'opening', 'payment', 'payment_reversed', 'credit_note', 'credit_note_cancelled',
        'advance_applied', 'write_off', 'cancelled', 'substituted', 'rehomed', 'excess']),
    ('fct_invoices', 'status', ['open', 'paid', 'credited', 'written_off', 'cancelled']),
    ('fct_invoices', 'due_rule', ['document', 'instalments', 'contrarrecibo', 'customer_terms', 'payment_conditions', 'pue',
        'default']),
    ('fct_invoices', 'sources', ['register', 'cfdi', 'register+cfdi', 'opening']),
    ('fct_payments', 'status', ['applied', 'partial', 'unapplied', 'reversed']),
    ('fct_payments', 'sources', ['register', 'cfdi', 'register+cfdi', 'assumed']),
    ('fct_credit_notes', 'status', ['applied', 'partial', 'unapplied', 'unallocated', 'cancelled']),
    ('fct_credit_notes', 'kind', ['bonificacion', 'devolucion', 'anticipo', 'otro']),
    ('balance_intervals', 'basis', ['effective', 'as_recorded']),
] %}
{% for mart, column, known in codes %}
select '{{ mart }}.{{ column }}' as what, {{ column }} as code, count(*) as rows_count
from {{ ref(mart) }}
where {{ column }} is null or {{ column }} not in ('{{ known | join("', '") }}')
group by {{ column }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
