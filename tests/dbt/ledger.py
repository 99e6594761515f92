"""An independent ledger in plain Python and Decimal, from METRICS.md (C2 to C9, 9) and IDENTITY.md's ledger rules.

It reads the raw rows of a company of registers, without CFDIs, and answers for any day and either basis: what is
open of each instalment, what is unapplied of each document, which movements an invoice has had. Every answer is
worked out anew from the documents that live on that day: nothing is carried from one day to the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.dbt.raw_home import Raw

ZERO = Decimal(0)
BASES = ("effective", "as_recorded")
Document = tuple[str, str]  # "payment", "credit_note" or "write_off", and its id
# METRICS.md leaves open which of two documents of one day is the one above the total: write-offs come first, then
# payments, then notes, then by id
ORDER = {"write_off": 0, "payment": 1, "credit_note": 2}


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True)
class Settlement:
    """What a document takes off an invoice from `effective` (or `recorded`) until `undo`, in either's currency."""

    document: Document
    name: str
    kind: str
    effective: date
    recorded: date
    undo: date | None
    amount: Decimal
    document_amount: Decimal
    flow: str  # as the roll-forward names it: what came before its invoice was substituted only moved home

    def day(self, basis: str) -> date:
        return self.effective if basis == "effective" else self.recorded


@dataclass
class Invoice:
    name: str
    customer: str
    currency: str
    rate: Decimal
    issue: date
    cancel: date | None
    total: Decimal
    lines: list[tuple[int, date, Decimal]]  # instalment, due, amount: oldest first
    end: date = date.max
    end_kind: str = ""
    settlements: list[Settlement] = field(default_factory=list)

    def live(self, at: date, basis: str) -> list[Settlement]:
        """What counts at the close of `at`, in the order in which it came."""
        if not self.issue <= at < self.end:
            return []
        found = [s for s in self.settlements if s.day(basis) <= at and (s.undo is None or s.undo > at)]
        return sorted(found, key=lambda s: (s.day(basis), ORDER[s.document[0]], s.document[1], s.name))

    def nets(self, at: date, basis: str) -> list[tuple[Settlement, Decimal]]:
        """What each takes off the balance: what goes beyond the total does not."""
        found, done = [], ZERO
        for s in self.live(at, basis):
            found.append((s, min(s.amount, max(self.total - done, ZERO))))
            done += s.amount
        return found

    def open(self, at: date, basis: str) -> Decimal:
        return sum((amount for _, _, amount in self.open_lines(at, basis)), ZERO)

    def open_lines(self, at: date, basis: str) -> list[tuple[int, date, Decimal]]:
        """The lines that are still owed: what is settled is taken from the oldest first."""
        if not self.issue <= at < self.end:
            return []
        left = sum((s.amount for s in self.live(at, basis)), ZERO)
        found = []
        for instalment, due, amount in self.lines:
            taken = min(amount, left)
            left -= taken
            if amount > taken:
                found.append((instalment, due, amount - taken))
        return found

    def movements(self, at: date) -> dict[str, Decimal]:
        """The ledger's movements up to `at` by kind, effective basis."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        if self.issue > at:
            return {}
        last = min(at, self.end - timedelta(days=1))
        found["billed"] = self.total
        for s in self.settlements:
            if s.effective <= last:
                found[s.kind] -= s.amount
                if s.undo and max(s.undo, s.effective) <= last:
                    undone = "payment_reversed" if s.document[0] == "payment" else "credit_note_cancelled"
                    found[undone] += s.amount
        found["excess"] = max(sum((s.amount for s in self.live(last, "effective")), ZERO) - self.total, ZERO)
        if self.end <= at:
            found[self.end_kind] = -self.open(last, "effective")
        return {kind: amount for kind, amount in found.items() if amount}

    def pesos(self, settled: Decimal) -> Decimal:
        """What is open at the issue rate, each line rounded, with so much settled."""
        found, left = ZERO, settled
        for _, _, amount in self.lines:
            found += cents((amount - max(min(amount, left), ZERO)) * self.rate)
            left -= amount
        return found

    def flows(self) -> Iterator[tuple[date, str, Decimal, Decimal]]:
        """Each movement of the balance: its day, its flow, and its amount in both currencies: in pesos the difference
        of two rounded balances."""
        yield self.issue, "billed", self.total, self.pesos(ZERO)
        events = [(s.effective, 0, s, s.amount) for s in self.settlements]
        events += [(max(s.undo, s.effective), 1, s, -s.amount) for s in self.settlements if s.undo]
        done = ZERO
        order = [e for e in events if e[0] < self.end]
        order.sort(key=lambda e: (e[0], e[1], ORDER[e[2].document[0]], e[2].document[1], e[2].name))
        for day, is_undo, s, amount in order:
            undone = "payment_reversed" if s.document[0] == "payment" else "credit_note_cancelled"
            moved = max(self.total - done - amount, ZERO) - max(self.total - done, ZERO)
            yield day, undone if is_undo else s.flow, moved, self.pesos(done + amount) - self.pesos(done)
            done += amount
        if self.end_kind:
            yield self.end, self.end_kind, -max(self.total - done, ZERO), -self.pesos(done)

    def settled(self, at: date) -> date | None:
        """The day of the last live movement that left it at 0."""
        if self.end <= at or self.open(at, "effective"):
            return None
        return max((s.effective for s, net in self.nets(at, "effective") if net), default=self.issue)

    def status(self, at: date) -> tuple[str, Decimal, Decimal, Decimal]:
        """How it stands, and what was paid, credited and written off before its end."""
        parts = dict.fromkeys(("paid", "credited", "written_off"), ZERO)
        for s, net in self.nets(min(at, self.end - timedelta(days=1)), "effective"):
            is_note = s.document[0] == "credit_note" and not s.name.startswith("07")
            parts["written_off" if s.document[0] == "write_off" else "credited" if is_note else "paid"] += net
        paid, credited, written_off = parts.values()
        if self.end <= at:
            name = "cancelled"
        elif self.open(at, "effective"):
            name = "open"
        else:
            name = "written_off" if written_off else "paid" if paid or not credited else "credited"
        return name, paid, credited, written_off


class Ledger:
    """The invoices of a company, and its payments and credit notes."""

    def __init__(self, raw: Raw) -> None:
        self.rows = {table.removeprefix("register__"): rows for table, rows in raw.rows.items()}
        self.invoices = {row["invoice_id"]: self._invoice(row) for row in self._of("invoices")}
        self.rates = sorted((row["date"], row["mxn_per_unit"]) for row in self._of("fx_rates"))
        # document -> customer, currency, day, undo, amount
        self.documents: dict[Document, tuple[str, str, date, date | None, Decimal]] = {}
        self._substitutes: dict[str, tuple[str, date]] = {}
        for row in self._of("invoices"):
            if old := row.get("replaces_invoice_id"):
                self._substitutes[old] = (row["invoice_id"], row["issue_date"])
        for name, invoice in self.invoices.items():
            self._ended(name, invoice)
        self._payments()
        self._notes()
        for row in self._of("write_offs"):
            self._settle("write_off", row["write_off_id"], row["invoice_id"], "write_off", row["date"], None, None,
                         row["amount"], row["amount"])  # fmt: skip

    def rate(self, currency: str, at: date) -> Decimal:
        return Decimal(1) if currency == "MXN" else [rate for day, rate in self.rates if day <= at][-1]

    def unapplied(self, at: date, basis: str) -> dict[Document, Decimal]:
        """What of each document that lives at `at` is applied to nothing, in its own currency."""
        left = {
            document: amount for document, (_, _, day, undo, amount) in self.documents.items()
            if day <= at and (undo is None or undo > at)
        }  # fmt: skip
        for invoice in self.invoices.values():
            for s, net in invoice.nets(at, basis):
                if s.document in left:
                    left[s.document] -= cents(s.document_amount * net / s.amount)
        return {document: amount for document, amount in left.items() if amount}

    def _of(self, table: str) -> list[dict[str, Any]]:
        return self.rows.get(table, [])

    def _invoice(self, row: dict[str, Any]) -> Invoice:
        parts = sorted((i["due_date"], i["number"], i["amount"]) for i in self._of("instalments")
                       if i["invoice_id"] == row["invoice_id"])  # fmt: skip
        lines = [(number, due, amount) for due, number, amount in parts] or [
            (1, row["due_date"], row["total"])
        ]
        return Invoice(row["invoice_id"], row["customer_id"], row["currency"], row["fx_rate"], row["issue_date"],
                       row.get("cancel_date"), row["total"], lines)  # fmt: skip

    def _ended(self, name: str, invoice: Invoice) -> None:
        """A cancelled invoice ends that day; a substituted one the day its substitute is issued."""
        ends = [(invoice.cancel, "cancelled")] if invoice.cancel else []
        if name in self._substitutes:
            ends.append((self._substitutes[name][1], "substituted"))
        if ends:
            invoice.end, invoice.end_kind = min(ends, key=lambda pair: (pair[0], pair[1]))

    def _chain(self, name: str) -> Iterator[tuple[str, date]]:
        while name in self._substitutes:
            name, day = self._substitutes[name]
            yield name, day

    def _settle(self, doc_type: str, doc: str, of: str, kind: str, day: date, applied: date | None,
                undo: date | None, amount: Decimal, document_amount: Decimal, name: str = "") -> None:  # fmt: skip
        """The document on its invoice, and on each invoice that takes its place later."""
        if of not in self.invoices:
            return
        effective = max(day, self.invoices[of].issue)
        recorded = max(effective, applied or day)
        more = ((doc_type, doc), name)
        self.invoices[of].settlements.append(
            Settlement(*more, kind, effective, recorded, undo, amount, document_amount, kind)
        )
        for later, since in self._chain(of) if doc_type != "write_off" else ():
            moved = max(effective, since)
            if undo is None or undo > moved:
                self.invoices[later].settlements.append(Settlement(
                    *more, "rehomed", moved, max(recorded, since), undo, amount, document_amount,
                    kind if effective >= since else "rehomed",
                ))  # fmt: skip

    def _payments(self) -> None:
        parts = defaultdict(list)
        for row in self._of("payment_applications"):
            parts[row["payment_id"]].append(row)
        for row in self._of("payments"):
            doc, day, undo, paid = (
                row["payment_id"],
                row["payment_date"],
                row.get("reversed_date"),
                row["amount"],
            )
            self.documents["payment", doc] = (row["customer_id"], row["currency"], day, undo, paid)
            for part in parts[doc]:
                amount = part["amount_invoice_ccy"]
                self._settle("payment", doc, part["invoice_id"], "payment", day, part["applied_date"], undo, amount,
                             part.get("amount_payment_ccy") or amount, part["application_id"])  # fmt: skip
            of = row.get("invoice_id")
            if not parts[doc] and of in self.invoices:
                converted = self._converted(row, self.invoices[of].currency)
                if converted is not None:
                    self._settle("payment", doc, of, "payment", day, day, undo, converted, paid)

    @staticmethod
    def _converted(payment: dict[str, Any], currency: str) -> Decimal | None:
        """The payment in the invoice's currency, at its own rate; without one it stays unapplied."""
        if payment["currency"] == currency:
            return payment["amount"]
        if payment["fx_rate"] is None:
            return None
        rate = payment["fx_rate"]
        return cents(payment["amount"] * rate if currency == "MXN" else payment["amount"] / rate)

    def _notes(self) -> None:
        parts = defaultdict(list)
        for row in self._of("credit_note_applications"):
            parts[row["cn_id"]].append(row)
        for row in self._of("credit_notes"):
            doc, day, undo, total = row["cn_id"], row["issue_date"], row.get("cancel_date"), row["total"]
            self.documents["credit_note", doc] = (row["customer_id"], row["currency"], day, undo, total)
            kind, mark = ("advance_applied", "07") if row["tipo_relacion"] == "07" else ("credit_note", "")
            for part in parts[doc]:
                self._settle("credit_note", doc, part["invoice_id"], kind, day, part["applied_date"], undo,
                             part["amount"], part["amount"], mark)  # fmt: skip
            if not parts[doc] and row.get("related_invoice_id"):
                self._settle(
                    "credit_note", doc, row["related_invoice_id"], kind, day, day, undo, total, total, mark
                )
