"""A register that comes whole: what a later whole delivery no longer brings is withdrawn from that day on."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import duckdb

from tests.dbt.raw_home import Raw

Home = Callable[..., duckdb.DuckDBPyConnection]

# invoice -> the deliveries that bring it; invoices come whole on 1 and 15 March and on 15 July
DELIVERED = {
    "G1": ["2026-02-01"],  # gone on 1 March
    "G2": ["2026-03-01", "2026-03-15"],  # stays until July
    "G3": ["2026-02-01", "2026-03-20"],  # gone in March; a later, partial file brings it back
    "G4": ["2026-03-01"],  # gone on 15 March
    "G5": ["2026-03-15", "2026-07-15"],  # always there
}


def company(*, backwards: bool = False) -> Raw:
    raw = Raw()
    days = ["2026-03-01", "2026-03-15", "2026-07-15"]
    for name in sorted(DELIVERED, reverse=backwards):
        for day in sorted(DELIVERED[name], reverse=backwards):
            raw.register("invoices", invoice_id=name, customer_id="C1", currency="MXN", total=Decimal("100"),
                         issue_date="2026-01-10", metodo_pago="PPD", delivered=day)  # fmt: skip
    raw.register(
        "customers", customer_id="C1", name="Uno", delivered="2026-01-01"
    )  # customers never come whole
    raw.full = [("invoices", day) for day in sorted(days, reverse=backwards)]
    return raw


def invoices(marts: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return marts.execute("select invoice_id, customer_name from fct_invoices order by 1").fetchall()


def test_a_row_that_is_gone_is_withdrawn_in_any_order_of_arrival(home: Home) -> None:
    expected = [("G2", "Uno"), ("G3", "Uno"), ("G5", "Uno")]
    assert invoices(home("full", company)) == expected
    assert invoices(home("full_backwards", lambda: company(backwards=True))) == expected


def test_it_counts_until_the_day_of_that_delivery(home: Home) -> None:
    before = home("full_before", company, as_of="2026-03-14")
    assert [name for name, _ in invoices(before)] == ["G2", "G3", "G4", "G5"]
    after = home("full_after", company, as_of="2026-07-31")
    assert [name for name, _ in invoices(after)] == ["G5"]
