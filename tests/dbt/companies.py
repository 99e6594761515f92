"""Random companies for the property tests and the ledger reference: stories of invoices, told to the raw tables.

A story is one invoice and what happens to it; hypothesis draws them, or a seed does (`drawn`). Everything is an
integer, so that a failing company shrinks to the few stories that matter. `until` is the same company with what had
happened by the close of an earlier day.
"""

from __future__ import annotations

import os
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests.dbt.raw_home import OWN_RFC, Raw, uuid_of

FIRST, LAST = date(2026, 1, 5), date(2026, 5, 20)
SPAN = (LAST - FIRST).days
FATES = ("register", "cfdi", "instalments", "replaced", "replaced_twice", "unknown")
REGISTERED = ("register", "register", "instalments", "instalments", "replaced", "replaced_twice", "unknown")
KINDS = ("pay", "pay", "apply", "bounce", "note", "undone_note", "advance", "note_in_parts", "spread", "on_account",
         "foreign", "foreign_applied", "foreign_unrated", "write_off", "dispute", "promise", "reminder")  # fmt: skip
# the same few companies at each run; where more are asked for (`make soak`), new ones, and a failure is made small
ASKED = os.environ.get("CARTERA_FUZZ_COMPANIES")
few = settings(
    deadline=None,
    max_examples=int(ASKED or 6),
    derandomize=not ASKED,
    database=None,
    print_blob=bool(ASKED),
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, *((Phase.shrink,) if ASKED else ())),
)
# register table -> the date that its row bears, and what is only known once it has happened
DATED: dict[str, tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "invoices": ("issue_date", (("cancel_date", ("cancel_date", "cancel_motivo")), ("sent_date", ("sent_date",)))),
    "payments": ("payment_date", (("reversed_date", ("reversed_date",)),)),
    "credit_notes": ("issue_date", (("cancel_date", ("cancel_date",)),)),
    "write_offs": ("date", ()),
    "fx_rates": ("date", ()),
    "bank_lines": ("value_date", ()),
    "disputes": ("opened_date", (("closed_date", ("closed_date", "outcome")),)),
    "promises": ("made_date", ()),
    "reminders": ("sent_date", (("response_date", ("response_date", "response_type")),)),
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """Something that happens to an invoice `after` days from its issue, for `share` hundredths of its total."""

    kind: str
    after: int
    share: int
    then: int  # days until it is undone, answered or recorded; 0: never, or the same day


@dataclass(frozen=True)
class Story:
    fate: str
    customer: int
    day: int
    terms: int
    cents: int
    usd: bool
    events: tuple[Event, ...]
    cancelled: int  # days from issue; 0: never


@dataclass
class Company:
    stories: tuple[Story, ...]
    usd_rate: Decimal = Decimal("18.5")
    moving_rate: bool = True


def events() -> st.SearchStrategy[Event]:
    return st.builds(
        Event, st.sampled_from(KINDS), st.integers(0, 110), st.integers(1, 130), st.integers(0, 40)
    )


def stories(fates: tuple[str, ...] = FATES, *, usd: bool = True) -> st.SearchStrategy[Story]:
    return st.builds(
        Story, st.sampled_from(fates), st.integers(0, 3), st.integers(0, SPAN), st.sampled_from((0, 15, 30, 60)),
        st.integers(100, 5_000_000), st.booleans() if usd else st.just(False),
        st.lists(events(), max_size=3).map(tuple), st.sampled_from((0, 0, 0, 0, 3, 45)),
    )  # fmt: skip


def companies(**options: Any) -> st.SearchStrategy[Company]:
    most = 40 if ASKED else 14
    return st.lists(stories(**options), min_size=4, max_size=most).map(lambda found: Company(tuple(found)))


def drawn(seed: int, count: int = 200) -> Company:
    """A company of registers alone, by a seed. It opens with a payment: from then on the register tells what is paid,
    PUE or not."""
    rng = Random(seed)
    found = [Story("register", 0, 0, 30, 1_000_000, False, (Event("pay", 0, 50, 0),), 0)]
    for _ in range(count):
        happened = [
            Event(rng.choice(KINDS), rng.randint(0, 110), rng.randint(1, 130), rng.choice((0, rng.randint(1, 40))))
            for _ in range(rng.randint(0, 4))
        ]  # fmt: skip
        found.append(Story(
            rng.choice(REGISTERED), rng.randint(0, 3), rng.randint(0, SPAN), rng.choice((0, 15, 30, 60)),
            rng.randint(10_000, 5_000_000), rng.random() < 0.4, tuple(happened), rng.choice((0, 0, 0, 0, 3, 45)),
        ))  # fmt: skip
    return Company(tuple(found))


def raw_of(company: Company, *, relabelled: str = "", split: bool = False) -> Raw:
    """The company's raw rows. `relabelled`: everything is in this currency, at its one rate; `split`: each payment of
    more than a cent in its invoice's currency comes as two of the same day."""
    raw = Raw()
    for number in range(4):
        raw.register(
            "customers", customer_id=f"C{number}", name=f"Cliente {number}", rfc=f"CLI{number:06}AB1"
        )
    first = min((story.day for story in company.stories), default=0) // 7 * 7
    for day in range(min(first, 0) - 7, SPAN + 60, 7):
        monday = FIRST + timedelta(days=day)
        move = Decimal(day % 5) / 10 if company.moving_rate else Decimal(0)
        raw.register("fx_rates", date=monday, currency="USD", mxn_per_unit=company.usd_rate + move)
    told: list[_Teller] = []
    for number, story in enumerate(company.stories):
        teller = _Teller(raw, f"F{number:02}", story, company.usd_rate, relabelled, split)
        teller.tell(told)
        told.append(teller)
    return raw


class _Teller:
    """Writes one story."""

    def __init__(
        self, raw: Raw, name: str, story: Story, rate: Decimal, relabelled: str, split: bool
    ) -> None:
        self.raw, self.name, self.story, self.split = raw, name, story, split
        self.issue = FIRST + timedelta(days=story.day)
        self.total = Decimal(story.cents) / 100
        self.customer = f"C{story.customer}"
        currency = relabelled or ("USD" if story.usd else "MXN")
        self.rate, self.relabelled = rate, bool(relabelled)
        self.money: dict[str, Any] = {
            "currency": currency,
            "fx_rate": rate if currency == "USD" else Decimal(1),
        }
        self.earlier: list[_Teller] = []

    def tell(self, earlier: list[_Teller]) -> None:
        self.earlier = earlier
        if self.story.fate == "cfdi":
            self._stamped()
        elif self.story.fate != "unknown":  # of an unknown invoice only the events come
            self._registered()
        for number, event in enumerate(self.story.events):
            self._happen(f"{self.name}e{number}", event)

    def _registered(self) -> None:
        cancelled = self._day(self.story.cancelled) if self.story.cancelled else None
        due = self.issue + timedelta(days=self.story.terms)
        row: dict[str, Any] = {
            "customer_id": self.customer, "total": self.total, "subtotal": self.total, "issue_date": self.issue,
            "due_date": due, "company_rfc": OWN_RFC, "metodo_pago": "PPD" if self.story.terms else "PUE",
        } | self.money  # fmt: skip
        self.raw.register(
            "invoices", invoice_id=self.name, cancel_date=cancelled, sent_date=self._day(2), **row
        )
        for place in range({"replaced": 1, "replaced_twice": 2}.get(self.story.fate, 0)):
            later = self._day(5 + 20 * place)
            row |= {"issue_date": later, "due_date": later + timedelta(days=self.story.terms)}
            replaced, substitute = f"{self.name}{'s' * place}", f"{self.name}{'s' * (place + 1)}"
            self.raw.register("invoices", invoice_id=substitute, replaces_invoice_id=replaced, **row)
        if self.story.fate == "instalments" and self.story.cents > 200:
            first = self._part(40)
            for number, (amount, days) in enumerate(((first, 15), (self.total - first, 45)), start=1):
                self.raw.register("instalments", invoice_id=self.name, number=number, due_date=self._day(days),
                                  amount=amount)  # fmt: skip

    def _stamped(self) -> None:
        self.raw.cfdi(
            self.name, "I", str(self.total), self.issue.isoformat(), receptor=f"CLI{self.story.customer:06}AB1",
            moneda=self.money["currency"], tipo_cambio=self.money["fx_rate"],
        )  # fmt: skip
        if self.story.cancelled:
            day = self._day(self.story.cancelled)
            self.raw.metadata(self.name, cancelled=day.isoformat(), delivered=day.isoformat())

    def _happen(self, name: str, event: Event) -> None:
        day, amount = self._day(event.after), self._part(event.share)
        later = day + timedelta(days=event.then) if event.then else None
        if event.kind in ("pay", "apply", "bounce"):
            self._pay(name, event, day, amount, later)
        elif event.kind in ("spread", "on_account"):
            self._pay_apart(name, event, day, amount, later)
        elif event.kind.startswith("foreign"):
            self._pay_in_another_currency(name, event, day, amount, later)
        elif event.kind in ("note", "undone_note", "advance", "note_in_parts"):
            self._note(name, event, day, amount, later)
        elif event.kind == "write_off":
            self.raw.register("write_offs", write_off_id=name, invoice_id=self.reference, date=day, amount=amount,
                              currency=self.money["currency"])  # fmt: skip
        elif event.kind == "dispute":
            self.raw.register("disputes", dispute_id=name, invoice_id=self.reference, opened_date=day, reason="precio",
                              closed_date=later, disputed_amount=amount, currency=self.money["currency"],
                              outcome="accepted" if later else None)  # fmt: skip
        elif event.kind == "promise":
            self.raw.register("promises", promise_id=name, customer_id=self.customer, invoice_id=self.reference,
                              made_date=day, promised_date=later or day, amount=amount,
                              currency=self.money["currency"])  # fmt: skip
        else:
            self.raw.register("reminders", reminder_id=name, customer_id=self.customer, invoice_id=self.reference,
                              sent_date=day, stage="post_due", channel="email", response_date=later,
                              response_type="reply" if later else None)  # fmt: skip
            self.raw.rows["register__reminders"][-1]["delivered"] = True

    def _pay(self, name: str, event: Event, day: date, amount: Decimal, later: date | None) -> None:
        if self.story.fate == "cfdi" and event.kind == "apply":
            document = {"invoice": self.name, "paid": str(amount), "currency": self.money["currency"]}
            self.raw.rep(name, (later or day).isoformat(), {
                "date": day.isoformat(), "amount": str(amount), "currency": self.money["currency"],
                "fx": str(self.money["fx_rate"]), "documents": [document],
            }, receptor=f"CLI{self.story.customer:06}AB1")  # fmt: skip
            return
        for payment, part in self._halves(name, amount):
            by_invoice = {} if event.kind == "apply" else {"invoice_id": self.reference}
            self.raw.register(
                "payments", payment_id=payment, customer_id=self.customer, payment_date=day, amount=part,
                method="03", reversed_date=later if event.kind == "bounce" else None, company_rfc=OWN_RFC,
                **by_invoice, **self.money,
            )  # fmt: skip
            if event.kind == "apply":
                self.raw.register(
                    "payment_applications", application_id=f"{payment}>", payment_id=payment,
                    invoice_id=self.reference, applied_date=later or day, amount_invoice_ccy=part,
                )  # fmt: skip

    def _pay_apart(self, name: str, event: Event, day: date, amount: Decimal, later: date | None) -> None:
        """A payment that names no invoice: it stays on account, or its larger part is applied to this invoice and to
        one told before."""
        parts = self._halves(name, amount)
        for payment, part in parts:
            self.raw.register("payments", payment_id=payment, customer_id=self.customer, payment_date=day, amount=part,
                              method="03", company_rfc=OWN_RFC, **self.money)  # fmt: skip
        for invoice, share in self._places(day) if event.kind == "spread" else ():
            whole = _cents(amount * share / 100)
            first = _cents(whole / len(parts))
            for (payment, _), applied in zip(parts, (first, whole - first), strict=False):
                if applied:
                    self.raw.register(
                        "payment_applications", application_id=f"{payment}>{invoice}", payment_id=payment,
                        invoice_id=invoice, applied_date=later or day, amount_invoice_ccy=applied,
                    )  # fmt: skip

    def _pay_in_another_currency(
        self, name: str, event: Event, day: date, amount: Decimal, later: date | None
    ) -> None:
        """Pesos for dollars or the reverse: the payment names the invoice and brings its rate, or forgot it; or an
        application says both amounts."""
        money, paid = dict(self.money), amount
        if not self.relabelled:
            rate = self.rate + Decimal("0.25")
            if self.money["currency"] == "USD":
                money, paid = {"currency": "MXN", "fx_rate": rate}, _cents(amount * rate)
            else:
                money, paid = (
                    {"currency": "USD", "fx_rate": rate},
                    max(_cents(amount / rate), Decimal("0.01")),
                )
        applied = event.kind == "foreign_applied"
        if event.kind == "foreign_unrated" and not self.relabelled:
            money["fx_rate"] = None
        self.raw.register(
            "payments", payment_id=name, customer_id=self.customer, payment_date=day, amount=paid, method="03",
            company_rfc=OWN_RFC, **({} if applied else {"invoice_id": self.reference}), **money,
        )  # fmt: skip
        if applied:
            self.raw.register(
                "payment_applications", application_id=f"{name}>", payment_id=name, invoice_id=self.reference,
                applied_date=later or day, amount_invoice_ccy=amount, amount_payment_ccy=paid,
            )  # fmt: skip

    def _note(self, name: str, event: Event, day: date, amount: Decimal, later: date | None) -> None:
        """A credit note of this invoice, or applied in parts; of relation 07 it applies an advance."""
        of = {} if event.kind == "note_in_parts" else {"related_invoice_id": self.reference}
        self.raw.register(
            "credit_notes", cn_id=name, customer_id=self.customer, issue_date=day, total=amount, company_rfc=OWN_RFC,
            tipo_relacion="07" if event.kind == "advance" else "01",
            cancel_date=later if event.kind == "undone_note" else None, **of, **self.money,
        )  # fmt: skip
        for invoice, share in self._places(day) if not of else ():
            self.raw.register("credit_note_applications", cn_id=name, invoice_id=invoice, applied_date=later or day,
                              amount=_cents(amount * share / 100))  # fmt: skip

    def _places(self, day: date) -> list[tuple[str, int]]:
        """This invoice and one told before, with the hundredths that each takes: something is always left."""
        others = [t for t in self.earlier if t.money == self.money and t.issue <= day][-1:]
        return [(self.reference, 60), *((t.reference, 30) for t in others)]

    def _halves(self, name: str, amount: Decimal) -> list[tuple[str, Decimal]]:
        """The payment, or two of the same day where the company is split."""
        half = _cents(amount / 2)
        is_split = self.split and half and amount > half
        return [(name, half), (f"{name}b", amount - half)] if is_split else [(name, amount)]

    @property
    def reference(self) -> str:
        return uuid_of(self.name) if self.story.fate == "cfdi" else self.name

    def _day(self, after: int) -> date:
        return self.issue + timedelta(days=after)

    def _part(self, share: int) -> Decimal:
        return max(_cents(self.total * share / 100), Decimal("0.01"))


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def until(raw: Raw, day: date, *, recorded: bool = False) -> Raw:
    """What had happened by the close of `day`: no later row, and nothing undone or answered later.

    A receipt counts by its payment date even where the files only told of it later; `recorded` leaves that out too."""
    known = Raw()
    paid = {row["payment_id"]: row["payment_date"] for row in raw.rows.get("register__payments", [])}
    noted = {row["cn_id"]: row["issue_date"] for row in raw.rows.get("register__credit_notes", [])}
    stamped = {row["uuid"]: row["fecha"].date() for row in raw.rows.get("cfdi__documents", [])}
    if not recorded:
        stamped |= {row["uuid"]: row["fecha_pago"].date() for row in raw.rows.get("cfdi__payments", [])}
    for table, rows in raw.rows.items():
        dated, undone = DATED.get(table.removeprefix("register__"), ("", ()))
        for row in deepcopy(rows):
            if table == "register__payment_applications":
                happened = row["applied_date"] if recorded else paid[row["payment_id"]]
            elif table == "register__credit_note_applications":
                happened = row["applied_date"] if recorded else noted[row["cn_id"]]
            elif table.startswith("cfdi__"):
                happened = stamped[row["uuid"]]
            elif table == "sat__metadata":
                happened = min(row["delivery_date"], day)
                if row["delivery_date"] > day:
                    row.update(estatus=1, fecha_cancelacion=None)
            else:
                happened = row[dated] if dated else day
            if happened > day:
                continue
            for when, columns in undone:
                if row.get(when) and row[when] > day:
                    row.update(dict.fromkeys(columns))
            known.rows.setdefault(table, []).append(row)
    return known
