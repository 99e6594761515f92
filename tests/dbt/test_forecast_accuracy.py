"""Published forecasts against the cash that came: the worked example by hand, every other day in plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_register_rules import invoice, payment

AS_OF = date(2026, 6, 30)
# what came and went, by day, in pesos
CASH = [
    (date(2026, 6, 10), Decimal(500)),
    (date(2026, 6, 11), Decimal(60)),
    (date(2026, 6, 14), Decimal(30)),
    (date(2026, 6, 16), Decimal(150)),
    (date(2026, 6, 18), Decimal(180)),
    (date(2026, 6, 23), Decimal(-150)),
]


def publish(raw: Raw, run: str, at: str, as_of: str, **expected: str) -> None:
    """One published forecast; `expected`: week as w0608 or the name of the row -> amount."""
    for name, amount in expected.items():
        monday = f"2026-{name[1:3]}-{name[3:]}" if name[1:].isdigit() else None
        raw.add(
            "log__published_forecasts",
            run_id=run,
            published_at=datetime.fromisoformat(at),
            as_of=as_of,
            week_start=monday or name,
            week_start_date=monday,
            expected_mxn=Decimal(amount),
            promised_mxn=Decimal(0),
            source_file_id="log",
            row_number=1,
            delivery_date=at[:10],
            row_hash=f"{run}{name}",
        )


def company() -> Raw:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    invoice(raw, "A", "2000", "2026-03-01", due_date="2026-05-20")
    payment(raw, "P1", "500", "2026-06-10", customer_id=None, invoice_id="A")
    payment(raw, "P2", "60", "2026-06-11", customer_id=None, invoice_id="A")
    payment(raw, "P3", "30", "2026-06-14")  # applied to nothing: it came all the same
    payment(raw, "P4", "150", "2026-06-16", customer_id=None, invoice_id="A", reversed_date="2026-06-23")
    payment(raw, "P5", "10", "2026-06-18", currency="USD", fx_rate=Decimal(18))
    payment(raw, "P6", "77", "2026-06-24", method="17")  # compensation: no cash
    first = {"w0608": "1", "w0615": "2", "w0622": "3", "w0629": "4", "overdue_no_date": "5"}
    publish(raw, "r1", "2026-06-10T12:00:00", "2026-06-10", **first)
    publish(raw, "r0", "2026-06-10T18:00:00", "2026-06-10", **dict.fromkeys(first, "9"))
    last = {"w0608": "100", "w0615": "200", "w0622": "0", "w0629": "50", "overdue_no_date": "40"}
    publish(raw, "r2", "2026-06-10T18:00:00", "2026-06-10", **last)
    publish(
        raw, "r3", "2026-06-30T09:00:00", "2026-06-30", w0629="70"
    )  # of this very day: nothing to compare yet
    publish(raw, "r4", "2026-07-20T09:00:00", "2026-07-15", w0713="70")  # of a day that has not come
    return raw


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.build(company(), AS_OF, ["forecast_accuracy_by_horizon"]) as connection:
        yield connection


def test_the_last_published_forecast_of_a_day_counts(marts: duckdb.DuckDBPyConnection) -> None:
    columns = "week_start, horizon_weeks, expected_mxn, actual_mxn, error_mxn, accuracy_pct, abs_error_pct"
    rows = marts.execute(
        f"select {columns} from forecast_accuracy where is_published order by week_start"
    ).fetchall()
    assert rows == [
        # 60 + 30 came from the 11th on; the 500 of the 10th were known when it was made
        ("2026-06-08", 1, 100, 90, -10, 90, Decimal("11.1111")),
        ("2026-06-15", 2, 200, 330, 130, 165, Decimal("39.3939")),
        # nothing was expected and 150 went back: neither has a ratio
        ("2026-06-22", 3, 0, -150, -150, None, None),
        ("2026-06-29", 4, 50, None, None, None, None),
        ("overdue_no_date", None, 40, None, None, None, None),
    ]


def reference(marts: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Every earlier day of cash_forecast, measured here: (as_of, horizon, expected, actual)."""
    found = []
    for as_of, monday, expected in marts.execute(
        "select as_of, week_start_date, expected_mxn from cash_forecast "
        "where as_of < ? and week_start_date is not null",
        [AS_OF],
    ).fetchall():
        first, last = max(monday, as_of + timedelta(days=1)), monday + timedelta(days=6)
        if last <= AS_OF:
            this_week = (as_of + timedelta(days=1)) - timedelta(days=(as_of + timedelta(days=1)).weekday())
            actual = sum((a for d, a in CASH if first <= d <= last), Decimal(0))
            found.append((as_of, (monday - this_week).days // 7 + 1, expected, actual))
    return found


def test_days_never_published_are_measured_as_today_forecasts_them(marts: duckdb.DuckDBPyConnection) -> None:
    expected = sorted(reference(marts))
    assert len(expected) > 40
    rows = marts.execute(
        "select as_of, horizon_weeks, expected_mxn, actual_mxn from forecast_accuracy "
        "where not is_published and actual_mxn is not null"
    ).fetchall()
    assert sorted(rows) == expected


def four(numerator: Decimal, denominator: Decimal) -> Decimal | None:
    if denominator == 0:
        return None
    return (numerator / denominator).quantize(Decimal("0.0001"), ROUND_HALF_UP)


@pytest.mark.parametrize("horizon", [1, 2, 3, 4])
def test_by_horizon(horizon: int, marts: duckdb.DuckDBPyConnection) -> None:
    published = {1: (100, 90), 2: (200, 330), 3: (0, -150)}
    pairs = [(e, a) for _, h, e, a in reference(marts) if h == horizon]
    pairs += [(Decimal(e), Decimal(a)) for h, (e, a) in published.items() if h == horizon]
    expected, actual = sum(e for e, _ in pairs), sum(a for _, a in pairs)
    errors = [four(100 * abs(a - e), a) for e, a in pairs if a > 0]
    rows = marts.execute(
        "select weeks, published_weeks, expected_mxn, actual_mxn, bias_mxn, bias_pct, accuracy_pct, mape_pct, mape_den "
        "from forecast_accuracy_by_horizon where horizon_weeks = ?",
        [horizon],
    ).fetchall()
    assert rows == [(
        len(pairs), int(horizon in published), expected, actual, actual - expected,
        four(100 * (actual - expected), expected), four(100 * actual, expected),
        four(sum(errors, Decimal(0)), Decimal(len(errors))), len(errors),
    )]  # fmt: skip
