"""The review of three drawn companies against the independent ledger: roll-forward, bridge, morosidad, DSO, time.

test_marts_reference asks more of companies that are plainer; these hold instalments, substitutions, money on
account, other currencies and advances, and each figure here is one that those change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.companies import drawn, raw_of
from tests.dbt.ledger import ZERO, Invoice, Ledger, cents
from tests.dbt.raw_home import Raw
from tests.dbt.test_marts_reference import close, days, in_month, mean_of, ratio, rounded
from tests.dbt.test_register_rules import invoice, payment

AS_OF = date(2026, 5, 31)
MONTHS = [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), AS_OF]
SUNDAYS = [date(2026, 1, 11) + timedelta(days=7 * n) for n in range(21)]
ONLY = ["roll_forward", "weekly_bridge", "morosidad", "collection_speed", "collection_time", "concentration"]
Home = tuple[Ledger, duckdb.DuckDBPyConnection]


@pytest.fixture(scope="module", params=[3, 1810, 20260531])
def home(request: pytest.FixtureRequest) -> Iterator[Home]:
    raw = raw_of(drawn(request.param))
    with straight.run(raw, AS_OF, ONLY) as connection:
        assert straight.broken(connection, AS_OF) == {}
        yield Ledger(raw), connection


def eve_of(month_end: date) -> date:
    return month_end.replace(day=1) - timedelta(days=1)


def open_issue(invoice: Invoice, at: date) -> Decimal:
    return sum((cents(amount * invoice.rate) for _, _, amount in invoice.open_lines(at, "effective")), ZERO)


def open_closing(ledger: Ledger, at: date) -> Decimal:
    return sum((cents(amount * ledger.rate(i.currency, at)) for i in ledger.invoices.values()
                for _, _, amount in i.open_lines(at, "effective")), ZERO)  # fmt: skip


def flows(ledger: Ledger, after: date, until: date) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for i in ledger.invoices.values():
        for day, flow, _, pesos in i.flows():
            if after < day <= until:
                found[flow] += pesos
    return found


def test_roll_forward(home: Home) -> None:
    ledger, marts = home
    for at in MONTHS:
        flow = flows(ledger, eve_of(at), at)
        start, end = (
            sum((open_issue(i, day) for i in ledger.invoices.values()), ZERO) for day in (eve_of(at), at)
        )
        assert start + sum(flow.values(), ZERO) == end, at
        expected = (
            start, flow["billed"], -flow["cancelled"] - flow["substituted"] - flow["rehomed"],
            -flow["payment"] - flow["advance_applied"], flow["payment_reversed"],
            -flow["credit_note"] - flow["credit_note_cancelled"], -flow["write_off"], end,
            -flow["substituted"], -flow["rehomed"], -flow["advance_applied"],
        )  # fmt: skip
        query = (
            "select beginning, billed, cancelled, payments_applied, payments_reversed, credit_notes_applied,"
            " write_offs, ending, substituted, payments_rehomed, advances_applied from roll_forward where month_end = ?"
        )
        assert marts.execute(query, [at]).fetchall() == [expected], at


def test_weekly_bridge(home: Home) -> None:
    ledger, marts = home
    for end in SUNDAYS:
        start = end - timedelta(days=7)
        flow = flows(ledger, start, end)
        exchange = ZERO
        for i in ledger.invoices.values():
            rates = [ledger.rate(i.currency, day) for day in (start, end)]
            exchange += i.open(start, "effective") * (rates[1] - rates[0])
            exchange += sum((n for day, _, n, _ in i.flows() if start < day <= end), ZERO) * (
                rates[1] - i.rate
            )
        expected = {
            "start": open_closing(ledger, start), "billed": flow["billed"],
            "collected_applied": flow["payment"] + flow["payment_reversed"],
            "credit_notes": flow["credit_note"] + flow["credit_note_cancelled"], "cancelled": flow["cancelled"],
            "write_offs": flow["write_off"], "other": flow["substituted"] + flow["rehomed"] + flow["advance_applied"],
            "end": open_closing(ledger, end), "residual": ZERO,
        }  # fmt: skip
        query = "select line, value_mxn from weekly_bridge where week_end = ?"
        got = dict(marts.execute(query, [end]).fetchall())
        assert {line: got[line] for line in expected} == expected, end
        assert abs(got["fx"] - cents(exchange)) <= Decimal("0.01"), end
        assert abs(got["rounding"]) < 5, end


def test_morosidad_and_concentration(home: Home) -> None:
    ledger, marts = home
    for at in [*MONTHS, *SUNDAYS[4::4]]:
        gross: dict[str, Decimal] = defaultdict(Decimal)
        late: dict[int, Decimal] = defaultdict(Decimal)
        invoices, overdue, customers = set(), set(), set()
        for i in ledger.invoices.values():
            for _, due, amount in i.open_lines(at, "effective"):
                value = cents(amount * ledger.rate(i.currency, at))
                gross[i.customer] += value
                invoices.add(i.name)
                for bound in (0, 30, 90):
                    late[bound] += value if days(due, at) > bound else ZERO
                if due < at:
                    overdue.add(i.name)
                    customers.add(i.customer)
        total = sum(gross.values(), ZERO)
        ranked = sorted(gross.values(), reverse=True)
        expected = [
            ratio(late[0], total, 100), ratio(late[30], total, 100), ratio(late[90], total, 100),
            ratio(Decimal(len(overdue)), Decimal(len(invoices)), 100),
            ratio(Decimal(len(customers)), Decimal(len(gross)), 100),
            ratio(ranked[0], total, 100), ratio(sum(ranked[:3], ZERO), total, 100),
        ]  # fmt: skip
        query = (
            "select by_amount_pct, over_30_pct, over_90_pct, by_invoice_pct, by_customer_pct, top1_share_pct,"
            " top3_share_pct from morosidad inner join concentration using (as_of) where as_of = ? and value = 'total'"
        )
        [got] = marts.execute(query, [at]).fetchall()
        wrong = [pair for pair in zip(got, map(rounded, expected), strict=True) if not close(*pair)]
        assert not wrong, (at, wrong)


def is_credit(invoice: Invoice) -> bool:
    return max(due for _, due, _ in invoice.lines) > invoice.issue


def net_credit_sales(ledger: Ledger, month_end: date) -> Decimal:
    """C11: what was issued, less what was cancelled and the notes; an advance applied is no note."""
    total = ZERO
    for i in filter(is_credit, ledger.invoices.values()):
        total += cents(i.total * i.rate) * (in_month(i.issue, month_end) - in_month(i.cancel, month_end))
    applied = defaultdict(set)
    for row in ledger.rows["credit_note_applications"]:
        applied[row["cn_id"]].add(row["invoice_id"])
    for row in ledger.rows["credit_notes"]:
        names = {row["related_invoice_id"]} if row.get("related_invoice_id") else applied[row["cn_id"]]
        of = [i for i in map(ledger.invoices.get, names) if i is not None]
        # of a cash sale's own note nothing was a credit sale
        if row["tipo_relacion"] != "07" and (len(of) != 1 or is_credit(of[0])):
            note = cents(row["total"] * row["fx_rate"])
            total -= note * (
                in_month(row["issue_date"], month_end) - in_month(row.get("cancel_date"), month_end)
            )
    return total


def unapplied_at_own_rate(ledger: Ledger, at: date) -> Decimal:
    rates = {("payment", row["payment_id"]): row["fx_rate"] for row in ledger.rows["payments"]}
    rates |= {("credit_note", row["cn_id"]): row["fx_rate"] for row in ledger.rows["credit_notes"]}
    total = ZERO
    for document, amount in ledger.unapplied(at, "effective").items():
        _, currency, day, *_ = ledger.documents[document]
        own = ledger.rate(currency, day) if currency == "MXN" else rates[document]
        total += cents(amount * (own or ledger.rate(currency, day)))
    return total


def test_speed(home: Home) -> None:
    ledger, marts = home
    found = list(filter(is_credit, ledger.invoices.values()))
    sales = {at: net_credit_sales(ledger, at) for at in MONTHS}
    for n, at in enumerate(MONTHS):
        gross = sum((open_issue(i, at) for i in found), ZERO)
        current = sum((cents(amount * i.rate) for i in found for _, due, amount in i.open_lines(at, "effective")
                       if due >= at), ZERO)  # fmt: skip
        before = sum((open_issue(i, eve_of(at)) for i in found), ZERO)
        unapplied = unapplied_at_own_rate(ledger, at)
        window = MONTHS[n - 2 : n + 1] if n >= 2 else []
        three = (sum((sales[m] for m in window), ZERO), sum(m.day for m in window))
        expected = {
            "gross_mxn": gross, "current_mxn": current, "unapplied_mxn": unapplied, "net_mxn": gross - unapplied,
            "net_credit_sales_1m": sales[at], "dso_simple": rounded(ratio(gross, sales[at], at.day)),
            "bpdso_1m": rounded(ratio(current, sales[at], at.day)),
            "dso_rolling_3m": rounded(ratio(gross, *three)), "dso_ledger_3m": rounded(ratio(gross - unapplied, *three)),
            "add_3m": rounded(ratio(gross - current, *three)),
            "cei_pct": rounded(ratio(before + sales[at] - gross, before + sales[at] - current, 100)),
        }  # fmt: skip
        query = f"select {', '.join(expected)} from collection_speed where month_end = ? and value = 'total'"
        [got] = marts.execute(query, [at]).fetchall()
        wrong = {k: (v, expected[k]) for k, v in zip(expected, got, strict=True) if not close(v, expected[k])}
        assert not wrong, (at, wrong)


def survival_median(times: list[tuple[int, bool]]) -> int | None:
    survival = Fraction(1)
    for day in sorted({t for t, is_paid in times if is_paid}):
        paid = sum(1 for t, is_paid in times if is_paid and t == day)
        survival *= 1 - Fraction(paid, sum(1 for t, _ in times if t >= day))
        if survival <= Fraction(1, 2):
            return day
    return None


def test_collection_time(home: Home) -> None:
    ledger, marts = home
    for at in [*MONTHS[1:], *SUNDAYS[8::4]]:
        found = [i for i in ledger.invoices.values() if is_credit(i) and i.issue <= at < i.end]
        paid: list[tuple[int, Decimal]] = []
        times: list[tuple[int, bool]] = []
        closed: list[tuple[Invoice, date]] = []
        for i in found:
            nets = [(s, net) for s, net in i.nets(at, "effective") if net]
            settled, kinds = i.settled(at), {s.document[0] for s, _ in nets}
            paid += [
                (days(i.issue, s.effective), net * i.rate) for s, net in nets if s.document[0] == "payment"
            ]
            has_money = "payment" in kinds or any(s.name == "07" for s, _ in nets)
            if settled is None or "write_off" in kinds:
                times.append((days(i.issue, at), False))
            elif has_money:
                times.append((days(i.issue, settled), True))
            if settled is not None and "payment" in kinds and "write_off" not in kinds:
                closed.append((i, settled))
        taken = [days(i.issue, settled) for i, settled in closed]
        weights = [cents(i.total * i.rate) for i, _ in closed]
        late = [days(max(due for _, due, _ in i.lines), settled) for i, settled in closed]
        expected: dict[str, Any] = {
            "closed_invoices": len(closed),
            "mean_days": rounded(ratio(Decimal(sum(taken)), Decimal(len(closed)), 1)),
            "median_days": rounded(Fraction(median(taken))) if taken else None,
            "weighted_days": rounded(mean_of(zip(taken, weights, strict=True))),
            "mean_days_vs_due": rounded(ratio(Decimal(sum(late)), Decimal(len(closed)), 1)),
            "payment_weighted_days": rounded(mean_of(paid)),
            "km_median_days": survival_median(times),
        }
        query = f"select {', '.join(expected)} from collection_time where as_of = ? and value = 'total'"
        [got] = marts.execute(query, [at]).fetchall()
        wrong = {k: (v, expected[k]) for k, v in zip(expected, got, strict=True) if not close(v, expected[k])}
        assert not wrong, (at, wrong)


def substituted_when_paid() -> Raw:
    """S1, paid whole, is replaced by S2: its payment follows it, and S2 is paid from its first day."""
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    invoice(raw, "S1", "100", "2026-01-10", due_date="2026-02-10")
    invoice(raw, "S2", "100", "2026-02-01", due_date="2026-03-10", replaces_invoice_id="S1")
    payment(raw, "P", "100", "2026-01-20", invoice_id="S1")
    return raw


def test_a_substitute_of_a_paid_invoice_is_closed_by_its_cash() -> None:
    """METRICS.md 3: closed = open 0, a live cash application, not written off. fct_invoices and the Kaplan-Meier curve
    take S2 for paid by cash; the closed invoices leave it out."""
    with straight.run(substituted_when_paid(), AS_OF, ["fct_invoices", "survival_curve", *ONLY]) as marts:
        invoices = marts.execute(
            "select status, has_live_cash from fct_invoices where invoice_id = 'S2'"
        ).fetchall()
        assert invoices == [("paid", True)]
        curve = marts.execute("select day, paid from survival_curve where as_of = ?", [AS_OF]).fetchall()
        assert curve == [(0, 1)]
        query = "select closed_invoices, mean_days from collection_time where as_of = ? and value = 'total'"
        assert marts.execute(query, [AS_OF]).fetchall() == [(1, 0)]
