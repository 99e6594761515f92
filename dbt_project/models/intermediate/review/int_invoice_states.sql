-- The life of every credit sale as dated states: open, paid, credited (closed without cash), written_off. A bounced
-- cheque opens it again, so one invoice may have several. What was cancelled or substituted has none from then on.
-- `has_cash`: closed with at least one live cash application. What followed from the invoice that it replaced counts
-- as what it is: a payment, cash or not, an advance or a credit note.
with

invoices as (select * from {{ ref('int_invoice_cuts') }} where is_credit_sale),

intervals as (
    select b.invoice_key, b.valid_from as state_from, b.valid_to as state_to
    from {{ ref('balance_intervals') }} as b
    inner join invoices as i on b.invoice_key = i.invoice_key
    where b.basis = 'effective'
),

-- instalments of one invoice overlap: the invoice is open while any of them is
{{ merged_spans('open_states', 'intervals', ['invoice_key'], 'state_from', 'state_to') }},

first_states as (select invoice_key, min(state_from) as state_from from open_states group by invoice_key),

closings as (
    select invoice_key, state_to as closed_from,
        lead(state_from, 1, {{ forever() }}) over (partition by invoice_key order by state_from) as closed_to
    from open_states
    union all
    select i.invoice_key, i.issue_date, coalesce(o.state_from, {{ forever() }})
    from invoices as i left join first_states as o on i.invoice_key = o.invoice_key
    where o.invoice_key is null or o.state_from > i.issue_date
),

closed as (
    select c.invoice_key, c.closed_from, least(c.closed_to, coalesce(i.left_date, {{ forever() }})) as closed_to
    from closings as c
    inner join invoices as i on c.invoice_key = i.invoice_key
    where c.closed_from < least(c.closed_to, coalesce(i.left_date, {{ forever() }}))
),

advances as (select cn_key from {{ ref('int_credit_notes') }} where kind = 'anticipo'),

-- what had brought it to zero by then: movements lower the balance, so payments are negative
paid_sums as (
    select
        c.invoice_key,
        c.closed_from,
        max(c.closed_to) as closed_to,
        coalesce(sum(case when m.is_cash then m.amount_ccy end), 0) < 0 as has_cash,
        coalesce(sum(case when m.doc_type = 'payment' or a.cn_key is not null then m.amount_ccy end), 0) < 0 as has_payment,
        coalesce(sum(case when m.flow = 'write_off' then m.amount_ccy end), 0) < 0 as has_write_off
    from closed as c
    left join {{ ref('int_movements') }} as m on c.invoice_key = m.invoice_key and m.effective_date <= c.closed_from and m.flow <> 'billed'
    left join advances as a on m.doc_type = 'credit_note' and m.doc_key = a.cn_key
    group by c.invoice_key, c.closed_from
),

states as (
    select invoice_key, 'open' as state, false as has_cash, state_from, state_to from open_states
    union all
    select
        invoice_key,
        case when has_write_off then 'written_off' when has_payment then 'paid' else 'credited' end,
        has_cash and not has_write_off,
        closed_from,
        closed_to
    from paid_sums
),

final as (
    select
        s.invoice_key,
        i.cut_key,
        s.state,
        s.has_cash,
        s.state_from,
        s.state_to,
        i.issue_date,
        {{ days_between('i.issue_date', 's.state_from') }} as days,
        {{ days_between('i.due_date', 's.state_from') }} as days_vs_due,
        i.total_mxn_issue
    from states as s inner join invoices as i on s.invoice_key = i.invoice_key
)

select * from final
