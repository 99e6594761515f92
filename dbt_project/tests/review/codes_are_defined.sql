-- Every KPI and every exception rule that is shown has its definition in a seed, and every defined KPI is shown.
select k.kpi as code from (select distinct kpi from {{ ref('kpi_figures') }}) as k
left join {{ ref('kpis') }} as d on k.kpi = d.kpi
where d.kpi is null
union all
select d.kpi from {{ ref('kpis') }} as d
left join (select distinct kpi from {{ ref('kpi_figures') }}) as k on k.kpi = d.kpi
where k.kpi is null and exists (select 1 from {{ ref('int_weeks') }})
union all
select f.rule from (
    select distinct rule from {{ ref('int_exceptions_documents') }}
    union
    select distinct rule from {{ ref('int_exceptions_payments') }}
    union
    select distinct rule from {{ ref('int_exceptions_balances') }}
) as f
left join {{ ref('exception_rules') }} as r on f.rule = r.rule
where r.rule is null
