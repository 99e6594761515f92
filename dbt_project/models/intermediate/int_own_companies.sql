-- depends_on: {{ ref('stg_cfdi__documents') }}
-- Our own RFCs: the setting, else the commonest issuer of type-I documents (ties: the lowest).
{% if var('own_rfcs') %}
{% for rfc in var('own_rfcs') %}
select cast('{{ rfc | upper | replace("'", "''") }}' as string) as company_rfc
{% if not loop.last %}union{% endif %}
{% endfor %}
{% else %}
select company_rfc
from (
    select
        emisor_rfc as company_rfc,
        row_number() over (order by count(distinct uuid) desc, emisor_rfc) as place
    from {{ ref('stg_cfdi__documents') }}
    where tipo_de_comprobante = 'I'
    group by emisor_rfc
) as issuers
where place = 1
{% endif %}
