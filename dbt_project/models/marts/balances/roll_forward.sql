-- The receivables of each month, from its beginning to its ending, at the issue rate: all invoices, effective basis.
-- Beginning and ending are balances, the lines between are the ledger's movements: that they meet is a test.
-- Lines outside METRICS.md's formula are part of one of its own, and shown beside it: opening balances are billed,
-- advances applied are payments; a substituted invoice is cancelled, less the payments that its substitute took over.
with

flows as (
    select
        {{ month_start('effective_date') }} as month,
        {%- for flow, sign in [('billed', 1), ('opening', 1), ('cancelled', -1), ('substituted', -1), ('rehomed', -1), ('payment', -1),
            ('advance_applied', -1), ('payment_reversed', 1), ('credit_note', -1), ('credit_note_cancelled', -1), ('write_off', -1)] %}
        sum(case when flow = '{{ flow }}' then {{ sign }} * amount_mxn_issue else 0 end) as {{ flow }},
        {%- endfor %}
        sum(case when amount_mxn_issue is null then 1 else 0 end) as unvalued_items
    from {{ ref('int_movements') }}
    group by {{ month_start('effective_date') }}
),

balances as (
    select as_of, sum(gross_mxn_issue) as gross_mxn
    from {{ ref('int_aging_cells') }}
    where basis = 'effective'
    group by as_of
),

months as (
    select m.month, m.month_end, coalesce(b.gross_mxn, 0) as ending
    from {{ ref('int_months') }} as m left join balances as b on m.month_end = b.as_of
),

final as (
    select
        m.month,
        m.month_end,
        {{ money('lag(m.ending, 1, 0) over (order by m.month)') }} as beginning,
        {{ money('coalesce(f.billed + f.opening, 0)') }} as billed,
        {{ money('coalesce(f.cancelled + f.substituted + f.rehomed, 0)') }} as cancelled,
        {{ money('coalesce(f.payment + f.advance_applied, 0)') }} as payments_applied,
        {{ money('coalesce(f.payment_reversed, 0)') }} as payments_reversed,
        {{ money('coalesce(f.credit_note + f.credit_note_cancelled, 0)') }} as credit_notes_applied,
        {{ money('coalesce(f.write_off, 0)') }} as write_offs,
        {{ money('m.ending') }} as ending,
        {{ money('coalesce(f.opening, 0)') }} as opening_balances,
        {{ money('coalesce(f.substituted, 0)') }} as substituted,
        {{ money('coalesce(f.rehomed, 0)') }} as payments_rehomed,
        {{ money('coalesce(f.advance_applied, 0)') }} as advances_applied,
        cast(coalesce(f.unvalued_items, 0) as integer) as unvalued_items
    from months as m left join flows as f on m.month = f.month
)

select * from final
order by month
