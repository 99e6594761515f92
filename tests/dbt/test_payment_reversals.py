# ruff: noqa: E501 -- a case and its query stand on one line
"""Refunds and chargebacks apart from their payment: whole, in part, late, unknown; and what a gateway keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw, uuid_of
from tests.dbt.straight import CORE
from tests.dbt.test_balances_cases import invoice, payment

D = Decimal


def back(raw: Raw, name: str, of: str, amount: str, day: str, **more: Any) -> None:
    values = {"currency": "MXN"} | more
    raw.register(
        "payment_reversals", reversal_id=name, payment_id=of, amount=D(amount), reversed_date=day, **values
    )


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    for name in ("A", "B", "C", "D", "E", "F", "G"):
        invoice(raw, name, "1000", "2026-05-01")
    # A: 300 of 1,000 went back; the gateway kept 41.76 and withheld 10
    payment(
        raw,
        "PA",
        "1000",
        "2026-05-10",
        customer_id=None,
        invoice_id="A",
        fee_amount=D("-41.76"),
        net_amount=D("948.24"),
    )
    back(raw, "R1", "PA", "-300", "2026-05-20")
    # B: all of it, in two days
    payment(raw, "PB", "1000", "2026-05-10", customer_id=None, invoice_id="B", fee_amount=D(40))
    back(raw, "R2", "PB", "400", "2026-05-20")
    back(raw, "R3", "PB", "600", "2026-05-25")
    # C: the REP says 1,000, and 250 went back later
    uuid = raw.cfdi("C", "I", "1000", "2026-05-01", receptor="CLI020202XY2")
    raw.rows["register__invoices"][2]["uuid"] = uuid
    raw.rep(
        "repC",
        "2026-05-12",
        {
            "date": "2026-05-11",
            "amount": "1000",
            "documents": [{"invoice": "C", "paid": "1000", "before": "1000"}],
        },
    )
    payment(raw, "PC", "1000", "2026-05-11", customer_id=None, invoice_id="C")
    back(raw, "R4", "PC", "250", "2026-06-01")
    # D and E: one payment applied to both, 700 returned: E first, it was applied last
    payment(raw, "PD", "1500", "2026-05-10")
    for number, (name, amount) in enumerate((("D", "1000"), ("E", "500")), start=1):
        raw.register("payment_applications", application_id=f"X{number}", payment_id="PD", invoice_id=name,
                     applied_date="2026-05-10", amount_invoice_ccy=D(amount))  # fmt: skip
    back(raw, "R5", "PD", "700", "2026-06-05")
    # F: more than was paid; a delivery that says it again with another amount corrects it
    payment(raw, "PF", "200", "2026-05-10", customer_id=None, invoice_id="F")
    back(raw, "R6", "PF", "90", "2026-05-15")
    back(raw, "R6", "PF", "250", "2026-05-16", delivered="2026-05-17")
    # unknown, in another currency, already returned by the register, after as_of
    back(raw, "R7", "NONE", "10", "2026-05-15")
    payment(raw, "PG", "100", "2026-05-10", customer_id=None, invoice_id="G", reversed_date="2026-05-12")
    back(raw, "R8", "PG", "100", "2026-05-12")
    back(raw, "R9", "PA", "5", "2026-05-15", currency="USD")
    back(raw, "R0", "PA", "700", "2026-07-15")
    with straight.build(raw, only=[*CORE, "exceptions", "waiting_documents"]) as connection:
        yield connection


def query(marts: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return marts.execute(sql).fetchall()


def test_a_payment_returned_in_part_is_what_stayed_and_what_went_back(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    found = query(
        marts, "select payment_id, amount_ccy, reversed_date, part_of_payment_id from fct_payments order by 1"
    )
    assert found == [
        ("PA", D(700), None, "PA"), ("PA/2026-05-20", D(300), date(2026, 5, 20), "PA"),
        ("PB", D(600), date(2026, 5, 25), "PB"), ("PB/2026-05-20", D(400), date(2026, 5, 20), "PB"),
        ("PC", D(750), None, "PC"), ("PC/2026-06-01", D(250), date(2026, 6, 1), "PC"),
        ("PD", D(800), None, "PD"), ("PD/2026-06-05", D(700), date(2026, 6, 5), "PD"),
        ("PF", D(200), date(2026, 5, 16), None), ("PG", D(100), date(2026, 5, 12), None),
    ]  # fmt: skip


def test_the_invoice_is_settled_by_the_gross_and_opens_by_what_went_back(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    found = dict(query(marts, "select invoice_id, open_ccy from fct_invoices"))
    # D: 800 stayed of 1,000 + 500 applied in that order
    assert found == {
        "A": D(300),
        "B": D(1000),
        "C": D(250),
        "D": D(200),
        "E": D(1000),
        "F": D(1000),
        "G": D(1000),
    }
    moved = "select sum(amount_ccy) from fct_movements where effective_date <= '{}' and invoice_id = '{}'"
    assert query(marts, moved.format("2026-05-19", "A")) == [(D(0),)]
    assert query(marts, moved.format("2026-05-20", "A")) == [(D(300),)]
    assert query(marts, moved.format("2026-05-22", "B")) == [(D(400),)]
    assert query(marts, moved.format("2026-06-04", "E")) == [(D(500),)]


def test_nothing_is_unapplied_of_what_was_whole(marts: duckdb.DuckDBPyConnection) -> None:
    assert query(marts, "select payment_id from fct_payments where unapplied_ccy <> 0") == []


def test_fees_and_net(marts: duckdb.DuckDBPyConnection) -> None:
    found = query(
        marts,
        "select payment_id, fee_ccy, net_ccy from fct_payments where fee_ccy is not null or net_ccy is not null order by 1",
    )
    assert found == [
        ("PA", D("41.76"), D("648.24")), ("PA/2026-05-20", None, D(300)),  # together the 948.24 that came
        ("PB", D(40), D(560)), ("PB/2026-05-20", None, D(400)),
    ]  # fmt: skip


def test_what_undoes_nothing_is_an_exception(marts: duckdb.DuckDBPyConnection) -> None:
    found = query(
        marts,
        "select entity_id, amount_mxn, detail from exceptions where rule = 'PAYMENT_REVERSAL_UNMATCHED' order by 1",
    )
    assert [(name, amount) for name, amount, _ in found] == [
        ("R6", D(50)),
        ("R7", D(10)),
        ("R8", D(100)),
        ("R9", None),
    ]
    assert [detail.partition(": ")[2] for _, _, detail in found] == [
        "es mayor que lo pagado", "ese pago no ha llegado", "el pago ya estaba devuelto", "el pago está en otra moneda"
    ]  # fmt: skip


def test_the_rep_of_a_payment_returned_in_part_is_the_same_receipt(marts: duckdb.DuckDBPyConnection) -> None:
    found = query(marts, "select payment_id, sources, rep_uuid from fct_payments where payment_id like 'PC%'")
    assert {row[1:] for row in found} == {("register+cfdi", uuid_of("repC"))}


def test_a_return_waits_for_its_payment(marts: duckdb.DuckDBPyConnection) -> None:
    found = query(
        marts,
        "select document_id, waits_for_id, amount_mxn, waiting_days from waiting_documents where kind = 'payment_reversal'",
    )
    assert found == [("R7", "NONE", D(10), 46)]  # 15 May to 30 June
