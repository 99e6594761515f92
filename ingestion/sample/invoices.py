"""Issues the invoices: dates, amounts, terms, and the special kinds (global, advance, substitute, …).

What happens to them afterwards (money, notes, cancellations) is `collection`. Every planned oddity is
chosen here by `Invoice.plan`, on invoices that nothing else touches, so that no two oddities meet.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ingestion.sample.customers import Rates
from ingestion.sample.documents import ADVANCE, GLOBAL, at_hour, make_invoice, make_lines
from ingestion.sample.model import MXN, USD, Customer, Invoice, money
from ingestion.sample.names import business_day, is_business_day, make_uuid, on_weekday


def scaled(invoices: int, per_thousand: float, at_least: int) -> int:
    """How many of a kind: a share of the invoices, with a floor."""
    return max(at_least, round(invoices * per_thousand / 1000))


def month_firsts(start: date, end: date) -> list[date]:
    """The first day of every month of the history."""
    firsts, day = [], start
    while day <= end:
        firsts.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return firsts


class Issuer:
    """Makes invoices of a company; keeps what is common to all of them."""

    def __init__(self, customers: list[Customer], rates: Rates, start: date, end: date, rng: Random) -> None:
        self.customers, self.rates, self.start, self.end, self.rng = customers, rates, start, end, rng
        self.buyers = [c for c in customers if c.weight > 0]
        self.weights = [c.weight for c in self.buyers]

    def issue_all(self, count: int) -> list[Invoice]:
        """Exactly `count` documents of type I, sorted by date, with ids, series and folios."""
        months = month_firsts(self.start, self.end)
        globals_ = min(len(months), count // 20)
        substitutes = scaled(count, 8, 4) + 1  # one of them replaces a substitute: a chain
        advances = scaled(count, 4, 2)
        base = count - globals_ - substitutes - advances
        invoices = [self._first()] + [self._ordinary(day) for day in self._days(base - 1, months)]
        specials = self._substitutes(invoices, substitutes)
        specials += self._advances(invoices, advances)
        specials += [self._global(first) for first in months[-globals_:] if globals_]
        invoices += specials
        invoices.sort(key=lambda i: i.issued_at)
        return invoices

    def _days(self, count: int, months: list[date]) -> list[date]:
        growth = [1 + 0.012 * at + (0.22 if m.month in (10, 11) else 0) - (0.18 if m.month == 1 else 0)
                  for at, m in enumerate(months)]  # fmt: skip
        days = []
        for first in self.rng.choices(months, growth, k=count):
            day = first + timedelta(days=self.rng.randrange(28))
            day = day if self.rng.random() < 0.03 else business_day(day)
            days.append(min(max(day, business_day(self.start)), self.end))
        return sorted(days)

    def _net(self, customer: Customer, currency: str) -> Decimal:
        pesos = 53_000 * customer.scale * math.exp(self.rng.gauss(0, 0.95))
        pesos = min(max(pesos, 900.0), 2_400_000.0)
        return money(Decimal(round(pesos)) / (18 if currency == USD else 1))

    def _first(self) -> Invoice:
        # The payments register covers history from its first payment: a PUE paid on the very first day.
        day = business_day(self.start)
        return self._make(self.buyers[4], day, "PUE", MXN, plan="pue_now")

    def _ordinary(self, day: date) -> Invoice:
        customer = self.rng.choices(self.buyers, self.weights)[0]
        currency = USD if customer.currency == USD and self.rng.random() < 0.8 else MXN
        draw = self.rng.random()
        cash = draw < 0.10 and not customer.num_reg_id_trib and customer.terms_from == "issue"
        short = customer.terms_days == 15 and draw > 0.75  # PUE with terms: due later, still PUE
        return self._make(customer, day, "PUE" if cash or short else "PPD", currency,
                          plan="pue_now" if cash else "pue_terms" if short else "normal")  # fmt: skip

    def _make(
        self, customer: Customer, day: date, metodo: str, currency: str, plan: str, net: Decimal | None = None
    ) -> Invoice:
        rng = self.rng
        lines = make_lines(customer, net or self._net(customer, currency), rng,
                           {"advance": ADVANCE, "global": GLOBAL}.get(plan))  # fmt: skip
        invoice = make_invoice(
            customer, at_hour(day, rng), currency, self.rates.on(currency, day), metodo, lines
        )
        invoice.plan = plan
        invoice.serie = {"global": "G", "advance": "ANT"}.get(plan, "A" if metodo == "PPD" else "B")
        confirmed = day - timedelta(days=rng.choices((0, 1, 2, 4, 8), (3, 4, 3, 2, 1))[0])
        invoice.sale_confirmed = max(confirmed, self.start)
        invoice.issue_deadline = invoice.sale_confirmed + timedelta(days=3)
        invoice.sent_date = min(day + timedelta(days=rng.choices((0, 1, 2, 5), (6, 3, 2, 1))[0]), self.end)
        if rng.random() < 0.6:
            invoice.purchase_order = f"OC-{rng.randrange(10000, 99999)}"
            invoice.origin_id = f"PED-{rng.randrange(100000, 999999)}"
        self._set_due(invoice)
        return invoice

    def _set_due(self, invoice: Invoice) -> None:
        customer, day = invoice.customer, invoice.issue_date
        if invoice.plan in ("pue_now", "advance", "global"):
            invoice.due_date, invoice.conditions = day, "CONTADO"
        elif customer.terms_from == "contrarrecibo":
            revision = on_weekday(day + timedelta(days=2), 0)
            if revision <= self.end:
                invoice.contrarrecibo_date = revision
                invoice.contrarrecibo_folio = f"CR-{self.rng.randrange(100000, 999999)}"
                due = on_weekday(revision + timedelta(days=customer.terms_days or 30), 4)
                invoice.scheduled_date = due
        elif customer.terms_days is None:
            invoice.conditions = self.rng.choices(("CREDITO 30 DIAS", "NET15"), (3, 1))[0]
        else:
            invoice.conditions = f"CREDITO {customer.terms_days} DIAS"
            invoice.due_date = day + timedelta(days=customer.terms_days)

    def _substitutes(self, invoices: list[Invoice], count: int) -> list[Invoice]:
        """B replaces A (relation 04): most A are cancelled (01); some are paid before; one is a chain; two linger."""
        quiet = self.end - timedelta(days=40)  # nothing of this in the last weeks: see truth
        ppd = [i for i in invoices[2:] if i.plan == "normal" and i.due_date and i.issue_date < quiet]
        pue = [
            i for i in invoices[2:] if i.plan == "pue_now" and i.issue_date.day < 12 and i.issue_date < quiet
        ]
        recent = [i for i in ppd if (self.end - i.issue_date).days < 100] or ppd
        paid = min(len(pue), max(1, count // 4))
        lingering = min(2, max(1, count // 4))
        new: list[Invoice] = []
        for old in self.rng.sample(recent, min(lingering, len(recent))):
            new.append(self._replace(old, "lingering"))
        for old in self.rng.sample(pue, paid):
            new.append(self._replace(old, "rehomed"))
        ppd = [i for i in ppd if i.plan == "normal" and i.issue_date < self.end - timedelta(days=60)]
        for old in self.rng.sample(ppd, count - 1 - len(new)):
            new.append(self._replace(old, "substituted"))
        new.append(self._replace(new[-1], "substituted"))
        return new

    def _replace(self, old: Invoice, plan: str) -> Invoice:
        day = business_day(old.issue_date + timedelta(days=self.rng.randrange(3, 9)))
        new = make_invoice(old.customer, at_hour(day, self.rng), old.currency, self.rates.on(old.currency, day),
                           old.metodo_pago, old.lines)  # fmt: skip
        new.serie, new.plan = old.serie, "substitute" if plan != "rehomed" else "rehomed_new"
        new.sale_confirmed, new.issue_deadline = old.sale_confirmed, old.issue_deadline
        new.sent_date, new.purchase_order, new.origin_id = day, old.purchase_order, old.origin_id
        new.forma_pago, new.conditions = old.forma_pago, old.conditions
        terms = (old.due_date - old.issue_date).days if old.due_date else 30
        new.due_date = day + timedelta(days=terms)
        new.replaces, old.replaced_by, old.plan = old, new, plan
        if plan != "lingering":
            late = self.rng.choice((0, 0, 1, 3)) if plan == "substituted" else 0
            old.cancel_date, old.cancel_motivo = day + timedelta(days=late), "01"
        return new

    def _advances(self, invoices: list[Invoice], count: int) -> list[Invoice]:
        """An advance invoice (PUE, paid at once) before a bigger final one; the E of relation 07 comes later."""
        first, last = self.start + timedelta(days=45), self.end - timedelta(days=30)
        finals = [i for i in invoices if i.plan == "normal" and i.currency == MXN and first < i.issue_date < last
                  and i.customer.vat == "0.160000" and i.customer.terms_from == "issue"]  # fmt: skip
        new = []
        for final in self.rng.sample(finals, min(count, len(finals))):
            day = business_day(final.issue_date - timedelta(days=self.rng.randrange(12, 35)))
            net = money(final.total * self.rng.choice((20, 30)) / 116)
            advance = self._make(final.customer, day, "PUE", MXN, "advance", net)
            advance.is_advance, advance.sale_confirmed = True, day
            final.advance, final.plan = advance, "advanced"
            new.append(advance)
        return new

    def _global(self, first: date) -> Invoice:
        last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        day = min(last, self.end)
        while not is_business_day(day):
            day -= timedelta(days=1)
        invoice = self._make(
            self.customers[0], day, "PUE", MXN, "global", money(self.rng.randrange(60_000, 140_000))
        )
        invoice.is_global, invoice.forma_pago, invoice.conditions = True, "01", ""
        invoice.sale_confirmed = invoice.sent_date = invoice.issue_deadline = day
        invoice.purchase_order = invoice.origin_id = ""
        return invoice


def name_invoices(invoices: list[Invoice], seed: int, rng: Random) -> None:
    """Ids, folios and UUIDs in date order; two folios are skipped in serie A (one alone, one run of three)."""
    folios = {"A": 10_000, "B": 4_000, "G": 0, "ANT": 100}
    in_a = sum(1 for i in invoices if i.serie == "A")
    skips = {in_a // 3: 1, in_a * 2 // 3: 3} if in_a > 20 else {}
    seen_a = 0
    for number, invoice in enumerate(invoices, 1):
        if invoice.serie == "A":
            folios["A"] += skips.get(seen_a, 0)
            seen_a += 1
        folios[invoice.serie] += 1
        invoice.folio = folios[invoice.serie]
        invoice.invoice_id = f"F{number:06d}"
        invoice.uuid = make_uuid(seed, "I", number)
    _plant_register_gaps(invoices, rng)


def _plant_register_gaps(invoices: list[Invoice], rng: Random) -> None:
    """CFDIs that the register does not know, and register rows without their CFDI: recent, unpaid ones."""
    end = invoices[-1].issue_date
    calm = [i for i in invoices if i.plan == "normal" and i.customer.terms_from == "issue" and i.due_date
            and not i.customer.num_reg_id_trib and i.currency == MXN
            and i.customer.rfc == i.customer.register_rfc and 3 < (end - i.issue_date).days < 50]  # fmt: skip
    wanted = min(scaled(len(invoices), 2, 2), len(calm) // 3)
    chosen = rng.sample(calm, wanted * 2)
    for invoice in chosen[:wanted]:
        invoice.in_register, invoice.plan, invoice.due_date = False, "cfdi_only", None
    for at, invoice in enumerate(chosen[wanted:]):
        invoice.has_cfdi, invoice.plan, invoice.uuid_in_register = False, "register_only", at % 2 == 0
