# ruff: noqa: E501 -- a case and its query stand on one line
"""Cases by hand that the drawn company of test_marts_reference lacks: instalments, substitution, a cancellation after a
partial payment, a limit that changes, and how each shows in the roll-forward, the roll matrix and the cure rate."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt.raw_home import Raw
from tests.dbt.test_register_rules import apply, invoice, payment

Home = Callable[..., duckdb.DuckDBPyConnection]


def company() -> Raw:
    raw = Raw()
    raw.register("customers", customer_id="A", name="A", credit_limit=Decimal(1000))
    raw.register("customers", customer_id="A", name="A", credit_limit=Decimal(500), credit_limit_currency="USD",
                 delivered="2026-04-01")  # fmt: skip
    raw.register("customers", customer_id="B", name="B", credit_limit=Decimal(0))
    raw.register("customers", customer_id="C", name="C")
    raw.register("fx_rates", date="2026-01-01", currency="USD", mxn_per_unit=Decimal(18))
    for customer in ("B", "C"):
        invoice(raw, f"Z{customer}", "100", "2026-04-02", customer, due_date="2026-05-02")
    cases = {
        "P1": ("1000", "2026-01-10", {"due_date": "2026-01-31", "cancel_date": "2026-02-20"}),
        "S1": ("1000", "2026-01-05", {"due_date": "2026-03-31"}),
        "S2": ("1000", "2026-03-10", {"due_date": "2026-04-30", "replaces_invoice_id": "S1"}),
        "I1": ("900", "2026-01-01", {}),
        "B1": ("700", "2026-01-03", {"due_date": "2026-02-02"}),
        "Q1": ("500", "2026-01-04", {"due_date": "2026-05-30"}),
    }
    for name, (total, day, more) in cases.items():
        invoice(raw, name, total, day, "A", **more)
    raw.register("instalments", invoice_id="I1", number=1, due_date="2026-02-15", amount=Decimal(400))
    raw.register("instalments", invoice_id="I1", number=2, due_date="2026-04-15", amount=Decimal(500))
    paid: list[tuple[str, str, str, str | None]] = [
        ("P1", "400", "2026-02-10", None), ("S1", "300", "2026-01-20", None), ("I1", "500", "2026-03-05", None),
        ("B1", "700", "2026-02-10", "2026-03-15"), ("Q1", "500", "2026-02-05", "2026-02-10"),
    ]  # fmt: skip
    for name, amount, day, bounced in paid:
        payment(raw, f"p{name}", amount, day, customer_id="A", reversed_date=bounced)
        apply(raw, f"p{name}", name, amount, day)
    return raw


@pytest.fixture(scope="module")
def marts(home: Home) -> duckdb.DuckDBPyConnection:
    models = ("roll_forward", "cure_rates", "provision", "credit_use", "collected_on_time", "roll_rates")
    return home("balances", company, only=models)


def row(marts: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    [found] = marts.execute(query).fetchall()
    return found


def test_roll_forward_of_a_cancellation_and_a_substitution(marts: duckdb.DuckDBPyConnection) -> None:
    columns = "billed, cancelled, payments_applied, payments_reversed, substituted, payments_rehomed, ending"
    assert row(marts, f"select {columns} from roll_forward where month = date '2026-02-01'") == (
        0, 600, 1600, 500, 0, 0, 2100,
    )  # fmt: skip
    assert row(marts, f"select {columns} from roll_forward where month = date '2026-03-01'") == (
        1000, 1000, 500, 700, 700, 300, 2300,
    )  # fmt: skip


MATRIX = {
    # from: start, entered, to current, to 1-30, to 31-60, paid, credited, cancelled, written off
    ("2026-02-28", "current"): (3800, 0, 1700, 400, 0, 700, 0, 1000, 0),
    ("2026-03-31", "current"): (1700, 0, 900, 0, 0, 100, 0, 700, 0),
    ("2026-03-31", "1-30"): (400, 0, 0, 0, 0, 400, 0, 0, 0),
    ("2026-03-31", "issued"): (0, 1000, 700, 0, 0, 300, 0, 0, 0),
    ("2026-03-31", "reopened"): (0, 700, 0, 0, 700, 0, 0, 0, 0),
}


@pytest.mark.parametrize(("end", "bucket"), MATRIX)
def test_roll_matrix(end: str, bucket: str, marts: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select start_mxn, entered_mxn, to_current_mxn, to_d1_30_mxn, to_d31_60_mxn, paid_mxn, credited_mxn, cancelled_mxn,"
        f" written_off_mxn from roll_rates where cadence = 'month' and to_date = date '{end}' and from_bucket = '{bucket}'"
    )
    assert row(marts, query) == MATRIX[end, bucket]


def test_cure_leaves_reopened_apart(marts: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select by_amount_pct, by_cash_pct, by_invoice_num, by_invoice_den, newly_overdue_mxn, reopened_mxn from cure_rates"
        " where cadence = 'month' and to_date = date '2026-03-31'"
    )
    assert row(marts, query) == (100, 100, 1, 1, 0, 700)


def test_a_limit_holds_from_its_delivery_at_the_closing_rate(marts: duckdb.DuckDBPyConnection) -> None:
    query = "select exposure_mxn, limit_mxn, utilisation_pct, is_exceeded from credit_use where customer_id = '{}' and as_of = '{}'"
    assert row(marts, query.format("A", "2026-03-31")) == (1900, 1000, 190, True)
    assert row(marts, query.format("A", "2026-04-30")) == (1900, 9000, Decimal("21.1111"), False)
    assert row(marts, query.format("B", "2026-04-30")) == (100, 0, None, False)
    assert row(marts, query.format("C", "2026-04-30")) == (100, None, None, False)


def test_provision_by_given_rates(marts: duckdb.DuckDBPyConnection) -> None:
    query = "select gross_mxn, loss_rate, expected_loss_mxn from provision where as_of = '2026-03-31' and bucket = '{}'"
    assert row(marts, query.format("31-60")) == (700, Decimal("0.05"), 35)
    assert row(marts, query.format("current")) == (1600, Decimal("0.005"), 8)


def test_on_time_is_the_whole_invoice_by_its_last_due_date(marts: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select matured_invoices, paid_by_due, matured_mxn, count_pct from collected_on_time"
        " where due_month = date '2026-{}-01' and value = 'total'"
    )
    assert row(marts, query.format("04")) == (2, 0, 1900, 0)  # I1, its last instalment open, and S2
    assert row(marts, query.format("03")) == (0, 0, 0, None)  # S1 was substituted


def old_debts() -> Raw:
    """All issued in December; their buckets follow from how old their due dates already were."""
    raw = Raw()
    raw.register("customers", customer_id="A", name="A")
    for name, amount, due in (
        ("X1", "100", "2025-09-01"), ("X2", "300", "2025-09-01"), ("X3", "200", "2025-09-25"),
        ("X4", "200", "2025-09-25"), ("X5", "160", "2025-12-20"), ("X6", "40", "2026-01-15"),
    ):  # fmt: skip
        invoice(raw, name, amount, "2025-12-15", "A", due_date=due)
    for name, amount in (("X2", "300"), ("X4", "200"), ("X6", "40")):
        payment(raw, f"p{name}", amount, "2026-01-10", customer_id=None, invoice_id=name)
    raw.register(
        "write_offs",
        write_off_id="W",
        invoice_id="X1",
        date="2026-01-10",
        amount=Decimal(100),
        currency="MXN",
    )
    return raw


def test_provision_by_the_rates_of_its_own_history(home: Home) -> None:
    """Of 400 over 120 days 100 were written off: 0.25. Of 400 at 91-120, 200 were paid and 200 grew older: 0.125.
    X5 grew older month after month, so its buckets end like the one after them; what was current was paid."""
    marts = home("old_debts", old_debts, only=["provision"], as_of="2026-03-31")
    query = (
        "select estimated_loss_rate, estimated_loss_mxn from provision where as_of = '{}' order by position"
    )
    eighth, none = Decimal("0.125"), (None, None)
    assert marts.execute(query.format("2026-03-31")).fetchall() == [
        (0, 0), (eighth, 0), (eighth, 0), (eighth, 0), (eighth, 20), (Decimal("0.25"), 50),
    ]  # fmt: skip
    # in January nobody knew yet how what is at 31-60 ends, and X5 had gone there
    assert marts.execute(query.format("2026-01-31")).fetchall() == [
        (0, 0), none, none, none, (eighth, 0), (Decimal("0.25"), 50),
    ]  # fmt: skip
