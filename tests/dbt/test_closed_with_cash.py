# ruff: noqa: E501 -- a case and its query stand on one line
"""What closes an invoice that took another's place: the money that followed it does, as the invoice's own, and is collected once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_register_rules import invoice, payment

AS_OF = "2026-06-30"
MARTS = ["collection_time", "collected_on_time", "punctual_retention", "billed_vs_collected", "weekly_movements", "vintage",
         "fct_movements"]  # fmt: skip


def replaced(raw: Raw, name: str) -> None:
    """An invoice of 10 January, cancelled on 1 March and replaced that day: due 31 March."""
    invoice(
        raw,
        f"{name}1",
        "1000",
        "2026-01-10",
        due_date="2026-02-09",
        cancel_date="2026-03-01",
        cancel_motivo="01",
    )
    invoice(raw, f"{name}2", "1000", "2026-03-01", due_date="2026-03-31", replaces_invoice_id=f"{name}1")


def note(raw: Raw, name: str, kind: str) -> None:
    raw.register("credit_notes", cn_id=f"N{name}", customer_id="C1", currency="MXN", issue_date="2026-02-01", total=Decimal(1000),
                 tipo_relacion=kind, related_invoice_id=f"{name}1")  # fmt: skip


def company() -> Raw:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    for name in "SVTAK":
        replaced(raw, name)
    payment(raw, "PS", "1000", "2026-02-01", invoice_id="S1")
    # the cheque that had followed it bounced, and it was paid on 20 March
    payment(raw, "PV", "1000", "2026-02-02", invoice_id="V1", reversed_date="2026-03-10")
    payment(raw, "PW", "1000", "2026-03-20", invoice_id="V2")
    note(raw, "T", "01")  # a rebate followed: closed without a payment
    note(raw, "A", "07")  # an advance followed: paid, and not with cash
    payment(raw, "PK", "1000", "2026-02-01", invoice_id="K1", method="compensación")  # the same
    return raw


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.build(company(), AS_OF, MARTS) as connection:
        yield connection


CASES = [
    ("states", "select i.invoice_id, s.state, s.has_cash, s.days from warehouse.intermediate.int_invoice_states as s "
     "join warehouse.intermediate.int_invoice_attributes as i using (invoice_key) "
     "where s.state_to > '2026-06-30' order by 1", [
         ("A2", "paid", False, 0), ("K2", "paid", False, 0), ("S2", "paid", True, 0), ("T2", "credited", False, 0),
         ("V2", "paid", True, 19)]),
    ("as_the_invoices_say", "select invoice_id, status, has_live_cash from fct_invoices where status <> 'cancelled' order by 1", [
        ("A2", "paid", False), ("K2", "paid", False), ("S2", "paid", True), ("T2", "credited", False), ("V2", "paid", True)]),
    # S2 on its first day, V2 19 days after
    ("closed", "select closed_invoices, mean_days from collection_time where as_of = '2026-06-30' and dimension = 'total'", [
        (2, Decimal("9.5"))]),
    ("on_time", "select matured_invoices, paid_by_due from collected_on_time where due_month = '2026-03-01' and dimension = 'total'", [
        (4, 4)]),
    # received once: S and V in February, and in March V bounced and was paid again
    ("collected", "select collected_mxn from billed_vs_collected where month in ('2026-02-01', '2026-03-01') and dimension = 'total' "
     "order by month", [(Decimal(2000),), (Decimal(0),)]),
    ("collected_weeks", "select week_end::text, value from weekly_movements where metric = 'collected_mxn' and value <> 0 "
     "order by 1", [("2026-02-01", Decimal(1000)), ("2026-02-08", Decimal(1000)), ("2026-03-15", Decimal(-1000)),
                    ("2026-03-22", Decimal(1000))]),
    ("ledger", "select invoice_id, flow, is_cash, amount_ccy from fct_movements where invoice_id in ('S1', 'S2') and is_cash "
     "or flow = 'rehomed' and invoice_id = 'S2' order by 1", [
         ("S1", "payment", True, Decimal(-1000)), ("S2", "rehomed", False, Decimal(-1000))]),
    ("vintage", "select collected_30d_num from vintage where issue_month = '2026-03-01' and dimension = 'total'", [
        (Decimal(2000),)]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_worked_example(marts: duckdb.DuckDBPyConnection, query: str, expected: list[Any]) -> None:
    assert marts.execute(query).fetchall() == expected
