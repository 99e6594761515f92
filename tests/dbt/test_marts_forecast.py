"""The cash forecast: a worked example by hand, and a drawn company against an independent plain-Python reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import OWN_RFC, Raw
from tests.dbt.test_register_rules import apply, invoice, payment

AS_OF = date(2026, 6, 30)  # a Tuesday: the first week of the forecast begins on Monday 29 June
LINES = "select reason, expected_ccy, expected_mxn, expected_date, bucket from cash_forecast_lines"


def promise(raw: Raw, name: str, made: str, promised: str, amount: str, **more: Any) -> None:
    values = {"customer_id": "C1", "currency": "MXN"} | more
    raw.register(
        "promises", promise_id=name, made_date=made, promised_date=promised, amount=Decimal(amount), **values
    )


def dispute(raw: Raw, name: str, of: str, amount: str, opened: str, **more: Any) -> None:
    values = {"currency": "MXN"} | more
    raw.register(
        "disputes",
        dispute_id=name,
        invoice_id=of,
        opened_date=opened,
        disputed_amount=Decimal(amount),
        **values,
    )


def example() -> Raw:
    raw = Raw()
    for customer in ("C1", "C2", "C3", "C4", "C5"):
        raw.register("customers", customer_id=customer, name=customer)
    raw.register("fx_rates", date="2026-01-01", currency="USD", mxn_per_unit=Decimal("18.00"))
    raw.register("fx_rates", date="2026-06-29", currency="USD", mxn_per_unit=Decimal("20.00"))
    # C1 paid 10 and 15 days late: mean 12.5, rounded half up 13
    invoice(raw, "H1", "100", "2026-01-01", due_date="2026-01-31")
    payment(raw, "PH1", "100", "2026-02-10", customer_id=None, invoice_id="H1")
    invoice(raw, "H2", "100", "2026-01-01", due_date="2026-01-31")
    payment(raw, "PH2", "100", "2026-02-15", customer_id=None, invoice_id="H2")
    # C2 paid 5 days early and 1 late: the mean, -2, is floored after the mean: 0
    invoice(raw, "H3", "100", "2026-01-01", "C2", due_date="2026-01-31")
    payment(raw, "PH3", "100", "2026-01-26", customer_id=None, invoice_id="H3")
    invoice(raw, "H4", "100", "2026-01-01", "C2", due_date="2026-01-31")
    payment(raw, "PH4", "100", "2026-02-01", customer_id=None, invoice_id="H4")
    # closed by credit note alone: no history; so everybody's mean is (10 + 15 - 5 + 1) / 4 = 5.25, that is 5
    invoice(raw, "H5", "100", "2026-01-01", "C2", due_date="2026-01-31")
    raw.register("credit_notes", cn_id="NH5", customer_id="C2", currency="MXN", issue_date="2026-06-01",
                 total=Decimal(100), tipo_relacion="01", related_invoice_id="H5")  # fmt: skip
    # A: 1,000 disputed for 300, 500 promised for 10 July of which 100 came: 300 held, 400 promised, 200 left of 900
    invoice(raw, "A", "1000", "2026-05-01", due_date="2026-06-20")
    dispute(raw, "DA", "A", "300", "2026-06-10")
    promise(raw, "PA", "2026-06-15", "2026-07-10", "500", invoice_id="A")
    payment(raw, "PPA", "100", "2026-06-20", customer_id=None, invoice_id="A")
    # B: due 20 July + 13 = 2 August, a Sunday: the week of Monday 27 July
    invoice(raw, "B", "800", "2026-06-20", due_date="2026-07-20")
    # D: due 17 June + 13 = 30 June: not after as_of, so without a date; E one day later is expected tomorrow
    invoice(raw, "D", "50", "2026-05-18", due_date="2026-06-17")
    invoice(raw, "E", "60", "2026-05-19", due_date="2026-06-18")
    # F: a promise for yesterday within its grace: expected tomorrow, and never more than what is open
    invoice(raw, "F", "70", "2026-05-19", "C2", due_date="2026-06-18")
    promise(raw, "PF", "2026-06-20", "2026-06-29", "90", customer_id="C2", invoice_id="F")
    # G: of C3, without history: 28 September + 5 = 3 October; 13 weeks from 29 June end on 27 September: later
    invoice(
        raw, "G", "10.01", "2026-06-01", "C3", due_date="2026-09-28", currency="USD", fx_rate=Decimal("18.5")
    )
    # I: of C3, USD 10.01 at 20: 66.73 + 66.74 + 66.73 in thirds would not be 200.20; 3.33 are disputed
    invoice(
        raw, "I", "10.01", "2026-06-01", "C3", due_date="2026-07-01", currency="USD", fx_rate=Decimal("18.5")
    )
    dispute(raw, "DI", "I", "3.33", "2026-06-10", currency="USD")
    # K: of C4, without history, in thirds: 10 June + 5 is past; the others share a line, on the last: 10 August + 5
    invoice(raw, "K", "300", "2026-05-01", "C4", due_date="2026-08-10")
    for number, due in enumerate(("2026-06-10", "2026-07-10", "2026-08-10"), start=1):
        raw.register("instalments", invoice_id="K", number=number, due_date=due, amount=Decimal(100))
    # C5 promised 150 for no invoice in particular: the oldest due is covered first
    invoice(raw, "M1", "100", "2026-06-01", "C5", due_date="2026-07-01")
    invoice(raw, "M2", "100", "2026-06-01", "C5", due_date="2026-07-05")
    promise(raw, "PM", "2026-06-25", "2026-07-20", "150", customer_id="C5")
    # broken long ago, and closed dispute: neither holds anything
    promise(raw, "PB", "2026-05-01", "2026-05-10", "800", invoice_id="B")
    dispute(raw, "DB", "B", "800", "2026-06-21", closed_date="2026-06-25")
    return raw


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.build(example(), AS_OF, ["cash_forecast"]) as connection:
        yield connection


def d(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A", [("disputed_hold", "300", "300", None, "disputed_hold"),
               ("due_plus_customer_lag", "200", "200", d("2026-07-03"), "2026-06-29"),
               ("promise", "400", "400", d("2026-07-10"), "2026-07-06")]),
        ("B", [("due_plus_customer_lag", "800", "800", d("2026-08-02"), "2026-07-27")]),
        ("D", [("overdue_no_date", "50", "50", None, "overdue_no_date")]),
        ("E", [("due_plus_customer_lag", "60", "60", d("2026-07-01"), "2026-06-29")]),
        ("F", [("promise", "70", "70", d("2026-07-01"), "2026-06-29")]),
        ("G", [("due_plus_customer_lag", "10.01", "200.20", d("2026-10-03"), "2026-09-28")]),
        ("I", [("disputed_hold", "3.33", "66.60", None, "disputed_hold"),
               ("due_plus_customer_lag", "6.68", "133.60", d("2026-07-06"), "2026-07-06")]),
        ("K", [("due_plus_customer_lag", "200", "200", d("2026-08-15"), "2026-08-10"),
               ("overdue_no_date", "100", "100", None, "overdue_no_date")]),
        ("M1", [("promise", "100", "100", d("2026-07-20"), "2026-07-20")]),
        ("M2", [("due_plus_customer_lag", "50", "50", d("2026-07-10"), "2026-07-06"),
                ("promise", "50", "50", d("2026-07-20"), "2026-07-20")]),
    ],
)  # fmt: skip
def test_lines(marts: duckdb.DuckDBPyConnection, name: str, expected: list[Any]) -> None:
    rows = marts.execute(
        f"{LINES} where as_of = ? and invoice_id = ? order by reason", [AS_OF, name]
    ).fetchall()
    assert rows == [(r, Decimal(c), Decimal(m), day, b) for r, c, m, day, b in expected]


def test_weeks(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select week_start, expected_mxn from cash_forecast where as_of = ? order by position", [AS_OF]
    ).fetchall()
    weeks = [(date(2026, 6, 29) + timedelta(days=7 * n)).isoformat() for n in range(13)]
    assert [w for w, _ in rows] == [*weeks, "later", "overdue_no_date", "disputed_hold"]
    assert {w: v for w, v in rows if v} == {
        "2026-06-29": Decimal("330.00"),  # A 200 + E 60 + F 70
        "2026-07-06": Decimal("583.60"),  # A 400 promised + I 133.60 + M2 50
        "2026-07-20": Decimal("150.00"),  # M1 100 + M2 50, promised
        "2026-07-27": Decimal("800.00"),  # B
        "2026-08-10": Decimal("200.00"),  # K
        "later": Decimal("200.20"),  # G
        "overdue_no_date": Decimal("150.00"),  # D 50 + K 100
        "disputed_hold": Decimal("366.60"),  # A 300 + I 66.60
    }


@dataclass
class Case:
    """One drawn invoice and what became of it."""

    name: str
    customer: str
    currency: str
    issue: date
    due: date
    total: Decimal
    paid: list[tuple[date, Decimal, date | None]] = field(default_factory=list)  # day, amount, bounced
    first: tuple[date, Decimal] | None = (
        None  # due and amount of a first instalment; the rest is due on `due`
    )
    disputed: Decimal = Decimal(0)
    disputed_from: date = date.max
    promised: Decimal = Decimal(0)
    made: date = date.max
    promised_for: date = date.max

    def live(self, at: date) -> list[tuple[date, Decimal]]:
        return [(day, a) for day, a, bounced in self.paid if day <= at and (bounced is None or bounced > at)]

    def open(self, at: date) -> Decimal:
        return Decimal(0) if self.issue > at else self.total - sum((a for _, a in self.live(at)), Decimal(0))

    def open_lines(self, at: date) -> list[tuple[date, Decimal]]:
        """What is open by due date: what is paid is taken from the first instalment first."""
        left = self.open(at)
        last = min(left, self.total - self.first[1]) if self.first else left
        first = [(self.first[0], left - last)] if self.first else []
        return [(due, amount) for due, amount in (*first, (self.due, last)) if amount]

    def came(self, at: date) -> Decimal:
        """The live cash that counts for the promise."""
        deadline = self.promised_for + timedelta(days=2)
        return sum((a for day, a in self.live(at) if self.made <= day <= deadline), Decimal(0))

    def settled(self, at: date) -> date | None:
        live = self.live(at)
        return max(day for day, _ in live) if live and self.issue <= at and not self.open(at) else None


def draw(seed: int) -> list[Case]:
    rng, found = Random(seed), []
    for number in range(150):
        issue = date(2026, 1, 5) + timedelta(days=rng.randrange(175))
        case = Case(
            f"F{number:03}",
            f"C{rng.randrange(7)}",
            rng.choice(["MXN", "MXN", "USD"]),
            issue,
            issue + timedelta(days=rng.choice([15, 30, 45, 90])),
            Decimal(rng.randrange(10_000, 900_000)) / 100,
        )
        late = case.due + timedelta(days=rng.randrange(-12, 40))
        fate = rng.random()
        part = (case.total * rng.randrange(10, 60) / 100).quantize(Decimal("0.01"))
        if case.customer == "C6" or fate < 0.3:  # C6 never paid
            pass
        elif fate < 0.75:
            case.paid = [(max(late, issue), case.total, None)]
        else:
            case.paid = [(max(late, issue), part, None)]
        if case.paid and rng.random() < 0.2:
            day, amount, _ = case.paid[0]
            case.paid = [(day, amount, day + timedelta(days=rng.randrange(1, 25)))]
        if (
            case.currency == "MXN" and rng.random() < 0.2
        ):  # METRICS.md does not say which instalment a dispute holds
            case.first = (issue + timedelta(days=10), part)
            found.append(case)
            continue
        if rng.random() < 0.25:
            case.disputed, case.disputed_from = part, issue + timedelta(days=rng.randrange(60))
        if rng.random() < 0.3:
            case.made = max(issue, AS_OF - timedelta(days=rng.randrange(30)))
            case.promised_for = case.made + timedelta(days=rng.randrange(1, 40))
            case.promised = (case.total * rng.randrange(20, 120) / 100).quantize(Decimal("0.01"))
        found.append(case)
    return found


def usd(at: date) -> Decimal:
    rate = Decimal("17") + Decimal(at.month) / 7 if at >= date(2026, 1, 1) else Decimal(17)
    return rate.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def half_up(value: Fraction) -> int:
    return max(int((value + Fraction(1, 2)) // 1), 0)


def reference(cases: list[Case], at: date) -> dict[tuple[str, str], tuple[Decimal, date | None]]:
    """(invoice, reason) -> pesos and date, from METRICS.md 9, Forecast."""
    history: dict[str, list[int]] = defaultdict(list)
    for c in cases:
        if settled := c.settled(at):
            history[c.customer].append((settled - c.due).days)
    everything = [n for late in history.values() for n in late]
    default = half_up(Fraction(sum(everything), len(everything))) if everything else 0
    found: dict[tuple[str, str], tuple[Decimal, date | None]] = {}
    for c in cases:
        left = c.open(at)
        if not left:
            continue
        rate = usd(at) if c.currency == "USD" else Decimal(1)
        held = min(left, c.disputed) if c.disputed_from <= at else Decimal(0)
        promised = Decimal(0)
        deadline = c.promised_for + timedelta(days=2) if c.promised else date.min
        if c.made <= at <= deadline:
            promised = max(min(c.promised - c.came(at), left - held), Decimal(0))
        late = history.get(c.customer)
        lag = timedelta(days=half_up(Fraction(sum(late), len(late))) if late else default)
        rest = c.open_lines(at) if c.first else [(c.due, left - held - promised)]
        usual = [(due + lag, amount) for due, amount in rest]
        past, ahead = ([p for p in usual if (p[0] > at) is is_ahead] for is_ahead in (False, True))
        parts = {
            "disputed_hold": (held, None),
            "promise": (promised, max(c.promised_for, at + timedelta(days=1)) if promised else None),
            "overdue_no_date": (sum((amount for _, amount in past), Decimal(0)), None),
            "due_plus_customer_lag": (
                sum((amount for _, amount in ahead), Decimal(0)), max((day for day, _ in ahead), default=None)),
        }  # fmt: skip
        done = Decimal(0)
        for reason, (amount, day) in parts.items():
            if amount:
                found[c.name, reason] = (cents((done + amount) * rate) - cents(done * rate), day)
                done += amount
    return found


def raw_of(cases: list[Case]) -> Raw:
    raw = Raw()
    for month in range(1, 7):
        raw.register(
            "fx_rates", date=date(2026, month, 1), currency="USD", mxn_per_unit=usd(date(2026, month, 1))
        )
    for number in range(7):
        raw.register("customers", customer_id=f"C{number}", name=f"C{number}")
    for c in cases:
        invoice(raw, c.name, str(c.total), c.issue.isoformat(), c.customer, due_date=c.due, currency=c.currency,
                fx_rate=usd(c.issue) if c.currency == "USD" else None, company_rfc=OWN_RFC)  # fmt: skip
        if c.first:
            due, amount = c.first
            for number, (day, part) in enumerate(((due, amount), (c.due, c.total - amount)), start=1):
                raw.register("instalments", invoice_id=c.name, number=number, due_date=day, amount=part)
        for number, (day, amount, bounced) in enumerate(c.paid):
            name = f"P{c.name}{number}"
            payment(raw, name, str(amount), day.isoformat(), customer_id=c.customer, currency=c.currency,
                    fx_rate=usd(day) if c.currency == "USD" else None, reversed_date=bounced)  # fmt: skip
            apply(raw, name, c.name, str(amount), day.isoformat())
        if c.disputed:
            dispute(
                raw, f"D{c.name}", c.name, str(c.disputed), c.disputed_from.isoformat(), currency=c.currency
            )
        if c.promised:
            promise(raw, f"PR{c.name}", c.made.isoformat(), c.promised_for.isoformat(), str(c.promised),
                    customer_id=c.customer, invoice_id=c.name, currency=c.currency)  # fmt: skip
    return raw


@pytest.fixture(scope="module", params=[20260630, 11, 1821])
def drawn(request: pytest.FixtureRequest) -> Iterator[tuple[list[Case], duckdb.DuckDBPyConnection]]:
    cases = draw(request.param)
    with straight.run(raw_of(cases), AS_OF) as connection:
        yield cases, connection


DATES = (date(2026, 3, 31), date(2026, 5, 31), date(2026, 6, 21), AS_OF)


def test_against_reference(drawn: tuple[list[Case], duckdb.DuckDBPyConnection]) -> None:
    cases, found = drawn
    assert any(len(c.open_lines(AS_OF)) == 2 for c in cases)
    for at in DATES:
        rows = found.execute(
            "select invoice_id, reason, expected_mxn, expected_date from cash_forecast_lines where as_of = ?",
            [at],
        ).fetchall()
        got = {(i, r): (v, day) for i, r, v, day in rows}
        expected = reference(cases, at)
        assert {k: (v, expected.get(k)) for k, v in got.items() if expected.get(k) != v} == {}, at
        assert got.keys() == expected.keys()


def test_promises_against_reference(drawn: tuple[list[Case], duckdb.DuckDBPyConnection]) -> None:
    """METRICS.md 9, Promises: kept as soon as the cash suffices, pending until the grace ends, partial or broken."""
    cases, found = drawn
    seen = set()
    assert any(bounced and c.promised for c in cases for _, _, bounced in c.paid)
    for at in DATES:
        expected = {}
        for c in (c for c in cases if c.promised and c.made <= at):
            deadline = c.promised_for + timedelta(days=2)
            cash = c.came(at)
            status = (
                "kept"
                if cash >= c.promised
                else "pending"
                if at <= deadline
                else "partial"
                if cash
                else "broken"
            )
            expected[f"PR{c.name}"] = (status, min(cash, c.promised))
        rows = found.execute(
            "select promise_id, status, paid_by_deadline_ccy from promises where as_of = ?", [at]
        ).fetchall()
        assert {name: (status, paid) for name, status, paid in rows} == expected, at
        seen |= {status for status, _ in expected.values()}
    assert len(seen) >= 2  # a company of drawn promises sees at least two outcomes
