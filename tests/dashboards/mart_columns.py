"""The columns that the app reads, one line a table: the contract between the models and the screens.

`fixture_snapshot` makes its tables from this text, and a test compares a real snapshot with it.
A column without a type gets it from its name: `_mxn` and `_ccy` are money, `_pct` a rate, `_date` a date.
"""

from __future__ import annotations

MARTS = """
fct_movements(invoice_id, customer_id, instalment INTEGER, movement_number INTEGER, kind, effective_date, recorded_date,
    amount_ccy, currency, amount_mxn_issue M, document_id, is_cash, source_kind, source_file_id)
fct_invoices(invoice_id, invoice_key INTEGER, uuid, serie, folio, folio_label, company_rfc, customer_id, customer_name,
    customer_rfc, branch, segment, salesperson, account_owner, metodo_pago, forma_pago, currency, fx_rate X,
    subtotal_ccy, iva_ccy, retenciones_ccy, total_ccy, total_mxn_issue M, issue_date, sale_confirmed_date,
    issue_deadline DATE, sent_date, due_date, oldest_open_due_date, due_rule, terms_days INTEGER, cancel_date,
    cancel_motivo,
    replaces_invoice_id, replaced_by_invoice_id, purchase_order, origin_type, origin_id,
    contrarrecibo_folio, contrarrecibo_date, scheduled_payment_date, status, open_ccy, open_mxn_issue M,
    open_mxn_closing M, fiscal_open_ccy, disputed_open_ccy, paid_ccy, credited_ccy, days_past_due INTEGER,
    bucket_due, bucket_issue, settled_date, days_to_pay INTEGER, is_credit_sale, is_global, is_receivable,
    en_sustitucion BOOLEAN, sat_status, rep_status, flags, sources, source_file_id)
fct_payments(payment_id, rep_uuid, customer_id, customer_name, company_rfc, payment_date, currency, fx_rate
    X, amount_ccy, amount_mxn, applied_ccy, unapplied_ccy, unapplied_mxn_closing M, method, forma_pago,
    is_cash, reversed_date, bank_reference, gateway, fee_ccy, net_ccy M, payout_id, payout_date,
    part_of_payment_id, sources, status, source_file_id)
fct_payment_applications(application_id, payment_id, invoice_id, customer_id, payment_date, applied_date,
    effective_date, recorded_date, reversed_date, amount_ccy, currency, amount_payment_ccy,
    payment_currency, amount_mxn_issue M, num_parcialidad INTEGER, imp_saldo_ant M, imp_saldo_insoluto M,
    is_cash, is_invoice_known, source_kind, source_file_id)
fct_credit_notes(cn_id, uuid, serie, folio, customer_id, customer_name, company_rfc, issue_date,
    cancel_date, currency, fx_rate X, total_ccy, total_mxn, applied_ccy, unapplied_ccy, tipo_relacion, kind,
    reason, related_invoice_id, sources, status, source_file_id)
dim_customers(customer_id, customer_key INTEGER, customer_name, rfc, segment, branch, account_owner,
    account_owner_email,
    contact_name, contact_email, contact_phone, terms_days INTEGER, terms_from, revision_days, payment_days
    VARCHAR, portal, credit_limit M, credit_limit_currency, do_not_contact BOOLEAN, tags, sources,
    is_generic)
dim_report_dates(as_of DATE, is_month_end, is_sunday, is_run_as_of, month DATE)
balance_intervals(basis, invoice_key INTEGER, instalment INTEGER, customer_key INTEGER, currency, issue_date,
    due_date, valid_from DATE, valid_to DATE, open_ccy, fx_issue_rate X)
unapplied_intervals(basis, doc_type, doc_key INTEGER, customer_key INTEGER, currency, doc_date, valid_from DATE,
    valid_to DATE, unapplied_ccy)
fx_rates_daily(date DATE, currency, mxn_per_unit X, source)
aging_open_items(as_of DATE, basis, invoice_id, instalment INTEGER, customer_id, currency, open_ccy,
    open_mxn_issue M, open_mxn_closing M, issue_date, due_date, days_past_due INTEGER, bucket_due,
    bucket_issue, disputed_open_ccy)
aging_by_customer(as_of DATE, basis, customer_id, open_invoices INTEGER, current_mxn, d1_30_mxn, d31_60_mxn,
    d61_90_mxn, d91_120_mxn, d120_plus_mxn, gross_mxn, overdue_mxn, unapplied_mxn, net_mxn, disputed_mxn,
    gross_mxn_issue M, overdue_invoices INTEGER, unvalued_items INTEGER, oldest_days INTEGER)
aging_by_cut(as_of DATE, customer_id, company, branch, segment, salesperson, account_owner, currency,
    open_invoices INTEGER, current_mxn, d1_30_mxn, d31_60_mxn, d61_90_mxn, d91_120_mxn, d120_plus_mxn,
    gross_mxn, overdue_mxn, unapplied_mxn, net_mxn, disputed_mxn, gross_mxn_issue M, overdue_invoices
    INTEGER, unvalued_items INTEGER, oldest_days INTEGER, gross_ccy)
morosidad(as_of DATE, dimension, value, gross_mxn, overdue_mxn, by_amount_pct, by_amount_num M,
    by_amount_den M, by_invoice_pct, by_invoice_num INTEGER, by_invoice_den INTEGER, by_customer_pct,
    by_customer_num INTEGER, by_customer_den INTEGER, over_30_pct, over_30_num M, over_30_den M,
    over_90_pct, over_90_num M, over_90_den M, by_amount_excl_disputed_pct, by_amount_excl_disputed_num M,
    by_amount_excl_disputed_den M, unvalued_items INTEGER)
collection_speed(month DATE, month_end DATE, dimension, value, gross_mxn, current_mxn, unapplied_mxn,
    net_mxn, net_credit_sales_1m M, net_credit_sales_3m M, net_credit_sales_12m M, days_1m INTEGER, days_3m
    INTEGER, days_12m INTEGER, dso_simple R, dso_rolling_3m R, dso_rolling_12m R, dso_countback R,
    countback_complete BOOLEAN, bpdso_1m R, bpdso_3m R, add_1m R, add_3m R, dso_ledger_3m R, cei_pct,
    cei_num M, cei_den M, cei_excl_write_offs_pct, cei_excl_write_offs_num M, cei_excl_write_offs_den M)
collection_time(as_of DATE, dimension, value, closed_invoices INTEGER, mean_days R, median_days R,
    weighted_days R, payment_weighted_days R, km_median_days INTEGER, mean_days_vs_due R, mean_days_late R)
billed_vs_collected(month DATE, dimension, value, invoices_issued INTEGER, billed_gross_mxn, cancelled_mxn,
    credit_notes_mxn, billed_net_mxn, collected_mxn, collected_pct, collected_num M, collected_den M)
disputes(dispute_id, invoice_id, invoice_key INTEGER, customer_id, customer_name, opened_date, closed_date, reason,
    reason_name, disputed_amount_ccy, currency, disputed_invoice_ccy, disputed_open_ccy, disputed_open_mxn, outcome,
    owner, is_open, age_days INTEGER, resolution_days INTEGER)
dispute_board(as_of DATE, dimension, value, open_count INTEGER, open_amount_mxn, share_of_ar_pct,
    share_of_ar_num M, share_of_ar_den M, oldest_days INTEGER, closed_count INTEGER, accepted_count INTEGER,
    accepted_pct, accepted_num INTEGER, accepted_den INTEGER, mean_resolution_days R, median_resolution_days
    R)
worklist(customer_id, customer_name, rfc, priority INTEGER, score R, reasons, overdue_mxn, gross_mxn,
    disputed_mxn, oldest_days INTEGER, overdue_invoices INTEGER, last_contact_date, last_contact_channel,
    promise_date, promise_amount_mxn, promise_status, next_action, next_action_date, owner, branch, segment,
    is_today, is_untouched, do_not_contact BOOLEAN, unapplied_mxn)
exceptions(rule, entity_type, entity_id, customer_id, amount_mxn, detail, owner, since DATE, severity)
waiting_documents(kind, document_id, waits_for_kind, waits_for_id, kind_name, customer_id, customer_name,
    amount_ccy, currency, amount_mxn, since DATE, waiting_days INTEGER, detail, source_file_id)
cfdi_checks(uuid, check_name, severity, tipo, emisor_rfc, receptor_rfc, customer_id, issue_date DATE, expected,
    found, difference DECIMAL(24,6), detail, source_file_id)
cfdi_checks_summary(position INTEGER, check_name, name_es, what_to_do_es, severity, documents_checked INTEGER,
    documents_failed INTEGER)
kpis(kpi, period, dimension, dimension_value, value R, numerator M, denominator M, previous R)
weekly_movements(week_end DATE, metric, value M, ids)
weekly_bridge(week_end DATE, line, position INTEGER, value_mxn)
"""

