# ruff: noqa: E501 -- a case and its query stand on one line
"""Values of rules that a dbt unit test cannot say in a few rows: the dates of report, buckets by issue date, the KPIs of
disputes; and of every share in every mart, that it is its numerator over its denominator and empty over 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_marts_process import company as process_company
from tests.dbt.test_measures import company as measured_company
from tests.dbt.test_register_rules import invoice, payment

AS_OF = "2026-06-30"
BUCKETS = {0: "current", 1: "1-30", 30: "1-30", 31: "31-60", 60: "31-60", 61: "61-90", 90: "61-90", 91: "91-120", 120: "91-120", 121: "120+"}  # fmt: skip


def dated() -> Raw:
    """One invoice open since January 2023, and one of each age at the bounds of the buckets, due in a year."""
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    invoice(raw, "OLD", "1", "2023-01-15", due_date="2023-02-15")
    for age in BUCKETS:
        day = date.fromisoformat(AS_OF) - timedelta(age)
        invoice(raw, f"A{age}", "1", day.isoformat(), due_date="2027-06-30")
    return raw


@pytest.fixture(scope="module")
def dates() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.run(dated(), AS_OF, ["aging_open_items", "fct_invoices"]) as connection:
        yield connection


def test_open_items_stand_on_thirteen_month_ends_and_eight_sundays(dates: duckdb.DuckDBPyConnection) -> None:
    """30 June 2026 is a Tuesday and the end of its month: June 2025 to June 2026, and 10 May to 28 June."""
    rows = dates.execute("select distinct as_of from aging_open_items order by 1").fetchall()
    month_ends = [date(2025 + (m > 12), (m - 1) % 12 + 1, 1) - timedelta(1) for m in range(7, 20)]
    sundays = [date(2026, 5, 10) + timedelta(7 * n) for n in range(8)]
    assert [d for (d,) in rows] == sorted({*month_ends, *sundays})
    assert (month_ends[0], month_ends[-1], sundays[-1]) == (
        date(2025, 6, 30),
        date(2026, 6, 30),
        date(2026, 6, 28),
    )


def test_report_dates_hold_every_month_end_and_the_last_104_sundays(dates: duckdb.DuckDBPyConnection) -> None:
    query = "select count(*), min(as_of)::varchar, max(as_of)::varchar from dim_report_dates where {}"
    assert dates.execute(query.format("is_sunday")).fetchone() == (104, "2024-07-07", "2026-06-28")
    assert dates.execute(query.format("is_month_end")).fetchone() == (42, "2023-01-31", AS_OF)
    assert dates.execute(query.format("is_run_as_of")).fetchone() == (1, AS_OF, AS_OF)


def test_a_run_on_a_sunday_has_104_of_them_too() -> None:
    with straight.run(dated(), "2026-06-28", ["aging_open_items"]) as connection:
        query = (
            "select count(*), min(as_of)::varchar, max(as_of)::varchar from dim_report_dates where is_sunday"
        )
        assert connection.execute(query).fetchone() == (104, "2024-07-07", "2026-06-28")
        # May 2025 to May 2026, and 10 May to 28 June, of which 31 May is both
        [(days,)] = connection.execute("select count(distinct as_of) from aging_open_items").fetchall()
        assert days == 13 + 8 - 1


@pytest.mark.parametrize("age", BUCKETS)
def test_bucket_by_issue_date(age: int, dates: duckdb.DuckDBPyConnection) -> None:
    query = f"select bucket_due, bucket_issue from {{}} where invoice_id = 'A{age}'"
    assert dates.execute(query.format("fct_invoices")).fetchall() == [("current", BUCKETS[age])]
    of_the_run = query.format("aging_open_items") + f" and as_of = '{AS_OF}' and basis = 'effective'"
    assert dates.execute(of_the_run).fetchall() == [("current", BUCKETS[age])]


def disputed() -> Raw:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    invoice(raw, "A", "1000", "2026-05-20", due_date="2026-06-20")
    invoice(raw, "B", "600", "2026-06-05", due_date="2026-07-20")
    invoice(raw, "C", "400", "2026-06-06", due_date="2026-07-20")
    invoice(raw, "D", "500", "2026-06-07", due_date="2026-07-20", cancel_date="2026-06-08")
    payment(raw, "PA", "800", "2026-06-25", customer_id=None, invoice_id="A")
    for name, of, amount, opened, closed, outcome in (
        ("1", "A", "300", "2026-06-02", None, None),  # of A only 200 is left
        ("2", "B", "100", "2026-06-10", "2026-06-12", "accepted"),
        ("3", "B", "50", "2026-06-20", None, None),
        ("4", "C", "400", "2026-06-10", "2026-06-18", "rejected"),
        ("5", "C", "40", "2026-06-11", "2026-06-12", "accepted"),
        ("6", "D", "700", "2026-06-07", "2026-06-08", "accepted"),
        ("7", "C", "10", "2026-06-29", "2026-07-05", "accepted"),  # at the end of June nobody knew
    ):
        raw.register("disputes", dispute_id=name, invoice_id=of, disputed_amount=Decimal(amount), currency="MXN",
                     opened_date=opened, closed_date=closed, outcome=outcome)  # fmt: skip
    return raw


DISPUTE_KPIS = {
    # value, numerator, denominator. Open: 1 (200 of A), 3 (50 of B) and 7 (10 of C); receivables 200 + 600 + 400
    "disputes_open": (3, None, None),
    "disputes_oldest_days": (28, None, None),  # since 2 June
    "disputes_share_of_ar_pct": (Decimal("21.6667"), 260, 1200),
    "disputes_accepted_pct": (75, 3, 4),  # closed: 2, 4, 5 and 6
    "disputes_mean_resolution_days": (3, None, None),  # 2, 8, 1 and 1 days
    "disputes_median_resolution_days": (Decimal("1.5"), None, None),
    "disputed_invoices_pct": (100, 3, 3),  # B, C and D were issued in June
    "disputed_live_invoices_pct": (100, 2, 2),
    # B 100 + 50, C 400 at most, D 500 at most, of 600 + 400 + 500
    "disputed_amount_pct": (70, 1050, 1500),
}


@pytest.fixture(scope="module")
def disputes() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.run(disputed(), AS_OF, ["kpi_figures"]) as connection:
        yield connection


@pytest.mark.parametrize("kpi", DISPUTE_KPIS)
def test_kpis_of_disputes(kpi: str, disputes: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select value, numerator, denominator from kpis where kpi = ? and period = ? and dimension = 'total'"
    )
    assert disputes.execute(query, [kpi, AS_OF]).fetchall() == [DISPUTE_KPIS[kpi]]


def one_invoice() -> Raw:
    """One invoice not yet due: no promise, reminder, dispute, plan, bank line, credit note nor anything settled."""
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    invoice(raw, "A", "1000", "2026-06-20", due_date="2026-07-20")
    return raw


COMPANIES: dict[str, Callable[[], Raw]] = {
    "empty": Raw,
    "one_invoice": one_invoice,
    "measured": measured_company,
    "process": process_company,
    "disputed": disputed,
}
# a mean of shares, and a share whose parts stand rounded: (times, what rounding may move)
OTHERWISE = {"mape": (1, 0.0001), "reduction": (100, 0.01)}
# of a week in which more went back than came there is no error in proportion


@pytest.fixture(scope="module", params=COMPANIES)
def every_mart(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.run(COMPANIES[request.param](), AS_OF, reminder_programme_start="2026-04-01") as connection:
        yield connection


def shares(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Every mart's x that has x_pct, x_num and x_den."""
    rows = connection.execute(
        "select table_name, regexp_replace(column_name, '_(pct|num|den)$', '') as share from duckdb_columns() "
        "where database_name = 'marts_db' and regexp_matches(column_name, '_(pct|num|den)$') "
        "group by all having count(*) = 3 order by all"
    ).fetchall()
    return [(mart, share) for mart, share in rows]


