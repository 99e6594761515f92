select
    cast(null as integer) as application_key,
    cast(null as varchar) as application_id,
    cast(null as integer) as payment_key,
    cast(null as varchar) as invoice_ref,
    cast(null as integer) as invoice_key,
    cast(null as date) as applied_date,
    cast(null as decimal(18,2)) as amount_ccy,
    cast(null as varchar) as currency,
    cast(null as decimal(18,2)) as amount_payment_ccy,
    cast(null as integer) as num_parcialidad,
    cast(null as decimal(18,2)) as imp_saldo_ant,
    cast(null as decimal(18,2)) as imp_saldo_insoluto,
    cast(null as boolean) as is_explicit,
    cast(null as varchar) as source_kind,
    cast(null as varchar) as source_file_id
where false