META = """
files(file_id, content_id, path, member, sha256, size_bytes BIGINT, kind, status, reason, flags, rows_read
    INTEGER, rows_loaded BIGINT, rows_quarantined BIGINT, rows_duplicate BIGINT, first_seen_at TIMESTAMP,
    last_seen_at TIMESTAMP, delivery_date)
quarantine(quarantine_id, file_id, path, member, kind, row_number BIGINT, location, code, reason, raw_text,
    first_seen_at TIMESTAMP, status)
runs(run_id, as_of DATE, started_at TIMESTAMP, finished_at TIMESTAMP, status, files_new BIGINT, rows_loaded
    INTEGER, rows_quarantined BIGINT, message, accepted_reason)
checks(run_id, gate, check_name, subject, status, severity, message, observed)
kpis(kpi, name_es, formula_es, unit, good_direction, mart, section)
exception_rules(rule, name_es, why_es, what_to_do_es, legal_basis_es, by_when_es, severity, entity_type)
buckets(position INTEGER, bucket, column_name, min_days INTEGER, max_days INTEGER, name_es)
columns(table_name, column_name, description, data_type)
snapshot(run_id, as_of DATE, published_at TIMESTAMP, code_version, fingerprint, company_name, own_rfcs,
    row_counts, totals)
"""

SHORT_TYPES = {"M": "DECIMAL(18,2)", "R": "DECIMAL(18,4)", "X": "DECIMAL(18,6)"}
SUFFIX_TYPES = {
    "_mxn": "DECIMAL(18,2)", "_ccy": "DECIMAL(18,2)", "_pct": "DECIMAL(18,4)", "_date": "DATE",
}  # fmt: skip


def _typed(column: str) -> tuple[str, str]:
    name, _, declared = column.strip().partition(" ")
    if declared:
        return name, SHORT_TYPES.get(declared, declared)
    if name.startswith("is_"):
        return name, "BOOLEAN"
    return name, next((kind for suffix, kind in SUFFIX_TYPES.items() if name.endswith(suffix)), "VARCHAR")


def tables(text: str) -> dict[str, list[tuple[str, str]]]:
    """Table name -> (column, SQL type) in order."""
    found = {}
    for line in text.strip().replace("\n    ", " ").splitlines():
        name, _, columns = line.rstrip(")").partition("(")
        found[name] = [_typed(column) for column in columns.split(", ")]
    return found
