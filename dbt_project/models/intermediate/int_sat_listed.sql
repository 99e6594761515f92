-- Who stands on the SAT's lists and why it matters to whoever sells to them. Of article 69 each supuesto is a list of its own,
-- delivered whole: the latest counts, and who left it is off. 69-B keeps everybody and moves their situation: the latest.
with latest_69 as (
    select
        *,
        max(delivery_date) over (partition by upper(supuesto)) as list_date
    from {{ ref('stg_sat__69') }}
)

select
    '69' as list,
    rfc,
    min(upper(supuesto)) as reason,
    max(list_date) as list_date
from latest_69
where delivery_date = list_date and (upper(supuesto) like '%LOCALIZADO%' or upper(supuesto) like '%FIRME%')
group by rfc
union all
select
    '69-B',
    rfc,
    situacion,
    delivery_date
from {{ latest_delivery(ref('stg_sat__69b'), ['rfc']) }} as b
where lower(situacion) like 'presunt%' or lower(situacion) like 'definitiv%'
