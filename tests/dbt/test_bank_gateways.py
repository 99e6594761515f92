# ruff: noqa: E501 -- a case and its lines stand on one line
"""The bank against gateways and references: one deposit for many, net of fees; names before amounts; returns."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_marts_process import line
from tests.dbt.test_payment_reversals import back
from tests.dbt.test_register_rules import invoice, payment

D = Decimal


def card(raw: Raw, name: str, amount: str, day: str, net: str, **more: Any) -> None:
    payment(raw, name, amount, day, net_amount=D(net), **({"gateway": "Stripe"} | more))


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    invoice(raw, "F", "10", "2026-01-02")
    # po_1: 958.24 + 479.12 - 120 given back of a payment that is not here, on its date
    payout = {"payout_id": "po_1", "payout_date": "2026-05-15"}
    card(raw, "G1", "1000", "2026-05-11", "958.24", **payout)
    card(raw, "G2", "500", "2026-05-12", "479.12", **payout)
    back(raw, "R1", "OLD", "120", "2026-05-13", **payout)
    line(raw, "L1", "1317.36", "2026-05-15")
    # po_2 has no date: within ten days of its last payment; and its own refund comes out of it
    card(raw, "G3", "200", "2026-05-18", "190", payout_id="po_2")
    card(raw, "G4", "300", "2026-05-19", "286", payout_id="po_2")
    back(raw, "R2", "G3", "200", "2026-05-20", payout_id="po_2")
    line(raw, "L2", "276", "2026-05-28")
    # a terminal pays each day's cards together; the line of 97 alone is the other customer's
    for name, amount, net in (("T1", "100", "97"), ("T2", "50", "48.50")):
        card(raw, name, amount, "2026-05-20", net, gateway="Clip")
    line(raw, "L3", "145.50", "2026-05-21")
    payment(raw, "K1", "97", "2026-05-20")
    line(raw, "L4", "97", "2026-05-20")
    # alone and net; then with a difference beyond the fee
    card(raw, "G5", "700", "2026-05-25", "671", fee_amount=D("-29"))
    line(raw, "L5", "671", "2026-05-26")
    card(raw, "G6", "800", "2026-05-26", "767", gateway=None)
    line(raw, "L6", "762", "2026-05-27")
    # one reference every month, one amount: each month's own line, though a nameless equal came before
    for month in ("02", "03"):
        payment(raw, f"N{month}", "400", f"2026-{month}-05", bank_reference="cie 77 ")
        line(raw, f"M{month}a", "400", f"2026-{month}-06")
        line(raw, f"M{month}b", "400", f"2026-{month}-10", reference="CIE 77")
    # one line for two days that one reference names
    payment(raw, "S1", "60", "2026-04-06", bank_reference="LOTE")
    payment(raw, "S2", "70", "2026-04-07", bank_reference="LOTE")
    line(raw, "L7", "130", "2026-04-20", reference="lote")
    # returned in part: it came in whole, and the part went out
    payment(raw, "P1", "900", "2026-04-13")
    back(raw, "R3", "P1", "250", "2026-04-22")
    line(raw, "L8", "900", "2026-04-14")
    line(raw, "L9", "-250", "2026-04-22")
    # a dispute out of one deposit, and won, in another
    for name, payout, amount, net, day in (("D1", "po_3", "400", "388", 2), ("D2", "po_4", "500", "485", 5),
                                           ("D3", "po_5", "300", "291", 9)):  # fmt: skip
        card(raw, name, amount, f"2026-04-0{day}", net, payout_id=payout)
    back(raw, "D4", "D1", "400", "2026-04-06", payout_id="po_4")
    back(raw, "D5", "D1", "400", "2026-04-09", payout_id="po_5", is_restored=True)
    line(raw, "L11", "388", "2026-04-03")
    line(raw, "L12", "85", "2026-04-08")
    line(raw, "L13", "691", "2026-04-12")
    # returned in part, and the bank shows less
    payment(raw, "P2", "990", "2026-04-27")
    back(raw, "R4", "P2", "90", "2026-05-04")
    line(raw, "L10", "980", "2026-04-28")
    with straight.build(raw, only=["bank_reconciliation", "exceptions"]) as connection:
        yield connection


CASES: list[tuple[str, str, list[Any]]] = [
    ("payout", "G1 G2", [("G1", "payment", "L1", "matched", D("958.24")), ("G2", "payment", "L1", "matched", D("479.12"))]),
    ("payout_with_its_refund", "G3 G4", [
        ("G3", "payment", "L2", "matched", D(190)), ("G3", "reversal", "L2", "matched", D(-200)),
        ("G4", "payment", "L2", "matched", D(286))]),
    ("a_dispute_and_its_reversal", "D1 D1/+2026-04-09 D2 D3", [
        ("D1", "payment", "L11", "matched", D(388)), ("D1", "reversal", "L12", "matched", D(-400)),
        ("D1/+2026-04-09", "payment", "L13", "matched", D(400)),
        ("D2", "payment", "L12", "matched", D(485)), ("D3", "payment", "L13", "matched", D(291))]),
    ("a_days_cards", "T1 T2 K1", [
        ("K1", "payment", "L4", "matched", D(97)),
        ("T1", "payment", "L3", "matched", D(97)), ("T2", "payment", "L3", "matched", D("48.50"))]),
    ("alone_and_net", "G5", [("G5", "payment", "L5", "matched", D(671))]),
    ("same_reference_every_month", "N02 N03", [
        ("N02", "payment", "M02b", "matched", D(400)), ("N03", "payment", "M03b", "matched", D(400))]),
    ("two_days_one_line", "S1 S2", [("S1", "payment", "L7", "matched", D(60)), ("S2", "payment", "L7", "matched", D(70))]),
    ("returned_in_part", "P1 P1/2026-04-22", [
        ("P1", "payment", "L8", "matched", D(650)), ("P1/2026-04-22", "payment", "L8", "matched", D(250)),
        ("P1/2026-04-22", "reversal", "L9", "matched", D(-250))]),
]  # fmt: skip


@pytest.mark.parametrize(("names", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_worked_example(marts: duckdb.DuckDBPyConnection, names: str, expected: list[Any]) -> None:
    found = marts.execute(
        "select payment_id, kind, bank_line_id, status, expected_ccy from bank_reconciliation "
        "where payment_id in (select unnest(?)) order by payment_id, kind",
        [names.split()],
    ).fetchall()
    assert found == expected


def test_the_difference_is_against_what_the_gateway_should_have_paid(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    found = marts.execute(
        "select payment_id, difference_ccy from bank_reconciliation where status = 'amount_mismatch' order by 1"
    ).fetchall()
    assert found == [("G6", D(-5)), ("P2", D(-10)), ("P2/2026-05-04", D(0))]
    details = marts.execute(
        "select entity_id, amount_mxn, detail from exceptions where rule = 'BANK_AMOUNT_MISMATCH' order by 1"
    ).fetchall()
    assert details[0] == ("G6", D(-5), "El banco muestra $762.00 y el pago sin la comisión es de $767.00 MXN")


def test_only_what_nobody_named_is_left(marts: duckdb.DuckDBPyConnection) -> None:
    left = "select bank_line_id from bank_reconciliation where status = 'bank_line_unidentified' order by 1"
    assert marts.execute(left).fetchall() == [("M02a",), ("M03a",)]
    missing = "select payment_id, kind from bank_reconciliation where status = 'not_in_bank'"
    assert marts.execute(missing).fetchall() == [("P2/2026-05-04", "reversal")]
