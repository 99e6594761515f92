"""The company's registers as rows of the contract's columns: what its own system would export.

One function per kind that comes from documents; kinds that are plain lists already stand in
`Company.tables`. Columns a row does not name stay blank.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from ingestion.sample.model import USD, Company, Customer, Invoice, Payment

Row = dict[str, object]


def _customer(customer: Customer) -> Row:
    return {
        "customer_id": customer.customer_id, "rfc": customer.register_rfc, "name": customer.name,
        "segment": customer.segment, "branch": customer.branch, "account_owner": customer.account_owner,
        "account_owner_email": customer.account_owner_email, "contact_name": customer.contact_name,
        "contact_email": customer.contact_email, "contact_phone": customer.contact_phone,
        "terms_days": customer.terms_days, "terms_from": customer.terms_from if customer.terms_days else None,
        "revision_days": customer.revision_days, "payment_days": customer.payment_days, "portal": customer.portal,
        "credit_limit": customer.credit_limit,
        "credit_limit_currency": customer.credit_limit_currency if customer.credit_limit else None,
        "do_not_contact": customer.do_not_contact, "tags": customer.tags,
    }  # fmt: skip


def _invoice(company: Company, invoice: Invoice) -> Row:
    return {
        "invoice_id": invoice.invoice_id, "uuid": invoice.uuid if invoice.uuid_in_register else None,
        "serie": invoice.serie, "folio": invoice.folio, "customer_id": invoice.customer.customer_id,
        "branch": invoice.customer.branch, "salesperson": invoice.customer.salesperson,
        "metodo_pago": invoice.metodo_pago, "currency": invoice.currency, "fx_rate": invoice.fx_rate,
        "subtotal": invoice.subtotal - invoice.discount, "iva": invoice.vat,
        "total": invoice.total if invoice.register_total is None else invoice.register_total,
        "sale_confirmed_date": invoice.sale_confirmed, "issue_deadline": invoice.issue_deadline,
        "issue_date": invoice.issue_date, "sent_date": invoice.sent_date, "due_date": invoice.due_date,
        "cancel_date": invoice.cancel_date, "cancel_motivo": invoice.cancel_motivo,
        "replaces_invoice_id": invoice.replaces.invoice_id if invoice.replaces else None,
        "purchase_order": invoice.purchase_order, "origin_type": "order" if invoice.origin_id else None,
        "origin_id": invoice.origin_id, "contrarrecibo_folio": invoice.contrarrecibo_folio,
        "contrarrecibo_date": invoice.contrarrecibo_date, "scheduled_payment_date": invoice.scheduled_date,
        "company_rfc": company.rfc,
    }  # fmt: skip


def invoice_rows(company: Company) -> list[Row]:
    """The invoice register: repeated rows stand twice, one of them with another order number."""
    rows = [_invoice(company, i) for i in company.invoices if i.in_register]
    rows += [_invoice(company, i) for i in company.repeated_invoices]
    rows += [{**_invoice(company, i), "purchase_order": "OC-CORREGIDA"} for i in company.conflicting_rows]
    return rows


def _payment(company: Company, payment: Payment) -> Row:
    target = payment.applications[0].invoice if payment.direct else None
    return {
        "payment_id": payment.payment_id, "rep_uuid": payment.rep.uuid if payment.rep else None,
        "customer_id": None if target else payment.customer.customer_id,
        "invoice_id": target.invoice_id if target and payment.direct == "invoice_id" else None,
        "invoice_uuid": target.uuid if target and payment.direct == "invoice_uuid" else None,
        "payment_date": payment.date, "currency": payment.currency, "fx_rate": payment.fx_rate,
        "amount": payment.amount, "method": payment.method, "reversed_date": payment.reversed_date,
        "bank_reference": payment.reference, "company_rfc": company.rfc,
    }  # fmt: skip


def _applications(company: Company) -> list[Row]:
    rows: list[Row] = []
    for payment in company.payments:
        if payment.direct:
            continue
        for item in payment.applications:
            row: Row = {
                "application_id": item.application_id, "payment_id": payment.payment_id,
                "invoice_id": item.invoice.name, "applied_date": item.applied_date,
                "amount_invoice_ccy": item.amount, "amount_payment_ccy": item.amount_payment,
            }  # fmt: skip
            if payment.rep:
                row["num_parcialidad"] = item.partiality
                row["imp_saldo_ant"], row["imp_saldo_insoluto"] = item.balance_before, item.balance_after
            rows.append(row)
    return rows


def _credit_notes(company: Company) -> list[Row]:
    return [
        {
            "cn_id": n.cn_id, "uuid": n.uuid, "customer_id": n.customer.customer_id, "currency": n.currency,
            "fx_rate": n.fx_rate, "issue_date": n.issue_date, "total": n.total, "tipo_relacion": n.relation,
            "related_invoice_id": n.applications[0][0].name if n.applications else None, "reason": n.reason,
            "cancel_date": n.cancel_date, "company_rfc": company.rfc,
        }
        for n in company.credit_notes
    ]  # fmt: skip


def _documents(company: Company) -> dict[str, Callable[[], list[Row]]]:
    return {
        "customers": lambda: [_customer(c) for c in company.customers],
        "invoices": lambda: invoice_rows(company),
        "instalments": lambda: [
            {"invoice_id": i.name, "number": number, "due_date": due, "amount": amount}
            for i in company.invoices for number, due, amount in i.instalments
        ],
        "payments": lambda: [_payment(company, p) for p in (*company.payments, *company.repeated_payments)],
        "payment_applications": lambda: _applications(company),
        "credit_notes": lambda: _credit_notes(company),
        "credit_note_applications": lambda: [
            {"cn_id": n.cn_id, "invoice_id": i.name, "applied_date": day, "amount": amount}
            for n in company.credit_notes for i, day, amount in n.applications
        ],
        "write_offs": lambda: [
            {"write_off_id": w.write_off_id, "invoice_id": w.invoice.name, "date": w.date, "amount": w.amount,
             "currency": w.invoice.currency, "approved_by": "Dirección de Finanzas"}
            for w in company.write_offs
        ],
        "fx_rates": lambda: [
            {"date": day, "currency": USD, "mxn_per_unit": rate} for day, rate in company.fx.items()
        ],
        "bank_lines": lambda: [
            {"bank_line_id": b.bank_line_id, "account": b.account, "account_currency": b.currency,
             "value_date": b.value_date, "amount": b.amount, "description": b.description, "reference": b.reference}
            for b in company.bank_lines
        ],
        "disputes": lambda: [
            {"dispute_id": d.dispute_id, "invoice_id": d.invoice.name, "opened_date": d.opened,
             "closed_date": d.closed, "reason": d.reason, "disputed_amount": d.amount,
             "currency": d.invoice.currency, "outcome": d.outcome, "owner": d.owner}
            for d in company.disputes
        ],
        "promises": lambda: [
            {"promise_id": p.promise_id, "customer_id": p.customer.customer_id,
             "invoice_id": p.invoice.name if p.invoice else None, "made_date": p.made,
             "promised_date": p.promised, "amount": p.amount, "currency": p.currency}
            for p in company.promises
        ],
    }  # fmt: skip


def register_rows(company: Company) -> dict[str, list[Row]]:
    """Every register kind and its rows, in a fixed order."""
    rows = {kind: make() for kind, make in _documents(company).items()}
    rows.update(company.tables)
    return rows


def cell(value: object) -> str:
    """A value as a CSV cell: ISO dates, plain decimals, true/false, blank for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
