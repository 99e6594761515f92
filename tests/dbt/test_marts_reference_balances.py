"""Balances, migration and behaviour against the same independent reference as test_marts_reference: plain Python.

The drawn company and its marts are that module's; what is here is written from METRICS.md sections 2, 3 and 9.
Money agrees to the cent, days and rates to four decimals.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pytest

from tests.dbt.test_marts_reference import (
    BOUNDS,
    CASH,
    END,
    NON_CASH,
    NOTE,
    WRITE_OFF,
    Invoice,
    cents,
    close,
    days,
    in_month,
    mean_of,
    month_dates,
    rate_at,
    ratio,
    rounded,
    settled_on,
    start_of,
)

BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", "120+")
COLUMNS = (*(name for name, _ in BOUNDS), "d120_plus_mxn")
ZERO = Decimal(0)


def bucket_at(invoice: Invoice, at: date) -> int:
    return next((n for n, (_, bound) in enumerate(BOUNDS) if days(invoice.due, at) <= bound), 5)


def lives_on(invoice: Invoice, at: date) -> bool:
    return invoice.issue <= at and not (invoice.cancel and invoice.cancel <= at)


def settled_mxn(invoice: Invoice, kinds: tuple[str, ...], after: date, until: date) -> Decimal:
    """What live settlements of these kinds took off the balance in (after, until], net of undone ones, in pesos.

    Each settlement's own effect, in the order of dates: the difference of two rounded balances."""
    events = sorted((day, place, sign * s.amount, s.kind) for place, s in enumerate(invoice.settlements)
                    for day, sign in ((s.day, 1), (s.undo, -1)) if day is not None)  # fmt: skip
    left, found = invoice.total, ZERO
    for day, _, amount, kind in events:
        if invoice.cancel and day >= invoice.cancel:
            break
        if kind in kinds and after < day <= until:
            found += cents(left * invoice.rate) - cents((left - amount) * invoice.rate)
        left -= amount
    return found


