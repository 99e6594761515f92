"""Due dates on days of rest (METRICS C14): as they are, unless the home asks to move them to the next business day."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_register_rules import invoice

HOLIDAYS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "holidays.csv"
HOLY_WEEK = ("2026-04-02", "2026-04-03")


def company() -> Raw:
    """Invoices named by the day on which they are due."""
    raw = Raw()
    raw.register("customers", customer_id="C1", name="C1", terms_days=30)
    for day in (
        "2026-01-31",
        "2026-03-14",
        "2026-03-17",
        "2026-04-02",
        "2025-12-25",
        "2030-10-01",
        "2031-10-01",
    ):
        invoice(raw, day, "100", "2025-12-01", due_date=day)
    invoice(raw, "parts", "200", "2025-12-01", due_date="2026-01-05")
    for number, day in enumerate(("2026-01-01", "2026-01-05"), start=1):
        raw.register("instalments", invoice_id="parts", number=number, due_date=day, amount=100)
    return raw


@pytest.mark.parametrize(
    ("day", "moved"),
    [
        ("2026-01-31", "2026-02-03"),  # a Saturday; the Monday after is the first of February
        ("2026-03-14", "2026-03-17"),  # a Saturday; the Monday after is the third of March
        ("2026-03-17", "2026-03-17"),  # a Tuesday
        ("2026-04-02", "2026-04-06"),  # Holy Thursday, by the home's own list, then its Friday and a weekend
        ("2025-12-25", "2025-12-26"),  # a Thursday, and a Friday that is no holiday
        ("2030-10-01", "2030-10-02"),  # the federal government changes hands every six years
        ("2031-10-01", "2031-10-01"),
    ],
)
def test_a_due_date_on_a_day_of_rest(day: str, moved: str) -> None:
    query = f"select due_date, contractual_due_date from fct_invoices where invoice_id = '{day}'"
    contractual = dt.date.fromisoformat(day)
    with straight.run(company(), "2026-06-30", straight.CORE) as marts:
        assert marts.execute(query).fetchall() == [(contractual, contractual)]
    with straight.run(
        company(), "2026-06-30", straight.CORE, business_day_shift=True, holidays=HOLY_WEEK
    ) as marts:
        assert marts.execute(query).fetchall() == [(dt.date.fromisoformat(moved), contractual)]


def test_the_days_of_rest_are_those_of_the_law() -> None:
    """The rule against the seed, over its twenty years: an invoice due on each day that is no weekend."""
    listed = csv.DictReader(HOLIDAYS.read_text(encoding="utf-8").splitlines())
    holidays = {day for row in listed if (day := dt.date.fromisoformat(row["date"])).isoweekday() < 6}
    raw = Raw()
    raw.register("customers", customer_id="C1", name="C1", terms_days=30)
    days = [dt.date(2016, 1, 1) + dt.timedelta(days=n) for n in range(20 * 365 + 5)]
    for day in days:
        if day.isoweekday() < 6:
            invoice(raw, str(day), "100", "2016-01-01", due_date=str(day))
    query = "select contractual_due_date from fct_invoices where due_date <> contractual_due_date"
    with straight.run(raw, "2026-06-30", ["fct_invoices"], business_day_shift=True) as marts:
        assert {day for (day,) in marts.execute(query).fetchall()} == holidays


def test_an_instalment_moves_by_its_own_day() -> None:
    query = (
        "select instalment, b.due_date from balance_intervals as b inner join fct_invoices as i using (invoice_key) "
        "where basis = 'effective' and invoice_id = 'parts' order by 1"
    )
    with straight.run(company(), "2026-06-30", straight.CORE, business_day_shift=True) as marts:
        assert marts.execute(query).fetchall() == [(1, dt.date(2026, 1, 2)), (2, dt.date(2026, 1, 5))]
