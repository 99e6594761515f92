select
    cast(null as integer) as invoice_key,
    cast(null as integer) as customer_key,
    cast(null as integer) as instalment,
    cast(null as integer) as movement_order,
    cast(null as varchar) as kind,
    cast(null as varchar) as flow,
    cast(null as date) as effective_date,
    cast(null as date) as recorded_date,
    cast(null as decimal(18,2)) as amount_ccy,
    cast(null as varchar) as currency,
    cast(null as decimal(18,2)) as amount_mxn_issue,
    cast(null as varchar) as doc_type,
    cast(null as integer) as doc_key,
    cast(null as boolean) as is_cash,
    cast(null as varchar) as source_kind,
    cast(null as varchar) as source_file_id
where false
