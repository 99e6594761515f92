"""The review marts against an independent reference: plain Python and Decimal, written from METRICS.md.

Small companies are drawn with fixed seeds straight into the raw tables; the reference knows its invoices and what
settles them, and nothing of the SQL. Money agrees to the cent, days and rates to four decimals.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random
from statistics import median
from typing import Any

import duckdb
import pytest

from tests.dbt.raw_home import OWN_RFC, Raw

START, END = date(2025, 11, 3), date(2026, 6, 18)
# one of the companies is older than the longest windows, of twelve months
LONG, LONG_START, LONG_COUNT = 1810, date(2024, 8, 5), 360
BOUNDS = (("current_mxn", 0), ("d1_30_mxn", 30), ("d31_60_mxn", 60), ("d61_90_mxn", 90), ("d91_120_mxn", 120))
CASH, NON_CASH, NOTE, WRITE_OFF = "03", "17", "note", "write_off"


@dataclass
class Settlement:
    kind: str
    day: date
    amount: Decimal
    undo: date | None = None

    def lives(self, at: date) -> bool:
        return self.day <= at and (self.undo is None or self.undo > at)


@dataclass
class Invoice:
    name: str
    customer: str
    branch: str
    currency: str
    rate: Decimal
    issue: date
    due: date
    total: Decimal
    cancel: date | None = None
    settlements: list[Settlement] = field(default_factory=list)

    @property
    def is_credit(self) -> bool:
        return self.due > self.issue

    def open(self, at: date) -> Decimal:
        if self.issue > at or (self.cancel and self.cancel <= at):
            return Decimal(0)
        return self.total - sum((s.amount for s in self.settlements if s.lives(at)), Decimal(0))

    def open_issue(self, at: date) -> Decimal:
        return cents(self.open(at) * self.rate)


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def days(start: date, end: date) -> int:
    return (end - start).days


def rate_at(day: date) -> Decimal:
    """USD in pesos: a new rate every Monday."""
    return Decimal("17.5") + Decimal((day - timedelta(days=day.weekday())).toordinal() % 29) / 20


def draw(seed: int) -> list[Invoice]:
    """160 invoices (360 of an older company) and what became of them: partial and bounced payments, notes,
    compensations, write-offs, cancellations, cash sales.

    The first is paid on the first day: from then on the payments register tells what is paid, PUE or not."""
    rng, found = Random(seed), []
    start, count = (LONG_START, LONG_COUNT) if seed == LONG else (START, 160)
    for number in range(count):
        issue = start + timedelta(days=rng.randrange(days(start, END)))
        currency = "USD" if rng.random() < 0.2 else "MXN"
        invoice = Invoice(
            f"F{number:03}",
            f"C{rng.randrange(6)}",
            rng.choice(["Norte", "Sur", "Centro"]),
            currency,
            rate_at(issue) if currency == "USD" else Decimal(1),
            issue,
            issue + timedelta(days=rng.choice([0, 15, 30, 30, 45, 60])),
            Decimal(rng.randrange(50_000, 9_000_000)) / 100,
        )
        fate, day = rng.random(), issue + timedelta(days=rng.randrange(90))
        if number == 0:
            fate, day, invoice.issue = 0.4, start, start
        half = cents(invoice.total * Decimal(rng.randrange(20, 80)) / 100)
        parts = invoice.settlements
        if fate < 0.08:
            invoice.cancel = day
        elif fate < 0.45:
            parts.append(Settlement(CASH, day, invoice.total))
        elif fate < 0.60:
            parts += [
                Settlement(CASH, day, half),
                Settlement(CASH, day + timedelta(days=9), invoice.total - half),
            ]
        elif fate < 0.70:
            parts.append(Settlement(CASH, day, invoice.total, day + timedelta(days=6)))
            if rng.random() < 0.5:
                parts.append(Settlement(CASH, day + timedelta(days=20), invoice.total))
        elif fate < 0.76:
            parts += [
                Settlement(NOTE, day, half),
                Settlement(CASH, day + timedelta(days=3), invoice.total - half),
            ]
        elif fate < 0.80:
            parts.append(
                Settlement(NOTE, day, invoice.total, day + timedelta(days=30) if rng.random() < 0.5 else None)
            )
        elif fate < 0.84:
            parts.append(Settlement(NON_CASH, day, invoice.total))
        elif fate < 0.88:
            parts += [
                Settlement(CASH, day, half),
                Settlement(WRITE_OFF, day + timedelta(days=40), invoice.total - half),
            ]
        found.append(invoice)
    return found


def raw_of(invoices: list[Invoice]) -> Raw:
    """The same company as registers. What happens after END is in the files too: the models must leave it out."""
    raw, start = Raw(), start_of(invoices)
    for day in range(-7, days(start, END) + 1, 7):
        monday = start + timedelta(days=day - start.weekday())
        raw.register("fx_rates", date=monday, currency="USD", mxn_per_unit=rate_at(monday))
    for number in range(6):
        raw.register("customers", customer_id=f"C{number}", name=f"Cliente {number}")
    for i in invoices:
        common = {
            "customer_id": i.customer,
            "currency": i.currency,
            "fx_rate": i.rate,
            "company_rfc": OWN_RFC,
        }
        raw.register("invoices", invoice_id=i.name, branch=i.branch, issue_date=i.issue, due_date=i.due, total=i.total,
                     cancel_date=i.cancel, metodo_pago="PPD" if i.is_credit else "PUE", **common)  # fmt: skip
        for number, s in enumerate(i.settlements):
            name = f"{i.name}-{number}"
            if s.kind == NOTE:
                raw.register("credit_notes", cn_id=name, issue_date=s.day, total=s.amount, tipo_relacion="01",
                             related_invoice_id=i.name, cancel_date=s.undo, **common)  # fmt: skip
            elif s.kind == WRITE_OFF:
                raw.register(
                    "write_offs",
                    write_off_id=name,
                    invoice_id=i.name,
                    date=s.day,
                    amount=s.amount,
                    currency=i.currency,
                )
            else:
                raw.register("payments", payment_id=name, invoice_id=i.name, payment_date=s.day, amount=s.amount,
                             method=s.kind, reversed_date=s.undo, **common)  # fmt: skip
    return raw


def start_of(invoices: list[Invoice]) -> date:
    return min(i.issue for i in invoices)


def month_dates(invoices: list[Invoice]) -> list[date]:
    """The last day of each month of the home; the last month ends at END."""
    found, first = [], start_of(invoices).replace(day=1)
    while first <= END:
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        found.append(min(last, END))
        first = last + timedelta(days=1)
    return found


def in_month(day: date | None, month_end: date) -> bool:
    return day is not None and day <= month_end and (day.year, day.month) == (month_end.year, month_end.month)


def test_aging_buckets(invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    for at in [*month_dates(invoices), date(2026, 5, 31), date(2026, 6, 14)]:
        expected: dict[tuple[str, str], Decimal] = {}
        for i in invoices:
            value = cents(i.open(at) * (rate_at(at) if i.currency == "USD" else 1))
            column = next((name for name, bound in BOUNDS if days(i.due, at) <= bound), "d120_plus_mxn")
            for key in (column, "gross_mxn"):
                expected[i.customer, key] = expected.get((i.customer, key), Decimal(0)) + value
        columns = [name for name, _ in BOUNDS] + ["d120_plus_mxn", "gross_mxn"]
        query = f"select customer_id, {', '.join(columns)} from marts.aging_by_customer where as_of = ? and basis = ?"
        rows = marts.execute(query, [at, "effective"]).fetchall()
        got = {(row[0], c): v for row in rows for c, v in zip(columns, row[1:], strict=True)}
        assert {k: v for k, v in got.items() if v} == {k: v for k, v in expected.items() if v}, at


def net_credit_sales(found: list[Invoice], month_end: date) -> Decimal:
    """C11, with VAT, each document at its own rate."""
    total = Decimal(0)
    for i in found:
        amount = cents(i.total * i.rate)
        total += amount * in_month(i.issue, month_end) - amount * in_month(i.cancel, month_end)
        for s in i.settlements:
            if s.kind == NOTE:
                note = cents(s.amount * i.rate)
                total -= note * in_month(s.day, month_end) - note * in_month(s.undo, month_end)
    return total


def countback(gross: Decimal, months: list[tuple[Decimal, int]]) -> tuple[Fraction, bool]:
    left, found = Fraction(gross), Fraction(0)
    for sales, length in reversed(months):
        if left <= 0:
            break
        if sales <= 0:
            return found, False
        found += length * min(left / Fraction(sales), 1)
        left -= Fraction(sales)
    return found, left <= 0


def rounded(value: Fraction | None) -> Decimal | None:
    return (
        None
        if value is None
        else (Decimal(value.numerator) / value.denominator).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    )


def ratio(top: Decimal, bottom: Decimal, times: int) -> Fraction | None:
    return Fraction(top) * times / Fraction(bottom) if bottom else None


def mean_of(weighed: Iterable[tuple[int, Decimal]]) -> Fraction | None:
    """Weighted mean of days."""
    pairs = list(weighed)
    return ratio(sum((n * w for n, w in pairs), Decimal(0)), sum((w for _, w in pairs), Decimal(0)), 1)


def close(got: Any, expected: Decimal | None) -> bool:
    return got == expected if got is None or expected is None else abs(got - expected) <= Decimal("0.0001")


@pytest.mark.parametrize("branch", ["total", "Norte", "Sur"])
def test_speed(branch: str, invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    found = [i for i in invoices if i.is_credit and branch in ("total", i.branch)]
    history: list[tuple[Decimal, int]] = []
    beginning = Decimal(0)
    for at in month_dates(invoices):
        gross = sum((i.open_issue(at) for i in found), Decimal(0))
        current = sum((i.open_issue(at) for i in found if i.due >= at), Decimal(0))
        sales = net_credit_sales(found, at)
        written = sum((cents(s.amount * i.rate) for i in found for s in i.settlements
                       if s.kind == WRITE_OFF and in_month(s.day, at)), Decimal(0))  # fmt: skip
        history.append((sales, at.day))
        three, twelve = (
            (sum((s for s, _ in history[-n:]), Decimal(0)), sum(length for _, length in history[-n:]))
            if len(history) >= n
            else None
            for n in (3, 12)
        )
        back, complete = countback(gross, history)
        top, bottom = beginning + sales - gross, beginning + sales - current
        expected: dict[str, Any] = {
            "gross_mxn": gross, "current_mxn": current, "net_credit_sales_1m": sales,
            "dso_simple": rounded(ratio(gross, sales, at.day)), "bpdso_1m": rounded(ratio(current, sales, at.day)),
            "add_1m": rounded(ratio(gross - current, sales, at.day)),
            "dso_rolling_3m": rounded(ratio(gross, *three)) if three else None,
            "bpdso_3m": rounded(ratio(current, *three)) if three else None,
            "add_3m": rounded(ratio(gross - current, *three)) if three else None,
            "dso_rolling_12m": rounded(ratio(gross, *twelve)) if twelve else None,
            "net_credit_sales_12m": twelve[0] if twelve else None,
            "dso_countback": rounded(back), "countback_complete": complete,
            "cei_pct": rounded(ratio(top, bottom, 100)),
            "cei_excl_write_offs_pct": rounded(ratio(top - written, bottom - written, 100)),
        }  # fmt: skip
        row = marts.execute(
            f"select {', '.join(expected)} from marts.collection_speed where month_end = ? and value = ?",
            [at, branch],
        ).fetchone()
        assert row is not None
        wrong = {k: (v, expected[k]) for k, v in zip(expected, row, strict=True) if not close(v, expected[k])}
        assert not wrong, (at, wrong)
        beginning = gross


def settled_on(invoice: Invoice, at: date) -> date | None:
    """The day of the last live movement that left it at 0, if it is at 0 at `at`."""
    if invoice.open(at):
        return None
    return max((s.day for s in invoice.settlements if s.lives(at)), default=invoice.issue)


def kaplan_meier_median(found: list[Invoice], at: date) -> int | None:
    """Product of 1 - paid / at risk; open and written off are censored at `at`, credited and cancelled are out."""
    times: list[tuple[int, bool]] = []
    for i in found:
        kinds = {s.kind for s in i.settlements if s.lives(at)}
        settled = settled_on(i, at)
        if settled is None or WRITE_OFF in kinds:
            times.append((days(i.issue, at), False))
        elif kinds & {CASH, NON_CASH}:
            times.append((days(i.issue, settled), True))
    survival = Fraction(1)
    for day in sorted({t for t, paid in times if paid}):
        survival *= 1 - Fraction(
            sum(1 for t, paid in times if paid and t == day), sum(1 for t, _ in times if t >= day)
        )
        if survival <= Fraction(1, 2):
            return day
    return None


@pytest.mark.parametrize("branch", ["total", "Norte", "Centro"])
def test_collection_time(branch: str, invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    for at in [date(2026, 1, 31), date(2026, 3, 31), date(2026, 4, 5), date(2026, 5, 31), END]:
        found = [i for i in invoices if i.is_credit and branch in ("total", i.branch) and i.issue <= at
                 and not (i.cancel and i.cancel <= at)]  # fmt: skip
        closed = [
            (i, settled) for i in found if (settled := settled_on(i, at)) is not None
            and any(s.kind == CASH and s.lives(at) for s in i.settlements)
            and not any(s.kind == WRITE_OFF and s.lives(at) for s in i.settlements)
        ]  # fmt: skip
        taken = [days(i.issue, s) for i, s in closed]
        late = [days(i.due, s) for i, s in closed]
        weights = [cents(i.total * i.rate) for i, _ in closed]
        paid = [(days(i.issue, s.day), s.amount * i.rate) for i in found for s in i.settlements
                if s.kind in (CASH, NON_CASH) and s.lives(at)]  # fmt: skip
        count = Decimal(len(closed))
        expected: dict[str, Any] = {
            "closed_invoices": len(closed),
            "mean_days": rounded(ratio(Decimal(sum(taken)), count, 1)),
            "median_days": rounded(Fraction(median(taken))) if taken else None,
            "weighted_days": rounded(mean_of(zip(taken, weights, strict=True))),
            "mean_days_vs_due": rounded(ratio(Decimal(sum(late)), count, 1)),
            "mean_days_late": rounded(ratio(Decimal(sum(max(n, 0) for n in late)), count, 1)),
            "weighted_days_vs_due": rounded(mean_of(zip(late, weights, strict=True))),
            "weighted_days_late": rounded(mean_of(zip([max(n, 0) for n in late], weights, strict=True))),
            "payment_weighted_days": rounded(mean_of(paid)),
            "km_median_days": kaplan_meier_median(found, at),
        }  # fmt: skip
        row = marts.execute(
            f"select {', '.join(expected)} from marts.collection_time where as_of = ? and value = ?",
            [at, branch],
        ).fetchone()
        assert row is not None
        wrong = {k: (v, expected[k]) for k, v in zip(expected, row, strict=True) if not close(v, expected[k])}
        assert not wrong, (at, wrong)
