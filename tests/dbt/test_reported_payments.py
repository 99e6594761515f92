# ruff: noqa: E501 -- a case stands on one line
"""Reported payments hold reminders and lower nothing; the calendar's steps come from the settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_marts_process import line, remind
from tests.dbt.test_register_rules import invoice, payment


def report(raw: Raw, name: str, customer: str, of: str | None, day: str, amount: str, **more: Any) -> None:
    raw.register("reported_payments", report_id=name, customer_id=customer, invoice_id=of, reported_date=day,
                 amount=Decimal(amount), currency="MXN", **more)  # fmt: skip


def company() -> Raw:
    raw = Raw()
    for customer in ("C1", "C2", "C3"):
        raw.register("customers", customer_id=customer, name=customer)
    for name, total in (("A", "1000"), ("B", "200"), ("C", "300")):
        invoice(raw, name, total, "2026-05-20", due_date="2026-06-20")
    for name in ("D", "E"):
        invoice(raw, name, "400", "2026-05-20", "C2", due_date="2026-06-25")
    report(raw, "R1", "C1", "A", "2026-06-28", "1000")  # within its 7 days
    report(raw, "R2", "C1", "B", "2026-06-10", "200")  # nobody confirmed it by the 17th
    report(raw, "R3", "C1", "C", "2026-06-22", "300")
    payment(raw, "P3", "300", "2026-06-23")  # of nothing in particular: C stays open
    report(raw, "R4", "C2", None, "2026-06-20", "150")  # past its days, and in the bank
    line(raw, "L4", "150", "2026-06-21")
    report(raw, "R5", "C3", None, "2026-06-24", "50")  # two reports and one payment: the closest
    report(raw, "R6", "C3", None, "2026-06-25", "50")
    payment(raw, "P6", "50", "2026-06-25", customer_id="C3")
    report(raw, "R7", "C3", None, "2026-05-01", "70", reference="X9")  # far away, but its reference says it
    payment(raw, "P7", "70", "2026-06-12", customer_id="C3", bank_reference="X9")
    report(raw, "R8", "C1", "B", "2026-07-02", "200")  # after as_of: not known yet
    remind(raw, "S", "A", "2026-06-22")
    return raw


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    settings = {"ladder_days": [10, -5, 0, 60], "escalation_days": 20}
    with straight.build(company(), only=["worklist", "collection_calendar"], **settings) as connection:
        yield connection


def test_who_confirms_a_report(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select report_id, status, is_holding, payment_id, bank_line_id from reported_payments order by 1"
    ).fetchall()
    assert rows == [
        ("R1", "pending", True, None, None),
        ("R2", "expired", False, None, None),
        ("R3", "registered", False, "P3", None),
        ("R4", "in_bank", True, None, "L4"),
        ("R5", "pending", True, None, None),
        ("R6", "registered", False, "P6", None),
        ("R7", "registered", False, "P7", None),
    ]


def test_a_report_holds_and_lowers_nothing(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select distinct invoice_id, open_ccy, hold_reason, is_held from collection_calendar order by 1"
    ).fetchall()
    assert rows == [
        ("A", 1000, "pago reportado", True),
        ("B", 200, None, False),
        ("C", 300, None, False),
        ("D", 400, "pago reportado", True),  # its customer's report names no invoice
        ("E", 400, "pago reportado", True),
    ]


def test_the_worklist_says_what_to_do_about_it(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select customer_id, reported_mxn, hold_reason, next_action, lower(reasons), is_today from worklist order by 1"
    ).fetchall()
    found = {customer: row for customer, *row in rows}
    assert found["C1"][:3] == [1000, "pago reportado", "Confirmar el pago reportado"]
    assert "reportó pago de $1,000.00 el 28 jun, por confirmar" in found["C1"][3]
    assert found["C2"][:3] == [150, "pago reportado", "Registrar el pago que está en el banco"]
    assert "depósito de $150.00 en el banco, sin registrar" in found["C2"][3]
    assert [row[-1] for row in found.values()] == [True, True]


def test_the_steps_are_those_of_the_settings(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select action, step_days, date, done_date, is_past from collection_calendar where invoice_id = 'A' order by date"
    ).fetchall()
    assert rows == [
        ("pre_due", -5, date(2026, 6, 15), None, True),
        ("due", 0, date(2026, 6, 20), date(2026, 6, 22), True),
        ("post_due_10", 10, date(2026, 6, 30), None, False),
        ("escalation", 20, date(2026, 7, 10), None, False),  # the step of day 60 would come after it
    ]
