"""The ledger of the truth: what was open, unapplied and due on any day, from the documents alone.

An independent reading of METRICS.md sections 1, 2 and 9 and IDENTITY.md "Ledger rules" and "Precision":
event by event, in Decimal, without SQL and without the generator's own book-keeping (`Invoice.open`,
`moves`, `busy_until` are never read here). Figures built on it: `truth` and `truth_exceptions`.

Rules followed, by name: C1 (rows after D do not exist), C2 and C4 (open, undo), C3 (both bases), C5 (closing
and issue rates), C6 (unapplied apart), C7 (due date, in its order), C8 (buckets), C9 (global invoices out of
receivables; an invoice with a live 04 substitute counts 0 from the substitute's issue date and its payments
move there, dated max(substitute's issue, payment)), C13 (pesos rounded per invoice, instalment and date).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from ingestion.sample.model import MXN, ZERO, Company, CreditNote, Invoice, Payment, money

BASES = ("effective", "as_recorded")
WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
NON_CASH = {"12", "13", "14", "15", "17", "23", "24", "25", "26", "27", "30"}  # C12a
DEFAULT_TERMS_DAYS = 30
FOREVER = date.max


def due_dates(invoice: Invoice) -> list[tuple[int, date, Decimal]]:
    """(instalment, due, amount): the vencimientos, or one line for the whole invoice."""
    if invoice.instalments:
        return list(invoice.instalments)
    return [(1, due_date(invoice), invoice.total)]


def due_date(invoice: Invoice) -> date:
    """C7: the document's own date; contrarrecibo; the customer's terms; the CFDI's words; PUE; the default."""
    customer, issued = invoice.customer, invoice.issue_date
    if invoice.in_register and invoice.due_date:
        return invoice.due_date
    if customer.terms_from == "contrarrecibo" and invoice.contrarrecibo_date and invoice.in_register:
        due = invoice.contrarrecibo_date + timedelta(days=customer.terms_days or 0)
        while WEEKDAYS[due.weekday()] not in customer.payment_days:
            due += timedelta(days=1)
        return due
    if customer.terms_days is not None:
        return issued + timedelta(days=customer.terms_days)
    if invoice.has_cfdi and "CONTADO" in invoice.conditions:
        return issued
    written = re.search(r"\d+", invoice.conditions) if invoice.has_cfdi else None
    if written:
        return issued + timedelta(days=int(written.group()))
    return issued if invoice.metodo_pago == "PUE" else issued + timedelta(days=DEFAULT_TERMS_DAYS)


def is_credit_sale(invoice: Invoice) -> bool:
    """C9: due after its issue date, and not a global invoice."""
    return not invoice.is_global and any(due > invoice.issue_date for _, due, _ in due_dates(invoice))


def final_substitute(invoice: Invoice, day: date) -> Invoice:
    """The end of the 04 chain as it stood on a day: the invoice itself where nothing replaced it yet."""
    while invoice.replaced_by and invoice.replaced_by.issue_date <= day:
        invoice = invoice.replaced_by
    return invoice


@dataclass(slots=True)
class Settlement:
    """Something that lowers an invoice: from which day on each basis, and until the day before `undone`."""

    kind: str
    amount: Decimal
    effective: date
    recorded: date
    undone: date = FOREVER
    document: str = ""
    is_cash: bool = False

    def counts(self, day: date, basis: str) -> bool:
        """Whether it counts at the close of a day (C3, C4)."""
        return (self.effective if basis == "effective" else self.recorded) <= day < self.undone


@dataclass(slots=True)
class OpenLine:
    """One open receivable line on a day."""

    invoice: Invoice
    instalment: int
    due: date
    open: Decimal
    open_closing: Decimal
    open_issue: Decimal


