"""Plants what a real ledger has wrong: one function per kind of oddity, on invoices that nothing else touched.

Everything here changes finished documents, so the order of the calls in `plant` is part of the seed.
`used` keeps oddities apart: an invoice or payment carries one at most.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ingestion.sample.customers import Rates
from ingestion.sample.documents import at_hour, make_note
from ingestion.sample.invoices import scaled
from ingestion.sample.model import MXN, USD, ZERO, Company, Invoice, Payment, Rep, WriteOff, money
from ingestion.sample.names import business_day


class Oddities:
    """Chooses the victims and changes them."""

    def __init__(self, company: Company, rates: Rates, rng: Random) -> None:
        self.company, self.rates, self.rng, self.end = company, rates, rng, company.end
        self.used: set[int] = set()
        self.quiet = self.end - timedelta(days=25)
        self.year_ago = self.end - timedelta(days=400)
        self.moved: dict[int, int] = {}
        for payment in company.payments:
            for application in payment.applications:
                self.moved[id(application.invoice)] = self.moved.get(id(application.invoice), 0) + 1

    def plant(self) -> None:
        """All of them, each at least once or twice, more in a bigger company."""
        size = len(self.company.invoices)
        self._paid_then_cancelled(scaled(size, 1, 2))
        self._write_offs(scaled(size, 2, 2))
        self._overpaid_above_application(scaled(size, 1.5, 2))
        self._overpaid_by_application(scaled(size, 1, 2))
        self._residuals(scaled(size, 1.5, 2))
        self._oversize_notes(scaled(size, 1, 2))
        self._unrelated_notes(2)
        self._non_cash(scaled(size, 1, 2))
        self._unapplied(scaled(size, 4, 4))
        self._reps_with_two_pagos(scaled(size, 2, 1))
        self._wrong_declared_balances(scaled(size, 1.5, 3))
        self._reps_on_pue(2)
        self._wrong_forms(2)
        self._not_sent(scaled(size, 3, 3))
        self._register_faults(2)

    # -- choosing

    def _payments(self, count: int, fits: Callable[[Payment, Invoice], bool]) -> list[Payment]:
        """Payments of one application that are their invoice's only money, in pesos, not bounced."""
        found = [
            p for p in self.company.payments
            if len(p.applications) == 1 and not p.direct and p.currency == MXN and not p.reversed_date
            and self.moved[id(p.applications[0].invoice)] == 1 and p.applications[0].invoice.currency == MXN
            and p.applications[0].invoice.plan in ("normal", "pue_terms")
            and id(p.applications[0].invoice) not in self.used and fits(p, p.applications[0].invoice)
        ]  # fmt: skip
        chosen = self.rng.sample(found, min(count, len(found)))
        self.used |= {id(p.applications[0].invoice) for p in chosen}
        return chosen

    def _invoices(self, count: int, fits: Callable[[Invoice], bool]) -> list[Invoice]:
        found = [i for i in self.company.invoices if id(i) not in self.used and fits(i)]
        chosen = self.rng.sample(found, min(count, len(found)))
        self.used |= {id(i) for i in chosen}
        return chosen

    # -- money

    def _paid_then_cancelled(self, count: int) -> None:
        for payment in self._payments(count, lambda p, i: p.rep is not None and i.open == 0 and p.date < self.quiet
                                      - timedelta(days=30)):  # fmt: skip
            invoice = payment.applications[0].invoice
            day = invoice.busy_until + timedelta(days=self.rng.randrange(5, 20))
            invoice.cancel_date, invoice.cancel_motivo = min(day, self.quiet), "02"

    def _write_offs(self, count: int) -> None:
        old = self.end - timedelta(days=200)
        lost = self._invoices(count, lambda i: i.open > 0 and i.plan == "normal" and not i.cancel_date
                              and i.issue_date < old and i.in_register)  # fmt: skip
        for number, invoice in enumerate(lost, 1):
            first = max(invoice.busy_until + timedelta(days=10), self.end - timedelta(days=150))
            day = business_day(first + timedelta(days=self.rng.randrange(0, 110)))
            day = min(day, self.end)
            self.company.write_offs.append(WriteOff(f"CAST-{number:03d}", invoice, day, invoice.open))
            invoice.moves.append((day, -invoice.open))
            invoice.open, invoice.busy_until, invoice.plan = ZERO, day, "written_off"

    def _overpaid_above_application(self, count: int) -> None:
        """More was paid than applied: the rest stays as unapplied money."""
        for payment in self._payments(count, lambda p, i: i.open == 0 and p.date > self.year_ago):
            payment.amount += money(self.rng.randrange(50_000, 2_000_000)) / 100

    def _overpaid_by_application(self, count: int) -> None:
        """An explicit application above what was open (OVERPAID_INVOICE): of PUE invoices, so no REP is at odds."""
        for payment in self._payments(
            count, lambda p, i: i.plan == "pue_terms" and i.open == 0 and not p.rep
        ):
            extra = money(self.rng.randrange(20_000, 300_000)) / 100
            payment.amount += extra
            application = payment.applications[0]
            application.amount += extra
            application.amount_payment += extra

    def _residuals(self, count: int) -> None:
        for payment in self._payments(count, lambda _p, i: i.open == 0 and i.plan == "normal"):
            left = Decimal(self.rng.randrange(3, 98)) / 100
            application = payment.applications[0]
            application.amount -= left
            application.amount_payment -= left
            application.balance_after += left
            payment.amount -= left
            application.invoice.open = left
            application.invoice.moves.append((max(payment.date, application.invoice.issue_date), left))

    def _non_cash(self, count: int) -> None:
        """Settled by compensación (17): applied, not collected, and not in the bank."""
        for payment in self._payments(
            count, lambda p, i: p.rep is not None and i.open == 0 and p.date < self.quiet
        ):
            payment.forma_pago, payment.bank = "17", "none"

    def _unapplied(self, count: int) -> None:
        buyers = [c for c in self.company.customers if c.weight > 0 and not c.num_reg_id_trib]
        for at in range(count):
            customer = self.rng.choice(buyers)
            ago = self.rng.randrange(1, 40) if at % 2 == 0 else self.rng.randrange(40, 300)
            day = business_day(self.end - timedelta(days=ago + 2))
            currency = USD if customer.currency == USD else MXN
            amount = money(self.rng.randrange(600_000, 19_000_000)) / 100 / (18 if currency == USD else 1)
            self.company.payments.append(Payment(
                customer, day, currency, self.rates.on(currency, day), money(amount), customer.forma_pago, []
            ))  # fmt: skip

    # -- notes

    def _oversize_notes(self, count: int) -> None:
        """A note larger than what its invoice owes: the rest is a credit that nobody applied."""
        owing = self._invoices(count, lambda i: i.open > 5000 and i.plan == "normal" and i.currency == MXN
                               and not i.cancel_date and i.busy_until < self.quiet - timedelta(days=10))  # fmt: skip
        for invoice in owing:
            first = max(invoice.busy_until + timedelta(days=3), self.end - timedelta(days=300))
            day = business_day(
                first + timedelta(days=self.rng.randrange(0, max(1, (self.quiet - first).days)))
            )
            rate = self.rates.on(MXN, day)
            note = make_note(invoice, money(invoice.open * Decimal("1.07")), "03", day, rate, self.rng)
            note.applications = [(invoice, day, invoice.open)]
            invoice.moves.append((day, -invoice.open))
            invoice.open, invoice.busy_until, invoice.plan = ZERO, day, "credited"
            self.company.credit_notes.append(note)

    def _unrelated_notes(self, count: int) -> None:
        """Notes of no invoice, older than the last twelve months (their sales month is open to readings)."""
        models = [i for i in self.company.invoices if i.plan == "normal" and i.currency == MXN
                  and (self.end - i.issue_date).days > 450]  # fmt: skip
        for invoice in self.rng.sample(models, min(count, len(models))):
            day = business_day(invoice.issue_date + timedelta(days=20))
            rate = self.rates.on(MXN, day)
            note = make_note(invoice, money(self.rng.randrange(4_000, 30_000)), "", day, rate, self.rng)
            self.company.credit_notes.append(note)

    # -- REPs

    def _reps_with_two_pagos(self, count: int) -> None:
        """One REP for two receipts of a customer a few days apart: rep_uuid names two payments."""
        last: dict[str, Payment] = {}
        touched: dict[int, list[date]] = {}
        for payment in self.company.payments:
            for application in payment.applications:
                touched.setdefault(id(application.invoice), []).append(payment.date)
        for payment in sorted(self.company.payments, key=lambda p: (p.date, p.customer.customer_id)):
            before = last.get(payment.customer.customer_id)
            last[payment.customer.customer_id] = payment
            if count and before and before.rep and payment.rep and self._can_share(before, payment, touched):
                count -= 1
                rep_day = max(a.applied_date for p in (before, payment) for a in p.applications)
                before.rep = payment.rep = Rep(at_hour(rep_day, self.rng).replace(hour=19))
                for application in [*before.applications, *payment.applications]:
                    application.applied_date = rep_day
                    self.used.add(id(application.invoice))
                last.pop(payment.customer.customer_id)

    def _can_share(self, one: Payment, two: Payment, touched: dict[int, list[date]]) -> bool:
        apps = [*one.applications, *two.applications]
        return (
            0 < (two.date - one.date).days <= 9 and two.date.month == one.date.month
            and one.currency == two.currency and one.amount != two.amount
            and not one.reversed_date and not two.reversed_date
            and len({id(a.invoice) for a in apps}) == len(apps)
            and all(id(a.invoice) not in self.used and a.invoice.plan == "normal" and a.invoice.open == 0
                    and not a.invoice.cancel_date and len(touched[id(a.invoice)]) == 1 for a in apps)
        )  # fmt: skip

    def _wrong_declared_balances(self, count: int) -> None:
        """ImpSaldoAnt that is not what the ledger says, or an ImpSaldoInsoluto that does not follow from it."""
        wrong = self._payments(count, lambda p, i: p.rep is not None and i.open == 0 and i.total > 3000)
        for at, payment in enumerate(wrong):
            application = payment.applications[0]
            extra = money(self.rng.randrange(100, 2500))
            application.balance_after += extra
            if at % 3 < 2:
                application.balance_before += extra

    def _reps_on_pue(self, count: int) -> None:
        for payment in self._payments(
            count, lambda p, i: i.plan == "pue_terms" and i.open == 0 and not p.rep
        ):
            application = payment.applications[0]
            payment.rep = Rep(at_hour(application.applied_date, self.rng).replace(hour=18))
            application.partiality = 1

    # -- documents

    def _wrong_forms(self, count: int) -> None:
        for invoice in self._invoices(count, lambda i: i.plan == "pue_now" and i.open == 0):
            invoice.forma_pago = "99"
        for invoice in self._invoices(count, lambda i: i.plan == "normal" and i.metodo_pago == "PPD"):
            invoice.forma_pago = "03"

    def _not_sent(self, count: int) -> None:
        for invoice in self._invoices(count, lambda i: i.plan == "normal" and i.open == i.total and i.in_register
                                      and (self.end - i.issue_date).days > 6 and not i.cancel_date):  # fmt: skip
            invoice.sent_date = None

    def _register_faults(self, count: int) -> None:
        """Totals typed wrong, rows repeated inside one file, and one repeated with another order number."""
        for invoice in self._invoices(count, lambda i: i.plan == "normal" and i.has_cfdi and i.open == 0):
            invoice.register_total = invoice.total + money(self.rng.randrange(90, 900))
        company = self.company
        company.repeated_invoices = self._invoices(count, lambda i: i.plan == "normal" and i.has_cfdi)
        company.conflicting_rows = self._invoices(1, lambda i: i.plan == "normal" and bool(i.purchase_order))
        company.repeated_payments = self._payments(count, lambda p, _i: p.rep is not None)
