"""Random companies for the property tests: stories of invoices, drawn by hypothesis, told to the raw tables.

A story is one invoice and what happens to it. Everything is an integer, so that a failing company shrinks to the
few stories that matter. `until` is the same company with what had happened by the close of an earlier day.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import strategies as st

from tests.dbt.raw_home import OWN_RFC, Raw, uuid_of

FIRST, LAST = date(2026, 1, 5), date(2026, 5, 20)
SPAN = (LAST - FIRST).days
FATES = ("register", "cfdi", "instalments", "replaced", "unknown")
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
    extra: tuple[Event, ...] = field(default=())


def events() -> st.SearchStrategy[Event]:
    kinds = st.sampled_from(("pay", "pay", "apply", "bounce", "note", "undone_note", "write_off", "dispute", "promise",
                             "reminder"))  # fmt: skip
    return st.builds(Event, kinds, st.integers(0, 110), st.integers(1, 130), st.integers(0, 40))


def stories(fates: tuple[str, ...] = FATES, *, usd: bool = True) -> st.SearchStrategy[Story]:
    return st.builds(
        Story, st.sampled_from(fates), st.integers(0, 3), st.integers(0, SPAN), st.sampled_from((0, 15, 30, 60)),
        st.integers(100, 5_000_000), st.booleans() if usd else st.just(False),
        st.lists(events(), max_size=3).map(tuple), st.sampled_from((0, 0, 0, 0, 3, 45)),
    )  # fmt: skip


def companies(**options: Any) -> st.SearchStrategy[Company]:
    return st.lists(stories(**options), min_size=4, max_size=14).map(lambda found: Company(tuple(found)))


def raw_of(company: Company, *, relabelled: str = "", split: bool = False) -> Raw:
    """The company's raw rows. `relabelled`: everything is in this currency, at its one rate; `split`: each payment of
    more than a cent comes as two of the same day."""
    raw = Raw()
    for number in range(4):
        raw.register(
            "customers", customer_id=f"C{number}", name=f"Cliente {number}", rfc=f"CLI{number:06}AB1"
        )
    for day in range(-7, (LAST - FIRST).days + 60, 7):
        monday = FIRST + timedelta(days=day)
        move = Decimal(day % 5) / 10 if company.moving_rate else Decimal(0)
        raw.register("fx_rates", date=monday, currency="USD", mxn_per_unit=company.usd_rate + move)
    for number, story in enumerate(company.stories):
        _Teller(raw, f"F{number:02}", story, company.usd_rate, relabelled, split).tell()
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
        self.money = {"currency": currency, "fx_rate": rate if currency == "USD" else Decimal(1)}

    def tell(self) -> None:
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
        if self.story.fate == "replaced":
            later = self._day(5)
            row |= {"issue_date": later, "due_date": later + timedelta(days=self.story.terms)}
            self.raw.register("invoices", invoice_id=f"{self.name}s", replaces_invoice_id=self.name, **row)
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
        elif event.kind in ("note", "undone_note"):
            self.raw.register(
                "credit_notes", cn_id=name, customer_id=self.customer, issue_date=day, total=amount, tipo_relacion="01",
                related_invoice_id=self.reference, company_rfc=OWN_RFC,
                cancel_date=later if event.kind == "undone_note" else None, **self.money,
            )  # fmt: skip
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
        half = _cents(amount / 2)
        parts = (
            [(name, half), (f"{name}b", amount - half)]
            if self.split and half and amount > half
            else [(name, amount)]
        )
        for payment, part in parts:
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
    stamped = {row["uuid"]: row["fecha"].date() for row in raw.rows.get("cfdi__documents", [])}
    if not recorded:
        stamped |= {row["uuid"]: row["fecha_pago"].date() for row in raw.rows.get("cfdi__payments", [])}
    for table, rows in raw.rows.items():
        dated, undone = DATED.get(table.removeprefix("register__"), ("", ()))
        for row in deepcopy(rows):
            if table == "register__payment_applications":
                happened = row["applied_date"] if recorded else paid[row["payment_id"]]
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