@dataclass
class Ledger:
    """Answers for any day. Settlements stand on the invoice that the document names; chains are walked by day."""

    company: Company
    settlements: dict[int, list[Settlement]] = field(default_factory=dict)
    rates: dict[date, Decimal] = field(default_factory=dict)
    predecessors: dict[int, Invoice] = field(default_factory=dict)
    lines: dict[int, list[tuple[int, date, Decimal]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._spread_rates()
        for invoice in self.company.invoices:
            self.settlements[id(invoice)] = []
            self.lines[id(invoice)] = due_dates(invoice)
            if invoice.replaces:
                self.predecessors[id(invoice)] = invoice.replaces
        for payment in self.company.payments:
            for item in payment.applications:
                starts = max(payment.date, item.invoice.issue_date)
                self.settlements[id(item.invoice)].append(Settlement(
                    "payment", item.amount, starts, max(starts, item.applied_date),
                    payment.reversed_date or FOREVER, payment.payment_id, payment.forma_pago not in NON_CASH,
                ))  # fmt: skip
        for note in self.company.credit_notes:
            for invoice, applied, amount in note.applications:
                starts = max(note.issue_date, invoice.issue_date)
                kind = "advance_applied" if note.relation == "07" else "credit_note"
                self.settlements[id(invoice)].append(Settlement(
                    kind, amount, starts, max(starts, applied), note.cancel_date or FOREVER, note.cn_id
                ))  # fmt: skip
        for loss in self.company.write_offs:
            self.settlements[id(loss.invoice)].append(
                Settlement("write_off", loss.amount, loss.date, loss.date)
            )

    def _spread_rates(self) -> None:
        day, last = min(self.company.fx), ZERO
        while day <= self.company.end:
            last = self.company.fx.get(day, last)
            self.rates[day] = last
            day += timedelta(days=1)

    def rate(self, currency: str, day: date) -> Decimal:
        """C5: the last rate on or before the day."""
        return Decimal(1) if currency == MXN else self.rates[day]

    def is_void(self, invoice: Invoice, day: date) -> bool:
        """C2, C9: cancelled, or replaced by a live substitute, at the close of the day."""
        cancelled = invoice.cancel_date is not None and invoice.cancel_date <= day
        return cancelled or final_substitute(invoice, day) is not invoice

    def settled(self, invoice: Invoice, day: date, basis: str) -> Decimal:
        """What has been taken from it by the close of the day, payments of the invoices it replaced included."""
        total = sum((s.amount for s in self.settlements[id(invoice)] if s.counts(day, basis)), ZERO)
        old = self.predecessors.get(id(invoice))
        while old is not None:
            total += sum((s.amount for s in self.settlements[id(old)]
                          if s.kind == "payment" and s.counts(day, basis)), ZERO)  # fmt: skip
            old = self.predecessors.get(id(old))
        return total

    def open(self, invoice: Invoice, day: date, basis: str = "effective") -> Decimal:
        """C2: max(total − settled, 0) in its currency; 0 when not yet issued, cancelled or replaced."""
        if invoice.is_global or invoice.issue_date > day or self.is_void(invoice, day):
            return ZERO
        return max(invoice.total - self.settled(invoice, day, basis), ZERO)

    def open_lines(self, day: date, basis: str = "effective") -> Iterator[OpenLine]:
        """Every open line: instalments are settled oldest first."""
        for invoice in self.company.invoices:
            left = self.open(invoice, day, basis)
            if left > 0:
                yield from self._split(invoice, left, day)

    def _split(self, invoice: Invoice, left: Decimal, day: date) -> Iterator[OpenLine]:
        closing = self.rate(invoice.currency, day)
        paid = invoice.total - left
        for number, due, amount in self.lines[id(invoice)]:
            covered = min(paid, amount)
            paid -= covered
            rest = amount - covered
            if rest > 0:
                yield OpenLine(
                    invoice, number, due, rest, money(rest * closing), money(rest * invoice.fx_rate)
                )

    def issue_value(self, invoice: Invoice, day: date) -> Decimal:
        """What is open of an invoice at its own rate, rounded per instalment (C13), effective basis."""
        left = self.open(invoice, day)
        return sum((line.open_issue for line in self._split(invoice, left, day)), ZERO) if left else ZERO

    def unapplied_payment(self, payment: Payment, day: date, basis: str) -> Decimal:
        """Section 9: amount − its applications that count at D on the basis; cash on a cancelled invoice is free."""
        if payment.date > day or (payment.reversed_date and payment.reversed_date <= day):
            return ZERO
        applied = ZERO
        for item in payment.applications:
            starts = max(payment.date, item.invoice.issue_date)
            if basis == "as_recorded":
                starts = max(starts, item.applied_date)
            target = final_substitute(item.invoice, day)
            cancelled = target.cancel_date is not None and target.cancel_date <= day
            if starts <= day and not cancelled:
                applied += item.amount_payment
        return payment.amount - applied

    def unapplied_note(self, note: CreditNote, day: date, basis: str) -> Decimal:
        """The same for a credit note (in the note's currency, which is its invoices')."""
        if note.issue_date > day or (note.cancel_date and note.cancel_date <= day):
            return ZERO
        applied = sum((amount for invoice, when, amount in note.applications
                       if max(note.issue_date, invoice.issue_date, when if basis == "as_recorded" else date.min) <= day
                       and not (invoice.cancel_date and invoice.cancel_date <= day)), ZERO)  # fmt: skip
        return note.total - applied

    def excess(self, invoice: Invoice, day: date, basis: str) -> Decimal:
        """What was applied beyond the invoice's total: unapplied credit of its customer."""
        if invoice.is_global or invoice.issue_date > day or self.is_void(invoice, day):
            return ZERO
        return max(self.settled(invoice, day, basis) - invoice.total, ZERO)

    def unapplied_by_customer(self, day: date, basis: str) -> dict[str, Decimal]:
        """C6: pesos at closing, each document rounded; payments, credit notes and excess."""
        found: dict[str, Decimal] = {}

        def add(customer_id: str, amount: Decimal, currency: str) -> None:
            if amount:
                found[customer_id] = found.get(customer_id, ZERO) + money(amount * self.rate(currency, day))

        for payment in self.company.payments:
            add(payment.customer.customer_id, self.unapplied_payment(payment, day, basis), payment.currency)
        for note in self.company.credit_notes:
            add(note.customer.customer_id, self.unapplied_note(note, day, basis), note.currency)
        for invoice in self.company.invoices:
            add(invoice.customer.customer_id, self.excess(invoice, day, basis), invoice.currency)
        return found
