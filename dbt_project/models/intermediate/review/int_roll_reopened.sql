-- Receivable lines that were settled at the start of a span in which they move: only where a balance ever rose again.
-- Apart from int_roll_cells, for there are few: joined there as a subquery, the many are taken for the small side.
with

movements as (
    select invoice_key, instalment, effective_date, amount_mxn_issue > 0 and kind not in ('billed', 'opening', 'excess') as is_rise
    from {{ ref('int_movements') }}
    where amount_mxn_issue is not null and (amount_mxn_issue > 0 or flow not in ('billed', 'opening'))
),

spans as (
    select d.day, s.span_key, s.from_date
    from {{ ref('int_report_periods') }} as d inner join {{ ref('int_roll_periods') }} as s on s.from_date < d.day and d.day <= s.to_date
),

intervals as (
    select invoice_key, instalment, valid_from, valid_to
    from {{ ref('balance_intervals') }}
    where basis = 'effective' and fx_issue_rate is not null
),

final as (
    select distinct d.span_key, m.invoice_key, m.instalment
    from movements as m
    inner join (select distinct invoice_key from movements where is_rise) as r on m.invoice_key = r.invoice_key
    inner join spans as d on m.effective_date = d.day
    left join intervals as b
        on m.invoice_key = b.invoice_key and m.instalment = b.instalment and b.valid_from <= d.from_date and d.from_date < b.valid_to
    where b.invoice_key is null
)

select * from final
