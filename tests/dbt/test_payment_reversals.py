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


def _restored(raw: Raw) -> None:
    """Money that went back and came again: I whole; J of two applications; K twice; L what nobody had taken."""
    for name in ("I", "J1", "J2", "K", "L"):
        invoice(raw, name, "1000", "2026-05-01")
    payment(raw, "PI", "1000", "2026-05-10", customer_id=None, invoice_id="I", net_amount=D(960))
    back(raw, "I1", "PI", "1000", "2026-05-20")
    back(raw, "I2", "PI", "1000", "2026-06-10", is_restored=True, payout_id="po_9")
    # 1,000 to J1 and then 500 to J2: 700 went back, of J2 first; 300 of them came back, to J1
    payment(raw, "PJ", "1500", "2026-05-10")
    for number, (name, amount) in enumerate((("J1", "1000"), ("J2", "500")), start=1):
        raw.register("payment_applications", application_id=f"J{number}", payment_id="PJ", invoice_id=name,
                     applied_date="2026-05-10", amount_invoice_ccy=D(amount))  # fmt: skip
    back(raw, "J8", "PJ", "700", "2026-05-20")
    back(raw, "J9", "PJ", "300", "2026-06-10", is_restored=True)
    # 400 went, 400 came, 100 went again
    payment(raw, "PK", "1000", "2026-05-10", customer_id=None, invoice_id="K")
    back(raw, "K1", "PK", "400", "2026-05-20")
    back(raw, "K2", "PK", "400", "2026-05-25", is_restored=True)
    back(raw, "K3", "PK", "100", "2026-06-01")
    # the REP of a dispute that was won is right
    invoice(
        raw, "M", "1000", "2026-05-01", uuid=raw.cfdi("M", "I", "1000", "2026-05-01", receptor="CLI020202XY2")
    )
    paid = {
        "date": "2026-05-11",
        "amount": "1000",
        "documents": [{"invoice": "M", "paid": "1000", "before": "1000"}],
    }
    raw.rep("repM", "2026-05-12", paid)
    payment(raw, "PM", "1000", "2026-05-11", customer_id=None, invoice_id="M")
    back(raw, "M1", "PM", "1000", "2026-05-20")
    back(raw, "M2", "PM", "1000", "2026-06-10", is_restored=True)
    payment(raw, "PL", "1000", "2026-05-10", customer_id=None, invoice_id="L")
    back(raw, "L1", "PL", "60", "2026-05-20")
    back(raw, "L2", "PL", "100", "2026-05-25", is_restored=True)


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    for name in ("A", "B", "C", "D", "E", "F", "G", "H"):
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
    # H: the same, and its REP says a balance that is not the ledger's
    raw.rows["register__invoices"][7]["uuid"] = raw.cfdi(
        "H", "I", "1000", "2026-05-01", receptor="CLI020202XY2"
    )
    raw.rep(
        "repH",
        "2026-05-12",
        {
            "date": "2026-05-11",
            "amount": "600",
            "documents": [{"invoice": "H", "paid": "600", "before": "900"}],
        },
    )
    payment(raw, "PH", "600", "2026-05-11", customer_id=None, invoice_id="H")
    back(raw, "RH", "PH", "100", "2026-06-02")
    _restored(raw)
    with straight.build(raw, only=[*CORE, "exceptions", "waiting_documents"]) as connection:
        yield connection