def test_every_share_is_its_parts_and_empty_over_zero(every_mart: duckdb.DuckDBPyConnection) -> None:
    wrong: list[Any] = []
    found = shares(every_mart)
    for mart, share in found:
        times, slack = OTHERWISE.get(share, (100, 0.0000501))
        query = (
            f"select '{mart}', '{share}', {share}_num, {share}_den, {share}_pct from {mart} where "
            f"(coalesce({share}_den, 0) = 0 and {share}_pct is not null) or (coalesce({share}_den, 0) <> 0 and {share}_num is not null "
            f"and coalesce(abs({share}_pct - {times} * {share}_num::double / {share}_den::double) > {slack}, true)) limit 3"
        )
        wrong += every_mart.execute(query).fetchall()
    assert wrong == []
    assert len(found) > 40


def test_every_kpi_over_zero_is_empty(every_mart: duckdb.DuckDBPyConnection) -> None:
    query = "select kpi, dimension, period, value from kpis where denominator = 0 and value is not null"
    assert every_mart.execute(query).fetchall() == []
    shares_of_it = (
        "select kpi, period, numerator, denominator, value from kpis where kpi like '%_pct' and denominator <> 0 "
        "and kpi not like 'morosidad_reduction%' and kpi <> 'forecast_mape_pct' and coalesce(abs(value - 100 * numerator::double / denominator::double) > 0.0000501, true)"
    )
    assert every_mart.execute(shares_of_it).fetchall() == []
