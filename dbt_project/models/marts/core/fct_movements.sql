select
    cast(null as VARCHAR) as movement_id,
    cast(null as VARCHAR) as invoice_id,
    cast(null as VARCHAR) as customer_id,
    cast(null as INTEGER) as instalment,
    cast(null as VARCHAR) as kind,
    cast(null as VARCHAR) as flow,
    cast(null as DATE) as effective_date,
    cast(null as DATE) as recorded_date,
    cast(null as DECIMAL(18,2)) as amount_ccy,
    cast(null as VARCHAR) as currency,
    cast(null as DECIMAL(18,2)) as amount_mxn_issue,
    cast(null as VARCHAR) as document_id,
    cast(null as BOOLEAN) as is_cash,
    cast(null as VARCHAR) as source_kind,
    cast(null as VARCHAR) as source_file_id
where false
