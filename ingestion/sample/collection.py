"""What happens to the invoices: payments, notes, bounced cheques, cancellations, in order of date.

One queue of dated events. A rule keeps the data free of accidental ambiguity: an invoice's next event
comes strictly after everything about the last one is known (`Invoice.busy_until`), so that declared
balances chain in the order of payment and in the order of recording alike.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ingestion.sample.customers import Rates
from ingestion.sample.documents import at_hour, make_note
from ingestion.sample.habits import due_in_mind, lateness
from ingestion.sample.invoices import scaled
from ingestion.sample.model import (
    MXN,
    USD,
    ZERO,
    Application,
    Company,
    CreditNote,
    Invoice,
    Payment,
    Rep,
    money,
)  # fmt: skip
from ingestion.sample.names import business_day, on_weekday


class Collection:
    """The queue and its handlers; fills `company`."""

    def __init__(self, company: Company, rates: Rates, rng: Random) -> None:
        self.company, self.rates, self.rng, self.end = company, rates, rng, company.end
        self.queue: list[tuple[date, int, str, Invoice, float]] = []
        self.count = 0
        self.bounces = scaled(len(company.invoices), 4, 3)
        self.handlers: dict[str, Callable[[Invoice, date], None]] = {
            "note": self._note, "advance_note": self._advance_note, "cancel": self._cancel,
            "direct": self._direct, "prepay": self._prepay,
        }  # fmt: skip

    def run(self) -> None:
        """Plan every invoice, then play the events until the end of history."""
        for invoice in self.company.invoices:
            self._plan(invoice)
        while self.queue:
            day = self.queue[0][0]
            paying: dict[tuple[str, str, str], list[tuple[Invoice, float]]] = {}
            while self.queue and self.queue[0][0] == day:
                _, _, kind, invoice, share = heapq.heappop(self.queue)
                if invoice.busy_until >= day and kind not in ("prepay", "direct"):
                    self._push(invoice.busy_until + timedelta(days=1), kind, invoice, share)
                elif kind == "pay":
                    key = (invoice.customer.customer_id, invoice.currency, invoice.metodo_pago)
                    paying.setdefault(key, []).append((invoice, share))
                elif invoice.open > 0:
                    self.handlers[kind](invoice, day)
            for group in paying.values():
                for invoice, share in group:
                    if invoice.busy_until >= day:  # a note of this very day came first
                        self._push(invoice.busy_until + timedelta(days=1), "pay", invoice, share)
                live = self._distinct(group, day)
                if live:
                    self._pay(live[:12], day)
                for invoice, share in live[12:]:
                    self._push(day + timedelta(days=7), "pay", invoice, share)

    def _distinct(self, group: list[tuple[Invoice, float]], day: date) -> list[tuple[Invoice, float]]:
        """The invoices that one payment pays: open, not busy, each once (a second instalment waits a week)."""
        live: dict[int, tuple[Invoice, float]] = {}
        for invoice, share in group:
            if invoice.open <= 0 or invoice.cancel_date or invoice.busy_until >= day:
                continue
            if id(invoice) in live:
                self._push(day + timedelta(days=7), "pay", invoice, share)
            live.setdefault(id(invoice), (invoice, share))
        return list(live.values())

    def _push(self, day: date, kind: str, invoice: Invoice, share: float = 1.0) -> None:
        if kind != "prepay":
            day = business_day(day)
        if kind == "pay" and invoice.customer.pays_on is not None and invoice.metodo_pago == "PPD":
            day = business_day(on_weekday(day, invoice.customer.pays_on))
        if day <= self.end:
            self.count += 1
            heapq.heappush(self.queue, (day, self.count, kind, invoice, share))

    # -- plans

    def _plan(self, invoice: Invoice) -> None:
        rng, plan, issued = self.rng, invoice.plan, invoice.issue_date
        if plan == "rehomed_new":  # paid by the money of the invoice that it replaces
            invoice.open = ZERO
            invoice.moves.append((issued, -invoice.total))
        elif plan in ("cfdi_only", "register_only", "lingering", "substituted"):
            return
        elif plan in ("advance", "global", "rehomed"):
            self._push(issued, "direct", invoice)
        elif plan == "pue_now":
            if invoice is self.company.invoices[0]:
                self._push(issued, "direct", invoice)
            elif rng.random() < 0.955:
                lag = rng.choices((0, 1, 2, 3, 9), (8, 3, 2, 1, 1))[0]
                self._push(issued + timedelta(days=lag), "direct", invoice)
        elif plan == "pue_terms":
            self._plan_payment(invoice)
        else:
            self._plan_credit(invoice)

    def _plan_credit(self, invoice: Invoice) -> None:
        rng, issued, draw = self.rng, invoice.issue_date, self.rng.random()
        plain = invoice.plan == "normal"
        if invoice.plan == "advanced":
            self._push(issued + timedelta(days=1), "advance_note", invoice)
        if plain and draw < 0.018:
            invoice.plan = "cancelled"
            self._push(issued + timedelta(days=rng.randrange(1, 15)), "cancel", invoice)
            return
        if plain and draw < 0.034 and invoice.due_date and invoice.total > 20_000:
            self._plan_instalments(invoice)
            return
        if plain and 0.034 <= draw < 0.042 and (issued - self.company.start).days > 20:
            invoice.plan = "prepaid"
            self._push(issued - timedelta(days=rng.randrange(2, 9)), "prepay", invoice)
            return
        if plain and 0.042 <= draw < 0.112:
            invoice.plan = "noted"
            self._push(issued + timedelta(days=rng.randrange(4, 15)), "note", invoice)
        self._plan_payment(invoice)

    def _plan_instalments(self, invoice: Invoice) -> None:
        third = money(invoice.total / 3)
        invoice.plan, invoice.conditions = "instalments", "3 PARCIALIDADES"
        parts = [third, third, invoice.total - third * 2]
        invoice.instalments = [
            (n, invoice.issue_date + timedelta(days=30 * n), part) for n, part in enumerate(parts, 1)
        ]
        invoice.due_date = invoice.instalments[-1][1]
        paid = 3 if invoice.customer.behaviour != "failing" else 1
        for _, due, _ in invoice.instalments[:paid]:
            self._push(
                due + timedelta(days=max(-5, lateness(invoice, due, self.end, self.rng))), "pay", invoice, 0.5
            )

    def _plan_payment(self, invoice: Invoice) -> None:
        due, rng = due_in_mind(invoice), self.rng
        late = lateness(invoice, due, self.end, self.rng)
        if rng.random() < 0.007:
            if rng.random() < 0.5:
                self._push(
                    due + timedelta(days=rng.randrange(70, 260)), "pay", invoice, rng.uniform(0.3, 0.7)
                )
            return
        split = rng.random() < (0.22 if invoice.customer.behaviour == "late" else 0.07)
        day = max(due + timedelta(days=late), invoice.issue_date + timedelta(days=2))
        self._push(day, "pay", invoice, rng.choice((0.3, 0.4, 0.5, 0.6)) if split else 1.0)

    # -- money

    def _pay(self, group: list[tuple[Invoice, float]], day: date) -> None:
        rng, customer = self.rng, group[0][0].customer
        in_pesos = group[0][0].currency == USD and not customer.num_reg_id_trib and rng.random() < 0.3
        currency = MXN if in_pesos else group[0][0].currency
        rate = self.rates.on(USD, day) if in_pesos else Decimal(1)
        applied = self._applied_on(day, late=rng.random() < 0.03)
        bounces = (self.bounces > 0 and len(group) == 1 and customer.forma_pago == "02" and rng.random() < 0.35
                   and (self.end - day).days > 12 and group[0][1] == 1.0)  # fmt: skip
        if bounces:
            applied = day
        payment = Payment(
            customer, day, currency, self.rates.on(currency, day), ZERO, customer.forma_pago, []
        )
        payment.rep = self._rep(group[0][0], day, applied, must=bounces)
        for invoice, share in group:
            amount = _part(invoice, share)
            self._apply(payment, invoice, amount, applied, money(amount * rate))
            if share < 1 and invoice.plan != "instalments" and rng.random() < 0.95:
                self._push(day + timedelta(days=rng.randrange(12, 36)), "pay", invoice)
        payment.amount = sum((a.amount_payment for a in payment.applications), ZERO)
        self.company.payments.append(payment)
        if bounces:
            self._bounce(payment, group[0][0])

    def _applied_on(self, day: date, *, late: bool) -> date:
        lag = self.rng.randrange(7, 20) if late else self.rng.choices((0, 1, 2, 3), (6, 3, 1, 1))[0]
        return min(day + timedelta(days=lag), self.end)

    def _rep(self, invoice: Invoice, day: date, applied: date, *, must: bool) -> Rep | None:
        if invoice.metodo_pago != "PPD":
            return None
        ago = (self.end - day).days
        missing = 0.4 if ago <= 4 else 0.03 if ago <= 110 else 0.0
        if self.rng.random() < missing and not must:
            return None
        return Rep(at_hour(applied, self.rng).replace(hour=18))

    def _apply(
        self, payment: Payment, invoice: Invoice, amount: Decimal, applied: date, in_payment: Decimal
    ) -> None:
        if payment.rep:
            invoice.partiality += 1
        before = invoice.open
        payment.applications.append(Application(
            invoice, applied, amount, in_payment, partiality=invoice.partiality if payment.rep else 0,
            balance_before=before, balance_after=before - amount,
        ))  # fmt: skip
        invoice.open -= amount
        invoice.moves.append((max(payment.date, invoice.issue_date), -amount))
        invoice.busy_until = max(invoice.busy_until, payment.date, applied)

    def _bounce(self, payment: Payment, invoice: Invoice) -> None:
        self.bounces -= 1
        back = business_day(payment.date + timedelta(days=self.rng.randrange(2, 6)))
        payment.reversed_date = back
        invoice.open += payment.amount
        invoice.moves.append((back, payment.amount))
        invoice.busy_until = back
        self._push(back + timedelta(days=self.rng.randrange(6, 30)), "pay", invoice)

    def _direct(self, invoice: Invoice, day: date) -> None:
        """A cash sale's payment: the register row names the invoice, by id or by UUID; no application row."""
        invoice_rate = self.rates.on(invoice.currency, day)
        payment = Payment(
            invoice.customer, day, invoice.currency, invoice_rate, invoice.open, invoice.forma_pago, []
        )
        payment.direct = "invoice_uuid" if self.rng.random() < 0.15 else "invoice_id"
        if invoice.is_global:
            payment.direct = "invoice_id"
        self._apply(payment, invoice, invoice.open, day, invoice.open)
        self.company.payments.append(payment)

    def _prepay(self, invoice: Invoice, day: date) -> None:
        """Money that came before its invoice (PAYMENT_BEFORE_INVOICE): applied the day it is issued or soon after."""
        applied = min(invoice.issue_date + timedelta(days=self.rng.choice((0, 1, 2))), self.end)
        payment = Payment(invoice.customer, day, invoice.currency, self.rates.on(invoice.currency, day), ZERO,
                          invoice.customer.forma_pago, [])  # fmt: skip
        payment.rep = self._rep(invoice, day, applied, must=True)
        self._apply(payment, invoice, invoice.open, applied, invoice.open)
        payment.amount = payment.applications[0].amount
        self.company.payments.append(payment)

    # -- notes and cancellations

    def _note(self, invoice: Invoice, day: date) -> None:
        rng = self.rng
        relation = rng.choices(("01", "03"), (3, 2))[0]
        share = rng.choice((4, 6, 8, 10, 15)) if relation == "01" else rng.choice((10, 20, 30))
        partner = self._partner(invoice, day) if rng.random() < 0.15 else None
        rate = self.rates.on(invoice.currency, day)
        note = make_note(invoice, money(invoice.open * share / 100), relation, day, rate, rng)
        note.applications = [(invoice, day, note.total)]
        if partner and partner.open > note.total and note.total > 100:
            part = money(note.total * Decimal("0.6"))
            note.related = [invoice, partner]
            note.applications = [(invoice, day, part), (partner, day, note.total - part)]
        elif rng.random() < 0.2:
            note.applications = [
                (invoice, min(day + timedelta(days=rng.randrange(3, 15)), self.end), note.total)
            ]
        if len(note.applications) == 1 and rng.random() < 0.08 and (self.end - day).days > 40:
            note.cancel_date = day + timedelta(days=rng.randrange(16, 35))
        self._settle_note(note)

    def _partner(self, invoice: Invoice, day: date) -> Invoice | None:
        for other in reversed(self.company.invoices):
            if (other.customer is invoice.customer and other is not invoice and other.plan == "normal"
                    and other.currency == invoice.currency and other.issue_date < day and other.busy_until < day
                    and other.open > 0 and other.metodo_pago == "PPD"):  # fmt: skip
                return other
        return None

    def _settle_note(self, note: CreditNote) -> None:
        for invoice, applied, amount in note.applications:
            invoice.open -= amount
            invoice.moves.append((note.issue_date, -amount))
            invoice.busy_until = max(invoice.busy_until, applied, note.cancel_date or applied)
            if note.cancel_date:
                invoice.open += amount
                invoice.moves.append((note.cancel_date, amount))
        self.company.credit_notes.append(note)

    def _advance_note(self, invoice: Invoice, day: date) -> None:
        advance = invoice.advance
        if advance is None:
            return
        note = CreditNote(
            invoice.customer, at_hour(day, self.rng), MXN, Decimal(1), "07", [advance, invoice],
            "Aplicación de anticipo", advance.taxes, advance.subtotal, advance.total,
            [(invoice, day, advance.total)],
        )  # fmt: skip
        self._settle_note(note)

    def _cancel(self, invoice: Invoice, day: date) -> None:
        if not invoice.moves:
            invoice.cancel_date, invoice.cancel_motivo = day, "02"
            invoice.open = ZERO
            invoice.moves.append((day, -invoice.total))


def _part(invoice: Invoice, share: float) -> Decimal:
    """How much of it is paid: all, a share, or exactly up to the end of the next instalment."""
    if not invoice.instalments:
        return invoice.open if share >= 1 else money(invoice.open * Decimal(round(share, 4)))
    paid, reached = invoice.total - invoice.open, ZERO
    for _, _, part in invoice.instalments:
        reached += part
        if reached > paid:
            break
    return reached - paid
