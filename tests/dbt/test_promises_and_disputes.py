# ruff: noqa: E501 -- a case and its query stand on one line
"""Promises and disputes in another currency than their invoice's, or in one without a rate, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_marts_forecast import dispute, promise
from tests.dbt.test_register_rules import apply, invoice, payment

AS_OF = "2026-06-30"
MARTS = [
    "promises",
    "int_promised_items",
    "int_kpis_process",
    "exceptions",
    "worklist",
    "disputes",
    "dispute_board",
    "dispute_rates",
]
USD = {"currency": "USD", "fx_rate": Decimal(17)}


def company() -> Raw:
    """The dollar is 18 from January, 20 from May and 22 at the end of June; invoices in dollars were issued at 17. Nobody
    knows what a euro is worth."""
    raw = Raw()
    for customer in ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8"):
        raw.register("customers", customer_id=customer, name=customer)
    for day, rate in {"2026-01-01": 18, "2026-05-01": 20, "2026-06-29": 22}.items():
        raw.register("fx_rates", date=day, currency="USD", mxn_per_unit=Decimal(rate))
    _promises(raw)
    _promises_of_customers(raw)
    _pending(raw)
    _disputes(raw)
    _what_is_said(raw)
    return raw


def _promised(raw: Raw, name: str, amount: str, unit: str, made: str, paid: str = "", **of: Any) -> None:
    """A promise on an invoice of its own for ten days later, and a payment of it in the invoice's currency five days later."""
    invoice(raw, f"F{name}", "30000", "2026-02-01", due_date="2026-12-01", **of)
    promise(
        raw, name, made, made[:-2] + f"{int(made[-2:]) + 10}", amount, invoice_id=f"F{name}", currency=unit
    )
    if paid:
        day = made[:-2] + f"{int(made[-2:]) + 5:02}"
        payment(raw, f"X{name}", paid, day, **of)
        apply(raw, f"X{name}", f"F{name}", paid, day)


def _promises(raw: Raw) -> None:
    _promised(raw, "P1", "9000", "MXN", "2026-03-10", "500", **USD)  # 9,000 / 18 = 500
    _promised(raw, "P2", "10000", "MXN", "2026-05-05", "250", **USD)  # 10,000 / 20 = 500, of which the half
    _promised(raw, "P3", "300", "USD", "2026-05-05", "300", **USD)
    _promised(raw, "P4", "500", "USD", "2026-05-05", "4000")  # 500 x 20 = 10,000, of which two fifths
    _promised(raw, "P5", "100", "EUR", "2026-05-05", "500")  # 500 pesos of nobody knows how much
    _promised(raw, "P6", "100", "EUR", "2026-05-05")  # nothing came: broken, whatever a euro is


def _promises_of_customers(raw: Raw) -> None:
    for name, amount, currency, customer in (
        ("P7", "100", "USD", "C2"),
        ("P8", "1000", "MXN", "C3"),
        ("P9", "1000", "MXN", "C4"),
    ):
        promise(raw, name, "2026-05-05", "2026-05-15", amount, customer_id=customer, currency=currency)
    payment(raw, "XP7", "2000", "2026-05-10", customer_id="C2")  # 2,000 / 20 = 100
    payment(raw, "XP8", "40", "2026-05-10", customer_id="C3", currency="USD", fx_rate=Decimal(19))  # 760
    payment(raw, "XP9", "10", "2026-05-10", customer_id="C4", currency="EUR")


def _pending(raw: Raw) -> None:
    """9,000 pesos promised when the dollar was 20: USD 450, of which 50 came."""
    invoice(raw, "U", "1000", "2026-02-01", "C5", due_date="2026-06-01", **USD)
    promise(raw, "PU", "2026-06-20", "2026-07-05", "9000", customer_id="C5", invoice_id="U")
    payment(raw, "XU", "50", "2026-06-28", customer_id="C5", **USD)
    apply(raw, "XU", "U", "50", "2026-06-28")


