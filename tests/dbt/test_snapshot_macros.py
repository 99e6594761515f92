"""The table macros of the snapshot against the marts: any day, both bases, every column, to the cent.

The marts hold a few dates. Here they are also built again as if every day were a report date, so that the macros are
held to them on any day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from dashboards.queries import aging
from tests.dbt import straight
from tests.dbt.companies import Company, companies, raw_of
from tests.dbt.compiled import SENTINEL, project
from tests.dbt.raw_home import OWN_RFC, Raw
from tests.dbt.reads import MACROS
from tests.dbt.test_register_rules import apply, invoice, payment

AS_OF = date(2026, 5, 31)
PAIRS = {"aging_by_customer": "aging_as_of", "aging_open_items": "open_items_as_of"}
READ = (*PAIRS, "aging_by_cut", "fct_invoices", "dim_customers", "unapplied_intervals", "disputes")
BASES = ("effective", "as_recorded")
D = Decimal


def built(raw: Raw, as_of: date = AS_OF) -> duckdb.DuckDBPyConnection:
    """The marts of this company with the macros over them, as a snapshot carries both."""
    marts = straight.run(raw, as_of, READ)
    marts.execute("create schema marts_db.meta")
    marts.execute("create table marts_db.meta.buckets as from warehouse.seeds.buckets")
    marts.execute(MACROS)
    return marts


def report_every_day(marts: duckdb.DuckDBPyConnection, step: int = 1) -> None:
    """The marts once more, with a report date on each of the last 150 days, or on one in `step`."""
    marts.execute(
        "create or replace table marts_db.marts.dim_report_dates as select day::date as as_of, false as is_month_end, "
        "false as is_sunday, true as is_run_as_of from generate_series(?::date - 150, ?::date, to_days(?)) as t(day)",
        [AS_OF, AS_OF, step],
    )
    there = {name for (name,) in marts.execute("select table_name from duckdb_tables()").fetchall()}
    moved = {"dim_report_dates"}
    for node in project(own_rfcs=(OWN_RFC,)).nodes:  # each stands after its parents
        if not node.is_test and node.name in there and moved & set(node.parents):
            marts.execute(node.sql.replace("create ", "create or replace ", 1).replace(SENTINEL, str(AS_OF)))
            moved.add(node.name)
    assert moved >= set(PAIRS)


def assert_agree(marts: duckdb.DuckDBPyConnection) -> None:
    """What each macro answers is what its mart holds, on each of its dates and in both bases: columns and rows."""
    for mart, macro in PAIRS.items():
        held = "true" if mart == "aging_by_customer" else "is_run_as_of"
        dates = f"select as_of from dim_report_dates where {held} union select as_of from {mart} order by 1"
        sources = [mart, f"marts.{macro}(date '{AS_OF}')"]
        columns, answered = (
            [row[:2] for row in marts.execute(f"describe from {source}").fetchall()] for source in sources
        )
        assert answered == columns
        marts.execute(f"create or replace temp table answers as from {mart} limit 0")
        for (day,) in marts.execute(dates).fetchall():
            for basis in BASES:
                marts.execute(f"insert into answers from marts.{macro}(date '{day}', basis := '{basis}')")
        lost = marts.execute(f"from {mart} except all from answers order by all limit 3").fetchall()
        extra = marts.execute(f"from answers except all from {mart} order by all limit 3").fetchall()
        assert (lost, extra) == ([], []), f"{macro}: {[name for name, _ in columns]}"


@settings(
    deadline=None, max_examples=6, derandomize=True, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)  # fmt: skip
@given(company=companies())
@pytest.mark.slow
def test_on_any_day_of_any_company_the_macros_say_what_the_marts_say(company: Company) -> None:
    raw = raw_of(company)
    for row in raw.rows.get("register__disputes", [])[::2]:
        row["currency"] = "USD" if row["currency"] == "MXN" else "MXN"
    with built(raw) as marts:
        assert_agree(marts)
        report_every_day(marts, step=5)
        assert_agree(marts)


def company() -> Raw:
    """Everything that could tell a macro from its mart: currencies, instalments, disputes in another currency, money
    without an invoice, applications told late, and what has no rate."""
    raw = Raw()
    for number in range(1, 7):
        raw.register("customers", customer_id=f"C{number}", name=f"Cliente {number}")
    for day, rate in (("2026-01-05", "18"), ("2026-03-02", "17.9"), ("2026-05-01", "18.5")):
        raw.register("fx_rates", date=day, currency="USD", mxn_per_unit=D(rate))
    _disputed_dollars(raw)
    _disputed_pesos(raw)
    _without_rate(raw)
    _without_invoice(raw)
    _old_and_large(raw)
    return raw


def _disputed_dollars(raw: Raw) -> None:
    usd = {"currency": "USD", "fx_rate": D(18)}
    invoice(raw, "DIS", "500", "2026-02-10", "C1", due_date="2026-03-12", **usd)
    dispute(raw, "DIS", "1800", "2026-03-20")
    invoice(raw, "TWO", "600.01", "2026-02-10", "C2", **usd)
    instalments(raw, "TWO", ("0.01", "2026-03-01"), ("600", "2026-04-01"))
    dispute(raw, "TWO", "600.01", "2026-04-05", currency="USD")


def _disputed_pesos(raw: Raw) -> None:
    invoice(raw, "PES", "1000", "2026-02-01", "C3", due_date="2026-03-03")
    dispute(raw, "PES", "300", "2026-02-15", closed_date="2026-03-20", outcome="rejected")
    dispute(raw, "PES", "900", "2026-03-01")
    payment(raw, "pPES", "400", "2026-04-10", customer_id="C3")
    apply(raw, "pPES", "PES", "400", "2026-04-25")
    invoice(raw, "TRI", "900", "2026-01-20", "C3")
    instalments(raw, "TRI", ("300", "2026-02-20"), ("300", "2026-03-20"), ("300", "2026-06-20"))
    dispute(raw, "TRI", "25", "2026-02-25", currency="USD")  # at 18, the rate of its day: 450.00 pesos
    payment(raw, "pTRI", "350", "2026-03-25", customer_id="C3", reversed_date="2026-04-07")
    apply(raw, "pTRI", "TRI", "350", "2026-03-30")
    invoice(raw, "CAN", "700", "2026-02-03", "C3", due_date="2026-02-28", cancel_date="2026-04-20")
    dispute(raw, "CAN", "700", "2026-03-03")
    payment(raw, "pCAN", "200", "2026-03-10", customer_id="C3")
    apply(raw, "pCAN", "CAN", "200", "2026-03-10")
    dispute(raw, "NONE", "100", "2026-03-03")  # of an invoice that nobody sent


def _without_rate(raw: Raw) -> None:
    for name, day in (("EU1", "2026-02-11"), ("EU2", "2026-03-11")):
        invoice(raw, name, "100", day, "C4", currency="EUR", due_date="2026-04-10")
    dispute(raw, "EU1", "40", "2026-03-12", currency="EUR")
    dispute(raw, "EU2", "40", "2026-03-12")  # how many euros that is nobody knows


def _without_invoice(raw: Raw) -> None:
    for name, currency, amount in (("u1", "MXN", "50"), ("u2", "USD", "10.01"), ("u3", "EUR", "5")):
        payment(raw, name, amount, "2026-03-15", customer_id="C5", currency=currency)
    payment(raw, "u4", "33", "2026-03-18", customer_id=None, invoice_id="NOBODY")
    invoice(raw, "CEN", "0.06", "2026-03-10", "C5", currency="USD", fx_rate=D(18))
    dispute(raw, "CEN", "0.05", "2026-03-11", currency="USD")
    raw.register("credit_notes", cn_id="N1", customer_id="C4", currency="USD", issue_date="2026-03-17", total=D("7.77"),
                 tipo_relacion="01", company_rfc=OWN_RFC)  # fmt: skip


def _old_and_large(raw: Raw) -> None:
    raw.register("opening_balances", customer_id="C6", invoice_id="OLD", date="2015-11-10", due_date="2015-12-10",
                 amount=D("123.45"), currency="MXN")  # fmt: skip
    invoice(raw, "BIG", "900000000000", "2026-02-02", "C6", currency="USD", fx_rate=D("18.123456"))
    dispute(raw, "BIG", "800000000000", "2026-02-12", currency="USD")
    payment(raw, "pBIG", "850000000000", "2026-04-15", customer_id="C6", currency="USD")


def dispute(raw: Raw, of: str, amount: str, opened: str, **more: Any) -> None:
    number = len(raw.rows.get("register__disputes", []))
    raw.register(
        "disputes",
        **{"dispute_id": f"d{number}", "invoice_id": of, "opened_date": opened, "disputed_amount": D(amount)}
        | {"currency": "MXN"}
        | more,
    )


def instalments(raw: Raw, of: str, *parts: tuple[str, str]) -> None:
    for number, (amount, due) in enumerate(parts, start=1):
        raw.register("instalments", invoice_id=of, number=number, due_date=due, amount=D(amount))


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with built(company()) as connection:
        yield connection


@pytest.fixture(scope="module")
def every_day() -> Iterator[duckdb.DuckDBPyConnection]:
    with built(company()) as connection:
        report_every_day(connection)
        yield connection


def test_on_their_dates_the_macros_say_what_the_marts_say(marts: duckdb.DuckDBPyConnection) -> None:
    assert straight.broken(marts, AS_OF) == {}
    assert_agree(marts)


def test_on_any_other_day_the_macros_say_what_the_marts_would(every_day: duckdb.DuckDBPyConnection) -> None:
    assert_agree(every_day)


# day, customer: gross, of which disputed, unapplied, items without a rate. Worked out by hand.
DAYS = [
    # no dispute yet: 500 USD × 17.9
    ("2026-03-19", "C1", ("8950.00", "0.00", "0.00", 0)),
    # 1,800 pesos at the invoice's 18 are 100.00 USD, and those 1,790.00 pesos of the day, later 1,850.00
    ("2026-03-20", "C1", ("8950.00", "1790.00", "0.00", 0)),
    ("2026-05-20", "C1", ("9250.00", "1850.00", "0.00", 0)),
    # two instalments, each in pesos by itself: 0.01 × 18.5 = 0.185 and 600 × 18.5
    ("2026-05-20", "C2", ("11100.19", "11100.19", "0.00", 0)),
    # PES 1,000 of which min(1000, 300 + 900); TRI 900 of which 450; CAN 500 of which min(500, 700)
    ("2026-03-19", "C3", ("2400.00", "1950.00", "0.00", 0)),
    # the dispute of 300 is closed on the 20th
    ("2026-03-20", "C3", ("2400.00", "1850.00", "0.00", 0)),
    # CAN is cancelled and its 200 left over; PES 600, all of it disputed; TRI 900 again, its payment bounced
    ("2026-04-20", "C3", ("1500.00", "1050.00", "200.00", 0)),
    # two invoices of no rate, and a note of 7.77 USD × 17.9 = 139.083
    ("2026-03-19", "C4", ("0.00", "0.00", "139.08", 2)),
    # 0.06 USD × 17.9 = 1.074, of which 0.05 × 17.9 = 0.895; 50 pesos, 10.01 USD × 17.9 = 179.179, 5 euros of no rate
    ("2026-03-19", "C5", ("1.07", "0.90", "229.18", 1)),
    # a day of long before the first rate: pesos are pesos
    ("2015-11-12", "C6", ("123.45", "0.00", "0.00", 0)),
    # 9 × 10¹¹ USD at 17.9, and 8 × 10¹¹ of them disputed
    ("2026-04-10", "C6", ("16110000000123.45", "14320000000000.00", "0.00", 0)),
    # after the snapshot: what is known at its date, at its last rate
    ("2026-07-15", "C1", ("9250.00", "1850.00", "0.00", 0)),
]


@pytest.mark.parametrize(("day", "customer", "expected"), DAYS)
def test_a_day_worked_out_by_hand(
    day: str, customer: str, expected: tuple[str, str, str, int], marts: duckdb.DuckDBPyConnection
) -> None:
    found = marts.execute(
        f"select gross_mxn, disputed_mxn, unapplied_mxn, unvalued_items from marts.aging_as_of(date '{day}') "
        f"where customer_id = '{customer}'"
    ).fetchall()
    *amounts, unvalued = expected
    assert found == [(*map(D, amounts), unvalued)]


def test_a_disputed_amount_in_the_currency_of_its_invoice(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select invoice_id, disputed_amount_ccy, currency, disputed_invoice_ccy from disputes "
        "where invoice_id in ('DIS', 'TRI', 'EU1', 'EU2') order by 1"
    ).fetchall()
    assert found == [
        ("DIS", D(1800), "MXN", D(100)), ("EU1", D(40), "EUR", D(40)), ("EU2", D(40), "MXN", None),
        ("TRI", D(25), "USD", D(450)),
    ]  # fmt: skip
    items = "select open_ccy, disputed_open_ccy from marts.open_items_as_of(date '2026-04-20') where invoice_id = '{}'"
    assert marts.execute(items.format("DIS")).fetchall() == [(D(500), D(100))]
    # 450 of 900 lie on the oldest instalments first
    assert marts.execute(items.format("TRI") + " order by instalment").fetchall() == [
        (D(300), D(300)), (D(300), D(150)), (D(300), D(0)),
    ]  # fmt: skip


def test_the_page_that_reads_the_macros_says_what_the_mart_says(every_day: duckdb.DuckDBPyConnection) -> None:
    """«Antigüedad» asks aging_by_cut on a report date and the macros on any other: the same totals, to the cent."""
    with duckdb.connect() as snapshot:
        snapshot.execute("create schema marts; create schema meta")
        for name in (
            "meta.buckets",
            *(f"marts.{mart}" for mart in READ),
            "marts.balance_intervals",
            "marts.fx_rates_daily",
        ):
            snapshot.register("found", every_day.sql(f"from {name}").to_arrow_table())
            snapshot.execute(f"create table {name} as from found")
        snapshot.execute(MACROS)
        for day in ("2026-03-19", "2026-04-20", "2026-05-20"):
            published, computed = (
                aging.by_customer(
                    snapshot, aging.Question(date.fromisoformat(day), is_report_date=held), "name", 50, 0
                )
                for held in (True, False)
            )
            assert computed == published
