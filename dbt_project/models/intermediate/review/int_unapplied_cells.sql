-- Money and credit notes without an invoice on each report date, per basis and cut: at the rate of the date, and at
-- the document's own rate for the flow ratios.
with

final as (
    select
        r.as_of,
        u.basis,
        d.cut_key,
        {{ money('coalesce(sum(' ~ pesos('u.unapplied_ccy', 'r.rate') ~ '), 0)') }} as unapplied_mxn,
        {{ money('coalesce(sum(' ~ pesos('u.unapplied_ccy', 'u.fx_rate') ~ '), 0)') }} as unapplied_mxn_issue,
        cast(sum(case when r.rate is null then 1 else 0 end) as integer) as unvalued_items,
        cast(sum(case when u.fx_rate is null then 1 else 0 end) as integer) as unvalued_issue
    from {{ ref('int_unapplied_intervals') }} as u
    inner join {{ ref('int_report_rates') }} as r
        on u.currency = r.currency and u.valid_from <= r.as_of and r.as_of < u.valid_to
    inner join {{ ref('int_document_cuts') }} as d on u.doc_type = d.doc_type and u.doc_key = d.doc_key
    group by r.as_of, u.basis, d.cut_key
)

select * from final
