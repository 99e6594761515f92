-- To which invoice each credit note goes: the register's applications; else its one related invoice, whole; several
-- related invoices are split later, by their open balance (allocation 'pro_rata', amount null here).
with explicit_rows as (
    select
        n.cn_key,
        a.invoice_key,
        x.applied_date,
        {{ money('sum(x.amount)') }} as amount_ccy
    from {{ latest_delivery(ref('stg_register__credit_note_applications'), ['cn_id', 'invoice_id', 'applied_date']) }} as x
    inner join {{ ref('int_credit_note_aliases') }} as n on {{ invoice_alias('x.cn_id') }} = n.alias
    inner join {{ ref('int_invoice_aliases') }} as a on {{ invoice_alias('x.invoice_id') }} = a.alias
    group by n.cn_key, a.invoice_key, x.applied_date
),

covered as (
    select distinct cn_key from explicit_rows
),

related as (
    select n.cn_key, n.register_invoice_key as invoice_key
    from {{ ref('int_credit_notes') }} as n
    where n.register_invoice_key is not null
    union
    select n.cn_key, a.invoice_key
    from {{ ref('int_credit_notes') }} as n
    inner join {{ ref('stg_cfdi__related') }} as r
        on n.cfdi_file_id = r.source_file_id and r.tipo_relacion in ('01', '03', '07')
    inner join {{ ref('int_invoice_aliases') }} as a on r.related_uuid = a.alias
    where n.register_invoice_key is null
),

-- an advance's own invoice named beside the final one: the final invoice relates 07 to it
advances as (
    select distinct a.invoice_key
    from {{ ref('int_invoice_matches') }} as m
    inner join {{ ref('stg_cfdi__related') }} as r on m.cfdi_file_id = r.source_file_id and r.tipo_relacion = '07'
    inner join {{ ref('int_invoice_aliases') }} as a on r.related_uuid = a.alias
),

counted as (
    select
        r.cn_key,
        r.invoice_key,
        count(*) over (partition by r.cn_key) as invoices_count
    from (
        select
            r.*,
            v.invoice_key is not null as is_advance,
            min(case when v.invoice_key is null then 0 else 1 end) over (partition by r.cn_key) as all_advances
        from related as r
        left join advances as v on r.invoice_key = v.invoice_key
        left join covered as c on r.cn_key = c.cn_key
        where c.cn_key is null
    ) as r
    where not r.is_advance or r.all_advances = 1
)

select cn_key, invoice_key, applied_date, amount_ccy, 'explicit' as allocation from explicit_rows
union all
select
    c.cn_key,
    c.invoice_key,
    n.issue_date,
    case when c.invoices_count = 1 then n.total_ccy end,
    case when c.invoices_count = 1 then 'single' else 'pro_rata' end
from counted as c
inner join {{ ref('int_credit_notes') }} as n on c.cn_key = n.cn_key
