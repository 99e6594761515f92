"""CFDI.md 1.5: fifteen cases that other software gets wrong, each its own customer, and their answers.

One home of CFDIs only (no payments register); the two cases about cash without and with a REP have a home with a
payments register. Balances are read at as_of, in the invoice's currency.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw, uuid_of


def pay(date: str, amount: str, *documents: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"date": date, "amount": amount, "documents": list(documents)} | more


def doc(invoice: str, paid: str, **more: Any) -> dict[str, Any]:
    return {"invoice": invoice, "paid": paid} | more


def fifteen() -> Raw:
    raw = Raw()
    raw.cfdi("c1", "I", "1160", "2026-01-10", receptor="AAA010101AA1")
    raw.rep(
        "c1p1",
        "2026-02-20",
        pay("2026-02-01", "500", doc("c1", "500", before="1160")),
        receptor="AAA010101AA1",
    )
    raw.rep(
        "c1p2",
        "2026-04-05",
        pay("2026-03-15", "660", doc("c1", "660", before="660")),
        receptor="AAA010101AA1",
    )

    raw.cfdi("c2", "I", "1000", "2026-01-10", receptor="AAA010101AA2")
    raw.rep("c2p", "2026-02-20", pay("2026-02-01", "1100", doc("c2", "1100")), receptor="AAA010101AA2")

    usd = {"moneda": "USD", "tipo_cambio": Decimal("18.5"), "receptor": "AAA010101AA3"}
    raw.cfdi("c3", "I", "5137.42", "2026-01-10", **usd)
    raw.rep(
        "c3p",
        "2026-02-20",
        pay("2026-02-01", "96426.29", doc("c3", "5137.42", currency="USD", eq="0.053278")),
        receptor="AAA010101AA3",
    )

    raw.cfdi("c4m", "I", "5000", "2026-01-10", receptor="AAA010101AA4")
    raw.cfdi(
        "c4u", "I", "270", "2026-01-10", moneda="USD", tipo_cambio=Decimal("18.5"), receptor="AAA010101AA4"
    )
    raw.rep(
        "c4p",
        "2026-02-20",
        pay("2026-02-01", "10000", doc("c4m", "5000"), doc("c4u", "270", currency="USD", eq="0.054")),
        receptor="AAA010101AA4",
    )

    raw.cfdi("c5", "I", "1160", "2026-01-10", receptor="AAA010101AA5")
    raw.cfdi("c5e", "E", "160", "2026-01-20", receptor="AAA010101AA5", related=(("01", "c5"),))
    raw.rep(
        "c5p",
        "2026-02-20",
        pay("2026-02-01", "500", doc("c5", "500", before="1000")),
        receptor="AAA010101AA5",
    )

    raw.cfdi("c6a", "I", "1000", "2026-01-10", receptor="AAA010101AA6")
    raw.cfdi("c6b", "I", "1000", "2026-01-11", receptor="AAA010101AA6")
    raw.cfdi("c6e", "E", "300", "2026-01-20", receptor="AAA010101AA6", related=(("01", "c6a"), ("01", "c6b")))

    raw.cfdi("c7", "I", "1000", "2026-01-10", receptor="AAA010101AA7")
    raw.rep("c7p", "2026-02-20", pay("2026-02-01", "400", doc("c7", "400")), receptor="AAA010101AA7")
    raw.register(
        "invoices",
        invoice_id="R7",
        uuid=uuid_of("c7"),
        customer_id="C7",
        currency="MXN",
        total=Decimal(1000),
        issue_date="2026-01-10",
        cancel_date="2026-03-01",
        cancel_motivo="02",
    )

    raw.cfdi("c8old", "I", "1000", "2026-01-10", receptor="AAA010101AA8")
    raw.rep("c8p", "2026-02-20", pay("2026-02-01", "400", doc("c8old", "400")), receptor="AAA010101AA8")
    raw.cfdi("c8new", "I", "1000", "2026-03-01", receptor="AAA010101AA8", related=(("04", "c8old"),))

    raw.cfdi("c9", "I", "1000", "2026-01-10", receptor="AAA010101AA9")
    raw.rep("c9p1", "2026-02-20", pay("2026-02-01", "300", doc("c9", "300")), receptor="AAA010101AA9")
    raw.rep(
        "c9p2",
        "2026-02-25",
        pay("2026-02-01", "350", doc("c9", "350")),
        receptor="AAA010101AA9",
        related=(("04", "c9p1"),),
    )

    raw.cfdi("c10", "I", "1000", "2026-01-10", receptor="AAA010101AB1")
    raw.rep(
        "c10p1",
        "2026-02-20",
        pay("2026-02-01", "400", doc("c10", "400", before="1000")),
        receptor="AAA010101AB1",
    )
    raw.rep(
        "c10p2",
        "2026-03-20",
        pay("2026-03-01", "300", doc("c10", "300", before="1000")),
        receptor="AAA010101AB1",
    )

    raw.cfdi(
        "c13",
        "I",
        "948.33",
        "2026-01-10",
        receptor="AAA010101AB3",
        subtotal=Decimal(1000),
        total_traslados=Decimal(160),
        total_retenciones=Decimal("206.67"),
        implocal_retenciones=Decimal(5),
    )
    raw.rep("c13p", "2026-02-20", pay("2026-02-01", "948.33", doc("c13", "948.33")), receptor="AAA010101AB3")

    raw.cfdi("c14", "I", "1000", "2026-01-10", receptor="AAA010101AB4", file="bbb", sello="s")
    raw.cfdi("c14", "I", "1000", "2026-01-10", receptor="AAA010101AB4", file="aaa", sello="s")
    raw.cfdi(
        "c14", "I", "7000", "2026-01-10", receptor="AAA010101AB4", file="000", sello="t", stamped="2026-01-11"
    )

    raw.cfdi("c15a", "I", "1000", "2026-01-10", receptor="AAA010101AB5")
    raw.cfdi("c15ae", "E", "200", "2026-01-20", receptor="AAA010101AB5", related=(("03", "c15a"),))
    raw.cfdi("c15b", "I", "1000", "2026-01-10", receptor="AAA010101AB6")
    raw.cfdi("c15be", "E", "400", "2026-01-20", receptor="AAA010101AB6", related=(("07", "c15b"),))
    return raw


@pytest.fixture(scope="module")
def marts() -> duckdb.DuckDBPyConnection:
    return straight.build(fifteen())


@pytest.mark.parametrize(
    ("case", "open_ccy", "status"),
    [
        ("c1", "0", "paid"),
        ("c2", "0", "paid"),
        ("c3", "0", "paid"),
        ("c4m", "0", "paid"),
        ("c4u", "0", "paid"),
        ("c5", "500", "open"),
        ("c6a", "850", "open"),
        ("c6b", "850", "open"),
        ("c7", "0", "cancelled"),
        ("c8old", "0", "cancelled"),
        ("c8new", "600", "open"),
        ("c9", "650", "open"),
        ("c10", "300", "open"),
        ("c13", "0", "paid"),
        ("c14", "1000", "open"),
        ("c15a", "800", "open"),
        ("c15b", "600", "open"),
    ],
)
def test_balance(marts: duckdb.DuckDBPyConnection, case: str, open_ccy: str, status: str) -> None:
    found = marts.execute(
        "select open_ccy, status from fct_invoices where uuid = ?", [uuid_of(case)]
    ).fetchall()
    assert found == [(Decimal(open_ccy), status)]


@pytest.mark.parametrize(
    ("what", "query", "answer"),
    [
        (
            "1 paid on the last FechaPago",
            "select settled_date::varchar from fct_invoices where uuid = '{c1}'",
            "2026-03-15",
        ),
        (
            "2 the rest is the customer's",
            "select unapplied_ccy from fct_payments where rep_uuid = '{c2p}'",
            Decimal(100),
        ),
        (
            "2 flagged as overpaid",
            "select explicit_excess_ccy from fct_invoices where uuid = '{c2}'",
            Decimal(100),
        ),
        (
            "3 no residue in pesos",
            "select unapplied_ccy from fct_payments where rep_uuid = '{c3p}'",
            Decimal(0),
        ),
        (
            "4 the parts are Monto",
            "select applied_ccy from fct_payments where rep_uuid = '{c4p}'",
            Decimal(10000),
        ),
        (
            "6 the split is not confirmed",
            "select status from fct_credit_notes where uuid = '{c6e}'",
            "unallocated",
        ),
        (
            "7 the payment is credit",
            "select unapplied_ccy from fct_payments where rep_uuid = '{c7p}'",
            Decimal(400),
        ),
        ("8 counted once", "select en_sustitucion from fct_invoices where uuid = '{c8old}'", True),
        (
            "8 the payment moved",
            "select invoice_id from fct_payment_applications where original_invoice_id = '{c8old}'",
            "{c8new}",
        ),
        (
            "8 nothing unapplied",
            "select unapplied_ccy from fct_payments where rep_uuid = '{c8p}'",
            Decimal(0),
        ),
        (
            "9 only the live REP",
            "select count(*) from fct_payments where rep_uuid in ('{c9p1}', '{c9p2}')",
            1,
        ),
        (
            "10 what was open before",
            "select open_before_ccy from fct_payment_applications where application_id like '{c10p2}%'",
            Decimal(600),
        ),
        (
            "13 retentions are not owed",
            "select retenciones_ccy from fct_invoices where uuid = '{c13}'",
            Decimal("211.67"),
        ),
        (
            "14 one counts, one repeats, one conflicts",
            "select string_agg(outcome, ',' order by source_file_id) "
            "from warehouse.intermediate.int_cfdi_documents where uuid = '{c14}'",
            "conflict,counts,duplicate",
        ),
        (
            "15 an advance is paid, not collected",
            "select paid_ccy from fct_invoices where uuid = '{c15b}'",
            Decimal(400),
        ),
        ("15 nor cash", "select count(*) from fct_movements where kind = 'advance_applied' and is_cash", 0),
        (
            "all: movements add up to balances",
            "select count(*) from fct_invoices i where i.is_receivable and i.open_ccy <> "
            "(select sum(amount_ccy) from fct_movements m where m.invoice_id = i.invoice_id)",
            0,
        ),
    ],
)
def test_reading(marts: duckdb.DuckDBPyConnection, what: str, query: str, answer: Any) -> None:
    names = {
        n: uuid_of(n)
        for n in (
            "c1",
            "c2",
            "c2p",
            "c3p",
            "c4p",
            "c6e",
            "c7p",
            "c8old",
            "c8new",
            "c8p",
            "c9p1",
            "c9p2",
            "c10p2",
            "c13",
            "c14",
            "c15b",
        )
    }
    found = marts.execute(query.format(**names)).fetchall()
    assert found == [(answer.format(**names) if isinstance(answer, str) else answer,)], what


@pytest.fixture(scope="module")
def cash_marts() -> duckdb.DuckDBPyConnection:
    """Cases 11 and 12: the register of payments covers the dates."""
    raw = Raw()
    raw.register(
        "payments",
        payment_id="P0",
        customer_id="X",
        payment_date="2026-01-01",
        currency="MXN",
        amount=Decimal(1),
        method="03",
    )
    raw.cfdi("c11", "I", "1000", "2026-02-10", metodo_pago="PUE", forma_pago="03", receptor="AAA010101AB7")
    raw.cfdi("c12", "I", "1000", "2026-02-10", receptor="AAA010101AB8")
    raw.register(
        "payments",
        payment_id="P12",
        invoice_uuid=uuid_of("c12"),
        payment_date="2026-03-01",
        currency="MXN",
        amount=Decimal(1000),
        method="transferencia",
    )
    return straight.build(raw)


def test_pue_without_money_stays_open(cash_marts: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select open_ccy, fiscal_open_ccy, days_past_due, pue_assumed_paid from fct_invoices where uuid = ?"
    )
    assert cash_marts.execute(query, [uuid_of("c11")]).fetchall() == [(Decimal(1000), Decimal(0), 140, False)]


def test_bank_money_without_rep_is_paid_and_fiscally_open(cash_marts: duckdb.DuckDBPyConnection) -> None:
    query = "select open_ccy, fiscal_open_ccy, status, rep_status from fct_invoices where uuid = ?"
    assert cash_marts.execute(query, [uuid_of("c12")]).fetchall() == [
        (Decimal(0), Decimal(1000), "paid", "missing")
    ]