def _disputes(raw: Raw) -> None:
    """One of 300 pesos and one of EUR 10 on the same invoice; one of EUR 10 alone on the other; one on a paid invoice."""
    for name in ("D1", "D2", "D3"):
        invoice(raw, name, "1000", "2026-04-01", "C6", due_date="2026-05-01")
    dispute(raw, "Q1", "D1", "10", "2026-04-10", currency="EUR")
    dispute(raw, "Q2", "D1", "300", "2026-04-11")
    dispute(raw, "Q3", "D2", "10", "2026-04-10", currency="EUR")
    payment(raw, "XD3", "1000", "2026-05-01", customer_id="C6", invoice_id="D3")
    dispute(raw, "Q4", "D3", "10", "2026-04-12", currency="EUR")


def _what_is_said(raw: Raw) -> None:
    """C7 paid 40 of the 100 it promised; C8 owes euros since May."""
    invoice(raw, "H", "500", "2026-04-01", "C7", due_date="2026-05-01")
    promise(raw, "PH", "2026-06-01", "2026-06-10", "100", customer_id="C7", invoice_id="H")
    payment(raw, "XH", "40", "2026-06-05", customer_id="C7", invoice_id="H")
    # C9 broke one of two promises for the same day
    raw.register("customers", customer_id="C9", name="C9")
    for name in ("G1", "G2"):
        invoice(raw, name, "500", "2026-03-01", "C9", due_date="2026-06-29")
        promise(raw, f"P{name}", "2026-06-01", "2026-06-10", "100", customer_id="C9", invoice_id=name)
    payment(raw, "XG", "40", "2026-06-05", customer_id="C9", invoice_id="G2")
    invoice(raw, "E", "500", "2026-04-01", "C8", due_date="2026-06-10", currency="EUR")


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.build(company(), AS_OF, MARTS) as connection:
        yield connection


def amounts(*values: str | None) -> tuple[Decimal | None, ...]:
    return tuple(None if value is None else Decimal(value) for value in values)


@pytest.mark.parametrize(
    ("name", "status", "expected"),  # promised and paid, in the promise's currency and in pesos
    [
        ("P1", "kept", ("9000", "9000", "9000", "9000")),
        ("P2", "partial", ("10000", "10000", "5000", "5000")),
        ("P3", "kept", ("300", "5100", "300", "5100")),  # at 17, the invoice's
        ("P4", "partial", ("500", "10000", "200", "4000")),
        ("P5", None, ("100", None, None, None)),
        ("P6", "broken", ("100", None, "0", "0")),
        ("P7", "kept", ("100", "2000", "100", "2000")),
        ("P8", "partial", ("1000", "1000", "760", "760")),
        ("P9", None, ("1000", "1000", None, None)),
        ("PU", "pending", ("9000", "9000", "1000", "1000")),
    ],
)
def test_promise(
    marts: duckdb.DuckDBPyConnection, name: str, status: str | None, expected: tuple[str | None, ...]
) -> None:
    found = marts.execute(
        "select status, amount_ccy, amount_mxn, paid_by_deadline_ccy, paid_by_deadline_mxn from promises "
        "where as_of = ? and promise_id = ?", [AS_OF, name]
    ).fetchall()  # fmt: skip
    assert found == [(status, *amounts(*expected))]


