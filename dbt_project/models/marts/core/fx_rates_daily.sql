-- The rate of every day: the last one on or before it. The user's file wins; a currency that the file does not
-- have takes the latest rate on our own documents (fx_from_documents). MXN is 1. No rate, no row.
with file_rates as (
    select date, upper(currency) as currency, mxn_per_unit, 'fx_rates' as source
    from {{ latest_delivery(ref('stg_register__fx_rates'), ['date', 'currency']) }} as r
    where mxn_per_unit is not null
),

document_rates as (
    select date, currency, max(mxn_per_unit) as mxn_per_unit, 'fx_from_documents' as source
    from (
        select issue_date as date, moneda as currency, tipo_cambio as mxn_per_unit
        from {{ ref('int_cfdi_documents') }}
        where is_own and outcome = 'counts' and tipo_de_comprobante in ('I', 'E')
        union all
        select issue_date, currency, fx_rate from {{ ref('stg_register__invoices') }}
        union all
        select payment_date, currency, fx_rate from {{ ref('stg_register__payments') }}
        union all
        select cast(fecha_pago as date), moneda_p, tipo_cambio_p from {{ ref('stg_cfdi__payments') }}
    ) as d
    where
        currency <> 'MXN' and mxn_per_unit is not null
        and currency not in (select currency from file_rates)
    group by date, currency
),

known as (
    select
        greatest(date, {{ ledger_start() }}) as date,
        currency,
        {{ last_by('mxn_per_unit', 'date') }} as mxn_per_unit,
        {{ last_by('source', 'date') }} as source
    from (select * from file_rates union all select * from document_rates) as r
    where date <= {{ as_of() }} and currency <> 'MXN'
    group by greatest(date, {{ ledger_start() }}), currency
),

bounds as (
    select greatest(min(first_date), {{ ledger_start() }}) as first_date
    from (
        select min(issue_date) as first_date from {{ ref('int_cfdi_documents') }} where is_own
        union all
        {% for kind, column in [('invoices', 'issue_date'), ('payments', 'payment_date'), ('credit_notes', 'issue_date'),
                                ('opening_balances', 'date')] %}
        select min({{ column }}) from {{ ref('stg_register__' ~ kind) }} where {{ column }} >= {{ ledger_start() }}
        union all
        {% endfor %}
        select min(date) from known
        union all
        select {{ as_of() }}
    ) as d
    where first_date <= {{ as_of() }}
),

days as (
    {{ date_spine('first_date', as_of(), 'bounds') }}
),

currencies as (
    select distinct currency from known
),

filled as (
    select
        d.date,
        c.currency,
        {{ last_known('k.mxn_per_unit') }} over w as mxn_per_unit,
        {{ last_known('k.source') }} over w as source
    from days as d
    cross join currencies as c
    left join known as k on d.date = k.date and c.currency = k.currency  -- noqa: ST11
    window w as (partition by c.currency order by d.date rows between unbounded preceding and current row)
)

select date, cast('MXN' as string) as currency, {{ rate('1') }} as mxn_per_unit, cast('base' as string) as source from days
union all
select date, currency, {{ rate('mxn_per_unit') }}, source from filled where mxn_per_unit is not null
order by date, currency
