"""Which exceptions the data must raise at its end, by rule and entity (METRICS.md sections 5 and 9).

`entities`: a right implementation raises exactly these, and may raise those of `also_allowed`, where two
readings of the rule are fair (a note says which). Rules not listed must raise nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from ingestion.sample.model import ZERO, BankLine, Invoice, Payment
from ingestion.sample.truth_ledger import Ledger

REP_DEADLINE_DAY = 5
LATE_APPLICATION_DAYS = 5
BANK_MATCH_DAYS = 3
BANK_MATCH_TOLERANCE = Decimal("50.00")
SMALLEST_OPEN = Decimal("0.005")


class _Findings:
    def __init__(self) -> None:
        self.found: dict[str, dict[str, object]] = {}

    def add(self, rule: str, entities: Iterable[str], also: Iterable[str] = (), note: str = "") -> None:
        sure = sorted(set(entities))
        allowed = sorted(set(also) - set(sure))
        if sure or allowed:
            self.found[rule] = {"count": len(sure), "entities": sure, "also_allowed": allowed, "note": note}


def expected_exceptions(ledger: Ledger, promises: dict[str, str]) -> dict[str, dict[str, object]]:
    """Every rule that the data plants. `promises`: status by promise at the end."""
    findings = _Findings()
    _about_sources(ledger, findings)
    _about_documents(ledger, findings)
    _about_balances(ledger, findings)
    _about_payments(ledger, findings)
    _about_reps(ledger, findings)
    _about_work(ledger, findings, promises)
    _about_bank(ledger, findings)
    return findings.found


def _about_sources(ledger: Ledger, findings: _Findings) -> None:
    company = ledger.company
    findings.add("DUPLICATE_CFDI_UUID", (i.invoice_id for i in company.repeated_invoices))
    findings.add("DUPLICATE_REP_UUID", (p.payment_id for p in company.repeated_payments))
    findings.add("UUID_CONTENT_CONFLICT", (i.invoice_id for i in company.conflicting_rows),
                 note="One register id twice in one file with another purchase_order.")  # fmt: skip
    findings.add("REGISTER_WITHOUT_CFDI", (i.name for i in company.invoices if not i.has_cfdi))
    findings.add("CFDI_WITHOUT_REGISTER", (i.name for i in company.invoices if not i.in_register))
    malformed = [c for c in company.customers if c.rfc != c.register_rfc]
    findings.add("RFC_MALFORMED", (c.customer_id for c in malformed))
    findings.add(
        "REGISTER_CFDI_MISMATCH", (i.name for i in company.invoices if i.register_total is not None),
        (i.name for i in company.invoices if i.customer in malformed),
        "The customer of RFC_MALFORMED has another RFC in its CFDIs.",
    )  # fmt: skip
    folios: dict[str, set[int]] = {}
    for invoice in company.invoices:
        folios.setdefault(invoice.serie, set()).add(invoice.folio)
    for note in company.credit_notes:
        folios.setdefault("NC", set()).add(note.folio)
    for payment in company.payments:
        if payment.rep:
            folios.setdefault("P", set()).add(payment.rep.folio)
    findings.add("FOLIO_GAP", (gap for serie, numbers in folios.items() for gap in _gaps(serie, numbers)))


def _gaps(serie: str, numbers: set[int]) -> list[str]:
    ordered = sorted(numbers)
    gaps = []
    for one, two in pairwise(ordered):
        if two - one == 2:
            gaps.append(f"{serie}-{one + 1}")
        elif two - one > 2:
            gaps.append(f"{serie}-{one + 1}..{serie}-{two - 1}")
    return gaps


def _about_documents(ledger: Ledger, findings: _Findings) -> None:
    invoices, end = ledger.company.invoices, ledger.company.end
    blank = [i for i in invoices if i.due_date is None]
    outside = [i for i in invoices if not i.in_register]
    findings.add(
        "MISSING_DUE_DATE",
        (i.name for i in blank if i.in_register),
        (i.name for i in outside),
        "CFDIs outside the register have no due date either.",
    )
    forms: dict[tuple[str, bool], list[str]] = {
        (i.metodo_pago, i.forma_pago == "99"): [] for i in invoices if i.has_cfdi
    }
    for invoice in invoices:
        if invoice.has_cfdi:
            forms[invoice.metodo_pago, invoice.forma_pago == "99"].append(invoice.name)
    findings.add("PUE_WITH_FORM_99", forms.get(("PUE", True), []))
    findings.add("PPD_WITHOUT_FORM_99", forms.get(("PPD", False), []))
    replaced = [i for i in invoices if i.replaced_by]
    findings.add("CANCELLED_AND_REPLACED", (i.name for i in replaced if i.cancel_date))
    findings.add("REPLACED_NOT_CANCELLED", (i.name for i in replaced if not i.cancel_date))
    findings.add(
        "ISSUED_NOT_SENT",
        (i.name for i in invoices if i.in_register and not i.sent_date and not ledger.is_void(i, end)),
        (i.name for i in outside),
        "No register says when those CFDIs were sent.",
    )


def _about_balances(ledger: Ledger, findings: _Findings) -> None:
    company, end = ledger.company, ledger.company.end
    by_invoice: dict[int, Decimal] = {}
    gross: dict[str, Decimal] = {}
    for line in ledger.open_lines(end):
        by_invoice[id(line.invoice)] = by_invoice.get(id(line.invoice), ZERO) + line.open_closing
        cid = line.invoice.customer.customer_id
        gross[cid] = gross.get(cid, ZERO) + line.open_closing
    findings.add("RESIDUAL_BELOW_1_MXN", (i.name for i in company.invoices
                                          if SMALLEST_OPEN <= by_invoice.get(id(i), ZERO) < 1))  # fmt: skip
    findings.add("PUE_UNPAID_AFTER_MONTH_END", (
        i.name for i in company.invoices
        if i.metodo_pago == "PUE" and by_invoice.get(id(i)) and _month_end(i.issue_date) < end
    ))  # fmt: skip
    unapplied = ledger.unapplied_by_customer(end, "effective")
    over = []
    for customer in company.customers:
        if customer.credit_limit:
            limit = customer.credit_limit * ledger.rate(customer.credit_limit_currency, end)
            cid = customer.customer_id
            if gross.get(cid, ZERO) - unapplied.get(cid, ZERO) > limit:
                over.append(cid)
    findings.add("CREDIT_LIMIT_EXCEEDED", over)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _pairs(ledger: Ledger) -> Iterable[tuple[Payment, int, Invoice, str]]:
    """(payment, position, invoice, entity id) of every application."""
    for payment in ledger.company.payments:
        for at, item in enumerate(payment.applications):
            yield payment, at, item.invoice, f"{payment.payment_id}->{item.invoice.name}"


def _about_payments(ledger: Ledger, findings: _Findings) -> None:
    company, end = ledger.company, ledger.company.end
    overpaid = {
        f"{p.payment_id}->{i.name}": p.payment_id for p, _, i, _ in _pairs(ledger) if ledger.excess(i, end, "effective")
    }  # fmt: skip
    findings.add("OVERPAID_INVOICE", overpaid)
    findings.add("UNAPPLIED_PAYMENT", (p.payment_id for p in company.payments
                                       if ledger.unapplied_payment(p, end, "effective") >= SMALLEST_OPEN),
                 overpaid.values(), "An explicit application above the open amount leaves an excess.")  # fmt: skip
    findings.add("UNAPPLIED_CREDIT_NOTE", (n.cn_id for n in company.credit_notes
                                           if ledger.unapplied_note(n, end, "effective") >= SMALLEST_OPEN))  # fmt: skip
    findings.add("PAYMENT_REVERSED", (p.payment_id for p in company.payments if p.reversed_date))
    findings.add(
        "REP_OF_REVERSED_PAYMENT", (p.payment_id for p in company.payments if p.reversed_date and p.rep)
    )
    early, moved, late = [], [], []
    for payment, at, invoice, entity in _pairs(ledger):
        if payment.date < invoice.issue_date:
            early.append(entity)
        if invoice.replaced_by:
            moved.append(f"{payment.payment_id}->{invoice.replaced_by.name}")
        applied = payment.applications[at].applied_date
        if (applied - max(payment.date, invoice.issue_date)).days > LATE_APPLICATION_DAYS:
            late.append(entity)
    findings.add(
        "PAYMENT_BEFORE_INVOICE", early, moved, "A payment that followed its invoice to a substitute."
    )
    findings.add("LATE_APPLICATION", late)


def _about_reps(ledger: Ledger, findings: _Findings) -> None:
    end = ledger.company.end
    missing, on_pue, to_cancelled, mismatch = [], [], [], []
    for payment, at, invoice, entity in _pairs(ledger):
        item = payment.applications[at]
        deadline = (_month_end(payment.date) + timedelta(days=1)).replace(day=REP_DEADLINE_DAY)
        if not payment.rep:
            if invoice.metodo_pago == "PPD" and deadline < end:
                missing.append(payment.payment_id)
            continue
        if invoice.metodo_pago == "PUE":
            on_pue.append(entity)
        if invoice.cancel_date and not invoice.replaced_by:
            to_cancelled.append(entity)
        before = _balance_before(ledger, payment, invoice)
        if item.balance_before != before or item.balance_before - item.amount != item.balance_after:
            mismatch.append(entity)
    findings.add("REP_MISSING_AFTER_DEADLINE", missing)
    findings.add("REP_ON_PUE", on_pue)
    findings.add("REP_TO_CANCELLED_INVOICE", to_cancelled)
    findings.add("REP_BALANCE_MISMATCH", mismatch)


def _balance_before(ledger: Ledger, payment: Payment, invoice: Invoice) -> Decimal:
    """What the ledger had open just before a payment took effect (no two things happen to an invoice in one day)."""
    moment = max(payment.date, invoice.issue_date) - timedelta(days=1)
    return invoice.total - sum(
        (s.amount for s in ledger.settlements[id(invoice)] if s.counts(moment, "effective")), ZERO
    )


def _about_work(ledger: Ledger, findings: _Findings, promises: dict[str, str]) -> None:
    company, end = ledger.company, ledger.company.end
    findings.add("PROMISE_BROKEN", (key for key, status in promises.items() if status == "broken"))
    findings.add("PROMISE_PARTIAL", (key for key, status in promises.items() if status == "partial"))
    findings.add("OPEN_INCIDENT_WITHOUT_OWNER", (str(r["incident_id"]) for r in company.tables["incidents"]
                                                 if not r["owner"] and not r["resolved_date"]))  # fmt: skip
    findings.add("CONFIRMED_SALE_NOT_INVOICED", (
        str(row["sale_id"]) for row in company.tables["pending_sales"]
        if not row["invoice_id"] and isinstance(row["issue_deadline"], date) and row["issue_deadline"] < end
    ))  # fmt: skip


def _about_bank(ledger: Ledger, findings: _Findings) -> None:
    """Section 9, Bank: references and joint deposits first, then by date and id, exact before tolerance."""
    company = ledger.company
    lines = {
        line.bank_line_id: line
        for line in sorted(company.bank_lines, key=lambda b: (b.value_date, b.bank_line_id))
    }
    named: dict[str, list[BankLine]] = {}
    for line in lines.values():
        if line.reference:
            named.setdefault(line.reference, []).append(line)
    waiting: list[tuple[date, str, Payment, Decimal]] = []
    for reference, group in _by_reference(company.payments).items():
        total = sum((p.amount for p in group), ZERO)
        hit = next((line for line in named.get(reference, []) if line.amount == total), None)
        if hit:
            del lines[hit.bank_line_id]
        else:
            waiting += [(p.date, p.payment_id, p, p.amount) for p in group]
    for payment in company.payments:
        if payment.reversed_date:
            waiting.append((payment.reversed_date, payment.payment_id, payment, -payment.amount))
    absent, mismatch = [], []
    for day, _, payment, amount in sorted(waiting, key=lambda w: (w[0], w[1], -w[3])):
        near = [b for b in lines.values() if b.currency == payment.currency
                and 0 <= (b.value_date - day).days <= BANK_MATCH_DAYS]  # fmt: skip
        hit = next((b for b in near if b.amount == amount), None)
        if hit is None and amount > 0:
            close = [b for b in near if abs(b.amount - amount) <= BANK_MATCH_TOLERANCE]
            hit = min(close, key=lambda b: abs(b.amount - amount), default=None)
            if hit:
                mismatch.append(payment.payment_id)
        if hit:
            del lines[hit.bank_line_id]
        else:
            absent.append(payment)
    sure = [p.payment_id for p in absent if p.forma_pago != "17"]
    findings.add("PAYMENT_NOT_IN_BANK", sure, (p.payment_id for p in absent if p.forma_pago == "17"),
                 "Compensación never passes through the bank.")  # fmt: skip
    findings.add("BANK_AMOUNT_MISMATCH", mismatch)
    findings.add("BANK_LINE_UNIDENTIFIED", lines)


def _by_reference(payments: list[Payment]) -> dict[str, list[Payment]]:
    groups: dict[str, list[Payment]] = {}
    for payment in payments:
        groups.setdefault(payment.reference, []).append(payment)
    return groups