CASES = [
    # kept P1, P3, P7 of those that are known to have matured: these and P2, P4, P6, P8, PH, PG1, PG2; in pesos what has an amount
    ("kept_pct", "select numerator, denominator from warehouse.intermediate.int_kpis_process where kpi = 'promises_kept_pct' and as_of = '2026-06-30'", [
        amounts("3", "10")]),
    ("kept_amount_pct", "select numerator, denominator from warehouse.intermediate.int_kpis_process where kpi = 'promises_kept_amount_pct' and as_of = '2026-06-30'", [
        amounts("25940", "37400")]),
    # USD 400 left, not 8,000 / 22
    ("forecast", "select promised_date, promised_ccy from warehouse.intermediate.int_promised_items where as_of = '2026-06-30'", [
        (date(2026, 7, 5), Decimal(400))]),
    ("exceptions", "select rule, entity_id, amount_mxn from exceptions where rule like 'PROMISE%' order by 1, 2", [
        ("PROMISE_BROKEN", "P6", None), ("PROMISE_BROKEN", "PG1", Decimal(100)), ("PROMISE_PARTIAL", "P2", Decimal(5000)), ("PROMISE_PARTIAL", "P4", Decimal(6000)),
        ("PROMISE_PARTIAL", "P8", Decimal(240)), ("PROMISE_PARTIAL", "PG2", Decimal(60)),
        ("PROMISE_PARTIAL", "PH", Decimal(60))]),
    # P5, P6, the payment of C4, Q1, Q3, Q4 and the invoice E; the first is E, of 1 April
    ("rate_missing", "select entity_id, detail, since from exceptions where rule = 'FX_RATE_MISSING'", [
        ("EUR", "7 partidas sin tipo de cambio", date(2026, 4, 1))]),
    ("disputes", "select dispute_id, disputed_amount_ccy, disputed_open_ccy, disputed_open_mxn from disputes order by 1", [
        ("Q1", *amounts("10", None, None)), ("Q2", *amounts("300", "300", "300")), ("Q3", *amounts("10", None, None)),
        ("Q4", *amounts("10", "0", "0"))]),
    ("board", "select open_count, open_amount_mxn from dispute_board where as_of = '2026-06-30' and dimension = 'total'", [
        (4, Decimal(300))]),
    ("rates", "select issued, disputed_num, disputed_amount_num from dispute_rates where issue_month = '2026-04-01'", [
        (5, 3, Decimal(300))]),
    ("open_disputed", "select invoice_id, disputed_open_ccy from fct_invoices where invoice_id in ('D1', 'D2') order by 1", [
        ("D1", Decimal(300)), ("D2", Decimal(0))]),
    ("aging", "select disputed_mxn from aging_by_customer where customer_id = 'C6' and as_of = '2026-06-30' and basis = 'effective'", [
        (Decimal(300),)]),
    ("pending_said", "select promise_status, promise_amount_mxn, contains(reasons, 'romesa de $8,000.00 para el 5 jul') from worklist "
     "where customer_id = 'C5'", [("pending", Decimal(8000), True)]),
    ("partial_said", "select reasons, promise_date, promise_status, next_action from worklist where customer_id = 'C7'", [
        ("Promesa cumplida a medias el 10 jun", date(2026, 6, 10), "partial", "Llamar hoy")]),
    ("broken_said", "select reasons, promise_status from worklist where customer_id = 'C9'", [
        ("Promesa rota el 10 jun", "broken")]),
    ("dispute_said", "select contains(reasons, 'isputa abierta hace 81 días sin responsable') from worklist where customer_id = 'C6'", [
        (True,)]),
    # 20 days late, whatever it is worth
    ("unvalued_said", "select contains(reasons, 'corriente'), oldest_days, is_untouched, next_action from worklist where customer_id = 'C8'", [
        (False, 20, True, "Enviar estado de cuenta")]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_worked_example(marts: duckdb.DuckDBPyConnection, query: str, expected: list[Any]) -> None:
    assert marts.execute(query).fetchall() == expected


def test_a_dispute_lies_on_what_is_due_first() -> None:
    """Of 50 disputed, the part due in March (number 2, 40) first, then 10 of the part due in May (number 1)."""
    raw = Raw()
    raw.register("customers", customer_id="C1", name="C1")
    invoice(raw, "F1", "100", "2026-02-01")
    for number, day, amount in ((1, "2026-05-01", 60), (2, "2026-03-01", 40)):
        raw.register("instalments", invoice_id="F1", number=number, due_date=day, amount=amount)
    dispute(raw, "D1", "F1", "50", "2026-02-10")
    query = "select instalment, disputed_open_ccy from aging_open_items where as_of = '2026-03-31' and basis = 'effective' order by 1"
    with straight.run(raw, AS_OF, ["aging_open_items"]) as marts:
        assert marts.execute(query).fetchall() == [(1, Decimal(10)), (2, Decimal(40))]