def rows(marts: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return marts.execute(query, list(values)).fetchall()


def undone_mxn(invoice: Invoice, month_end: date) -> Decimal:
    """Balance that bounced payments of the month opened again."""
    before = month_end.replace(day=1) - timedelta(days=1)
    gross = settled_mxn(
        Invoice(**{**vars(invoice), "settlements": [
            s if s.kind not in (CASH, NON_CASH) else type(s)(s.kind, s.day, s.amount) for s in invoice.settlements
        ]}),
        (CASH, NON_CASH), before, month_end,
    )  # fmt: skip
    return gross - settled_mxn(invoice, (CASH, NON_CASH), before, month_end)


def test_roll_forward(invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    beginning, got = (
        ZERO,
        rows(marts, "select * exclude (unvalued_items) from marts.roll_forward order by month"),
    )
    assert len(got) == len(month_dates(invoices))
    for at, row in zip(month_dates(invoices), got, strict=True):
        before = at.replace(day=1) - timedelta(days=1)
        ending = sum((i.open_issue(at) for i in invoices), ZERO)
        billed = sum((cents(i.total * i.rate) for i in invoices if in_month(i.issue, at)), ZERO)
        cancelled = sum((i.open_issue(i.cancel - timedelta(days=1)) if i.cancel > i.issue else cents(i.total * i.rate)
                         for i in invoices if i.cancel and in_month(i.cancel, at)), ZERO)  # fmt: skip
        paid = sum((settled_mxn(i, (CASH, NON_CASH), before, at) for i in invoices), ZERO)
        undone = sum((undone_mxn(i, at) for i in invoices), ZERO)
        notes = sum((settled_mxn(i, (NOTE,), before, at) for i in invoices), ZERO)
        written = sum((settled_mxn(i, (WRITE_OFF,), before, at) for i in invoices), ZERO)
        assert beginning + billed - cancelled - paid - notes - written == ending, at
        expected = (beginning, billed, cancelled, paid + undone, undone, notes, written, ending)
        assert row[2:10] == expected, at
        beginning = ending


def test_concentration(invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    for at in [*month_dates(invoices), date(2026, 6, 14)]:
        gross: dict[str, Decimal] = {}
        for i in invoices:
            value = cents(i.open(at) * (rate_at(at) if i.currency == "USD" else 1))
            gross[i.customer] = gross.get(i.customer, ZERO) + value
        ranked = sorted(((v, k) for k, v in gross.items() if v > 0), key=lambda pair: (-pair[0], pair[1]))
        total = sum((v for v, _ in ranked), ZERO)
        squares = sum((Fraction(v) ** 2 for v, _ in ranked), Fraction(0))
        [row] = rows(
            marts,
            "select top_customer_id, top1_share_pct, top3_share_pct, hhi from marts.concentration where as_of = ?",
            at,
        )
        assert row[0] == ranked[0][1], at
        assert close(row[1], rounded(ratio(ranked[0][0], total, 100))), at
        assert close(row[2], rounded(ratio(sum((v for v, _ in ranked[:3]), ZERO), total, 100))), at
        assert close(row[3], rounded(squares / Fraction(total) ** 2 * 10000)), at
        kpi = "select value from marts.kpis where kpi = 'concentration_top1_pct' and period = ?"
        assert rows(marts, kpi, at.isoformat()) == [(row[1],)], at


def spans(invoices: list[Invoice]) -> list[tuple[date, date]]:
    """Every whole month and week of the home."""
    ends = [at for at in month_dates(invoices) if (at + timedelta(days=1)).day == 1]
    found = [(at.replace(day=1) - timedelta(days=1), at) for at in ends]
    start = start_of(invoices)
    sunday = start + timedelta(days=6 - start.weekday())
    while sunday <= END:
        found.append((sunday - timedelta(days=7), sunday))
        sunday += timedelta(days=7)
    return found


def matrix(found: list[Invoice], start: date, end: date) -> dict[str, dict[str, Decimal]]:
    """The roll matrix by invoice: from bucket -> where its balance stood at the end, or how it left."""
    table: dict[str, dict[str, Decimal]] = {name: {} for name in (*BUCKETS, "issued", "reopened")}
    for i in found:
        first, last = i.open_issue(start), i.open_issue(end)
        issued = start < i.issue <= end
        row = table["issued" if issued else BUCKETS[bucket_at(i, start)] if first else "reopened"]
        moved: dict[str, Decimal] = {f"to_{COLUMNS[bucket_at(i, end)]}": last}
        if issued or first:
            entered = cents(i.total * i.rate) if issued else first
            moved["entered_mxn" if issued else "start_mxn"] = entered
            if i.cancel and start < i.cancel <= end:
                moved["cancelled_mxn"] = entered
            else:
                moved["paid_mxn"] = settled_mxn(i, (CASH, NON_CASH), start, end)
                moved["credited_mxn"] = settled_mxn(i, (NOTE,), start, end)
                moved["written_off_mxn"] = settled_mxn(i, (WRITE_OFF,), start, end)
        else:
            moved["entered_mxn"] = last
        for column, value in moved.items():
            row[column] = row.get(column, ZERO) + value
    return table


def test_loss_rates_of_their_own_history(invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    """Of what ever left a bucket: what was written off, and what grew older at the rate of where it went."""
    for at in (date(2026, 2, 28), date(2026, 4, 30), END):
        moves: list[dict[str, Decimal]] = [{} for _ in BUCKETS]
        for start, end in spans(invoices):
            if end <= at and start.month != end.month and (end + timedelta(days=1)).day == 1:
                table = matrix(invoices, start, end)
                for k, bucket in enumerate(BUCKETS):
                    for column, value in table[bucket].items():
                        moves[k][column] = moves[k].get(column, ZERO) + value
        rates: list[Fraction | None] = [None] * 6
        for k in reversed(range(6)):
            left = moves[k].get("start_mxn", ZERO) - moves[k].get(f"to_{COLUMNS[k]}", ZERO)
            older = [(rates[j], v) for j in range(k + 1, 6) if (v := moves[k].get(f"to_{COLUMNS[j]}", ZERO))]
            if left and all(rate is not None for rate, _ in older):
                lost = Fraction(moves[k].get("written_off_mxn", ZERO))
                rates[k] = (lost + sum((r or 0) * Fraction(v) for r, v in older)) / Fraction(left)
        query = (
            "select estimated_loss_rate, gross_mxn, estimated_loss_mxn from marts.provision "
            "where as_of = ? order by position"
        )
        for rate, (got, gross, loss) in zip(rates, rows(marts, query, at), strict=True):
            assert close(got, rounded(rate)), (at, rates)
            assert loss == (None if got is None else cents(gross * got))


def test_roll_and_cure_rates(invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    columns = [
        "start_mxn", "entered_mxn", *(f"to_{c}" for c in COLUMNS), "paid_mxn", "credited_mxn", "cancelled_mxn",
        "written_off_mxn",
    ]  # fmt: skip
    assert len(spans(invoices)) == rows(marts, "select count(*) from marts.cure_rates")[0][0]
    for start, end in spans(invoices):
        table = matrix(invoices, start, end)
        query = f"select from_bucket, {', '.join(columns)} from marts.roll_rates where from_date = ? and to_date = ?"
        for row in rows(marts, query, start, end):
            wrong = {c: (v, table[row[0]].get(c, ZERO)) for c, v in zip(columns, row[1:], strict=True)
                     if v != table[row[0]].get(c, ZERO)}  # fmt: skip
            assert not wrong, (start, end, row[0], wrong)
        late = [i for i in invoices if i.open(start) and i.due < start]
        owed = sum((i.open_issue(start) for i in late), ZERO)
        still = sum((i.open_issue(end) for i in late), ZERO)
        paid = sum((table[b].get("paid_mxn", ZERO) for b in BUCKETS[1:]), ZERO)
        cured = sum(1 for i in late if not i.open(end))
        [got] = rows(
            marts,
            "select by_amount_pct, by_cash_pct, by_invoice_pct, by_invoice_num, by_invoice_den from marts.cure_rates"
            " where from_date = ? and to_date = ?",
            start, end,
        )  # fmt: skip
        assert close(got[0], rounded(ratio(owed - still, owed, 100))), (start, end)
        assert close(got[1], rounded(ratio(paid, owed, 100))), (start, end)
        assert close(got[2], rounded(ratio(Decimal(cured), Decimal(len(late)), 100))), (start, end)
        assert got[3:] == (cured, len(late)), (start, end)


def test_survival_curve(invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    for at in [date(2026, 1, 31), date(2026, 4, 5), END]:
        times: list[tuple[int, bool]] = []
        for i in (i for i in invoices if i.is_credit and lives_on(i, at)):
            kinds, settled = {s.kind for s in i.settlements if s.lives(at)}, settled_on(i, at)
            if settled is None or WRITE_OFF in kinds:
                times.append((days(i.issue, at), False))
            elif kinds & {CASH, NON_CASH}:
                times.append((days(i.issue, settled), True))
        survival, expected = Fraction(1), []
        for day in sorted({t for t, _ in times}):
            at_risk = sum(1 for t, _ in times if t >= day)
            paid = sum(1 for t, is_paid in times if is_paid and t == day)
            survival *= 1 - Fraction(paid, at_risk)
            censored = sum(1 for t, is_paid in times if not is_paid and t == day)
            expected.append((day, at_risk, paid, censored, rounded(survival)))
        got = rows(
            marts,
            "select day, at_risk, paid, censored, survival from marts.survival_curve where as_of = ? order by day",
            at,
        )
        assert [r[:4] for r in got] == [e[:4] for e in expected], at
        assert all(close(r[4], e[4]) for r, e in zip(got, expected, strict=True)), at


@pytest.mark.parametrize("branch", ["total", "Norte"])
def test_vintage(branch: str, invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    for at in month_dates(invoices):
        found = [i for i in invoices if i.is_credit and in_month(i.issue, at) and lives_on(i, END)
                 and branch in ("total", i.branch)]  # fmt: skip
        got = rows(
            marts,
            "select invoices, billed_net_mxn, collected_30d_pct, collected_60d_pct, collected_90d_pct, mature_30d,"
            " mature_60d, mature_90d from marts.vintage where issue_month = ? and value = ?",
            at.replace(day=1), branch,
        )  # fmt: skip
        if not found:
            assert not got
            continue
        net = sum((cents(i.total * i.rate) - settled_mxn(i, (NOTE,), date.min, END) for i in found), ZERO)
        mature = [max(i.issue for i in found) + timedelta(days=age) <= END for age in (30, 60, 90)]
        assert got[0][:2] == (len(found), net), at
        assert list(got[0][5:]) == mature, at
        for age, is_mature, value in zip((30, 60, 90), mature, got[0][2:5], strict=True):
            cash = sum((cents(s.amount * i.rate) for i in found for s in i.settlements
                        if s.kind == CASH and s.lives(END) and days(i.issue, s.day) <= age), ZERO)  # fmt: skip
            expected = rounded(ratio(cash, net, 100)) if is_mature else None
            assert close(value, expected), (at, age, value, expected)


def band_of(delay: Fraction | None, count: int, is_written_off: bool) -> str:
    if is_written_off:
        return "E"
    if count < 3 or delay is None:
        return "sin historial"
    return next((band for band, most in (("A", 0), ("B", 15), ("C", 30), ("D", 60)) if delay <= most), "E")


def year_before(at: date) -> date:
    return date(at.year - 1, at.month, min(at.day, 28) if at.month == 2 else at.day)


def test_payment_behaviour(invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    for at in [date(2026, 1, 31), date(2026, 3, 29), date(2026, 5, 31), END]:
        expected: dict[str, tuple[Any, ...]] = {}
        for customer in sorted({i.customer for i in invoices if i.is_credit and i.issue <= at}):
            found = [i for i in invoices if i.is_credit and i.customer == customer and lives_on(i, at)]
            cash = [(i, s) for i in found for s in i.settlements
                    if s.kind == CASH and s.lives(at) and year_before(at) < s.day]  # fmt: skip
            late = [i for i in found if i.open(at) and i.due < at]
            paid = [(days(i.due, s.day), s.amount * i.rate) for i, s in cash]
            both = paid + [(days(i.due, at), i.open_issue(at)) for i in late]
            written = any(
                s.kind == WRITE_OFF and s.day <= at and not (i.cancel and i.cancel <= s.day)
                for i in invoices for s in i.settlements if i.is_credit and i.customer == customer
            )  # fmt: skip
            count = len({i.name for i, _ in cash} | {i.name for i in late})
            expected[customer] = (mean_of(paid), mean_of(both), band_of(mean_of(both), count, written), count)
        got = rows(
            marts,
            "select customer_id, weighted_delay_cash_days, weighted_delay_incl_open_days, band, invoices"
            " from marts.payment_behaviour where as_of = ?",
            at,
        )
        assert {r[0] for r in got} == set(expected), at
        for customer, by_cash, by_both, band, count in got:
            want = expected[customer]
            assert close(by_cash, rounded(want[0])), (at, customer, want)
            assert close(by_both, rounded(want[1])), (at, customer, want)
            assert (band, count) == want[2:], (at, customer)


def test_collected_on_time(invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    for at in month_dates(invoices):
        count, kept, amount, kept_amount = 0, 0, ZERO, ZERO
        for i in invoices:
            kinds, settled = {s.kind for s in i.settlements if s.lives(END)}, settled_on(i, END)
            by_note = settled is not None and not kinds & {CASH, NON_CASH, WRITE_OFF}
            if not i.is_credit or not lives_on(i, END) or by_note or i.due >= END or not in_month(i.due, at):
                continue
            on_time = settled is not None and WRITE_OFF not in kinds and settled <= i.due
            total = cents(i.total * i.rate)
            count, amount = count + 1, amount + total
            kept, kept_amount = kept + on_time, kept_amount + total * on_time
        [row] = rows(
            marts,
            "select matured_invoices, paid_by_due, matured_mxn, on_time_mxn, count_pct, amount_pct"
            " from marts.collected_on_time where due_month = ? and value = 'total'",
            at.replace(day=1),
        )
        assert row[:4] == (count, kept, amount, kept_amount), at
        assert close(row[4], rounded(ratio(Decimal(kept), Decimal(count), 100))), at
        assert close(row[5], rounded(ratio(kept_amount, amount, 100))), at


def test_weekly_bridge(invoices: list[Invoice], marts: duckdb.DuckDBPyConnection) -> None:
    """METRICS.md 9: flows at the issue rate; FX = opening x (rate D1 - rate D0) + flow x (rate D1 - issue rate)."""

    def rate(i: Invoice, at: date) -> Decimal:
        return rate_at(at) if i.currency == "USD" else Decimal(1)

    for start, end in (s for s in spans(invoices) if (s[1] - s[0]).days == 7):
        flow = dict.fromkeys(("billed", "collected_applied", "credit_notes", "cancelled", "write_offs"), ZERO)
        before = after = ZERO
        exchange = ZERO
        for i in invoices:
            before += cents(i.open(start) * rate(i, start))
            after += cents(i.open(end) * rate(i, end))
            exchange += i.open(start) * (rate(i, end) - rate(i, start))
            exchange += (i.open(end) - i.open(start)) * (rate(i, end) - i.rate)
            flow["collected_applied"] -= settled_mxn(i, (CASH, NON_CASH), start, end)
            flow["credit_notes"] -= settled_mxn(i, (NOTE,), start, end)
            flow["write_offs"] -= settled_mxn(i, (WRITE_OFF,), start, end)
            if start < i.issue <= end:
                flow["billed"] += cents(i.total * i.rate)
            if i.cancel and start < i.cancel <= end:
                flow["cancelled"] -= (
                    i.open_issue(i.cancel - timedelta(days=1))
                    if i.cancel > i.issue
                    else cents(i.total * i.rate)
                )
        got = dict(rows(marts, "select line, value_mxn from marts.weekly_bridge where week_end = ?", end))
        assert {name: got[name] for name in flow} == flow, end
        assert (got["start"], got["end"], got["residual"]) == (before, after, 0), end
        assert abs(got["fx"] - cents(exchange)) <= Decimal("0.01"), end
        assert before + sum(flow.values(), ZERO) + got["fx"] + got["rounding"] == after, end