def query(marts: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return marts.execute(sql).fetchall()


def test_a_payment_returned_in_part_is_what_stayed_and_what_went_back(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    found = query(
        marts,
        "select payment_id, amount_ccy, reversed_date, part_of_payment_id from fct_payments "
        "where left(payment_id, 2) not in ('PI', 'PJ', 'PK', 'PL', 'PM') order by 1",
    )
    assert found == [
        ("PA", D(700), None, "PA"), ("PA/2026-05-20", D(300), date(2026, 5, 20), "PA"),
        ("PB", D(600), date(2026, 5, 25), "PB"), ("PB/2026-05-20", D(400), date(2026, 5, 20), "PB"),
        ("PC", D(750), None, "PC"), ("PC/2026-06-01", D(250), date(2026, 6, 1), "PC"),
        ("PD", D(800), None, "PD"), ("PD/2026-06-05", D(700), date(2026, 6, 5), "PD"),
        ("PF", D(200), date(2026, 5, 16), None), ("PG", D(100), date(2026, 5, 12), None),
        ("PH", D(500), None, "PH"), ("PH/2026-06-02", D(100), date(2026, 6, 2), "PH"),
    ]  # fmt: skip


def test_what_came_back_is_a_receipt_of_its_own_day(marts: duckdb.DuckDBPyConnection) -> None:
    found = query(
        marts,
        "select payment_id, amount_ccy, payment_date, reversed_date, net_ccy, payout_id from fct_payments "
        "where part_of_payment_id in ('PI', 'PJ', 'PK', 'PL') order by 1",
    )
    may = {day: date(2026, 5, day) for day in (10, 20, 25)}
    assert found == [
        ("PI", D(1000), may[10], may[20], D(960), None), ("PI/+2026-06-10", D(1000), date(2026, 6, 10), None, D(1000), "po_9"),
        ("PJ", D(800), may[10], None, None, None), ("PJ/+2026-06-10", D(300), date(2026, 6, 10), None, None, None),
        ("PJ/2026-05-20", D(700), may[10], may[20], None, None),
        ("PK", D(600), may[10], None, None, None), ("PK/+2026-05-25", D(300), may[25], None, None, None),
        ("PK/+2026-05-25/2026-06-01", D(100), may[25], date(2026, 6, 1), None, None),
        ("PK/2026-05-20", D(400), may[10], may[20], None, None),
        ("PL", D(940), may[10], None, None, None), ("PL/+2026-05-25", D(60), may[25], None, None, None),
        ("PL/2026-05-20", D(60), may[10], may[20], None, None),
    ]  # fmt: skip


def test_what_came_back_settles_what_it_had_opened(marts: duckdb.DuckDBPyConnection) -> None:
    days = ("2026-05-19", "2026-05-20", "2026-05-25", "2026-06-01", "2026-06-10")
    open_then = {
        "I": (0, 1000, 1000, 1000, 0),
        "J1": (0, 200, 200, 200, 0),
        "J2": (500, 1000, 1000, 1000, 900),
        "K": (0, 400, 0, 100, 100),
        "L": (0, 60, 0, 0, 0),
        "M": (0, 1000, 1000, 1000, 0),
    }
    for name, amounts in open_then.items():
        moved = f"select sum(amount_ccy) from fct_movements where invoice_id = '{name}' and effective_date <= '%s'"
        assert [query(marts, moved % day)[0][0] for day in days] == [D(n) for n in amounts], name


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
        "H": D(500),
        "I": D(0),
        "J1": D(0),
        "J2": D(900),
        "K": D(100),
        "L": D(0),
        "M": D(0),
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
        "select payment_id, fee_ccy, net_ccy from fct_payments where (fee_ccy is not null or net_ccy is not null) and payment_id not like 'PI%' order by 1",
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
        ("L2", D(40)),
        ("R6", D(50)),
        ("R7", D(10)),
        ("R8", D(100)),
        ("R9", None),
    ]
    assert [detail.partition(": ")[2] for _, _, detail in found] == [
        "es mayor que lo que se había devuelto", "es mayor que lo pagado", "ese pago no ha llegado", "el pago ya estaba devuelto", "el pago está en otra moneda"
    ]  # fmt: skip


def test_the_rep_of_a_payment_returned_in_part_is_the_same_receipt(marts: duckdb.DuckDBPyConnection) -> None:
    found = query(marts, "select payment_id, sources, rep_uuid from fct_payments where payment_id like 'PC%'")
    assert {row[1:] for row in found} == {("register+cfdi", uuid_of("repC"))}


def test_the_balance_that_its_rep_declares_is_of_the_whole_receipt(marts: duckdb.DuckDBPyConnection) -> None:
    """C: 1,000 less 1,000 is 0, as declared, though 250 went back later. H: there were 1,000 and not 900."""
    found = query(
        marts, "select entity_id, amount_mxn, detail from exceptions where rule = 'REP_BALANCE_MISMATCH'"
    )
    assert found == [
        ("PH->H", D(600), "El REP dice saldo anterior $900.00 e insoluto $300.00; aquí había $1,000.00")
    ]


def test_a_rep_of_what_came_back_needs_nobody(marts: duckdb.DuckDBPyConnection) -> None:
    raised = query(
        marts, "select entity_id from exceptions where rule = 'REP_OF_REVERSED_PAYMENT' order by 1"
    )
    assert raised == [("PC/2026-06-01",), ("PH/2026-06-02",)]


def test_a_return_waits_for_its_payment(marts: duckdb.DuckDBPyConnection) -> None:
    found = query(
        marts,
        "select document_id, waits_for_id, amount_mxn, waiting_days from waiting_documents where kind = 'payment_reversal'",
    )
    assert found == [("R7", "NONE", D(10), 46)]  # 15 May to 30 June
