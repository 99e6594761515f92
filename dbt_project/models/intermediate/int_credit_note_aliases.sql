-- Every name of a credit note, each pointing at one: the register's id, else its UUID.
with names as (
    select {{ invoice_alias('register_id') }} as alias, cn_key, 1 as rank from {{ ref('int_credit_notes') }} where register_id is not null
    union all
    select uuid, cn_key, case when cfdi_file_id is not null then 2 else 3 end
    from {{ ref('int_credit_notes') }} where uuid is not null
)

select alias, cn_key
from (select *, row_number() over (partition by alias order by rank, cn_key) as place from names) as ranked
where place = 1
