# ruff: noqa: E501 -- a case and its outcome stand on one line
"""Rows that make no sense: each keeps its place, makes no figure up, and raises its exception in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw, uuid_of
from tests.dbt.test_register_rules import apply, invoice, payment

AS_OF = "2026-06-30"


def company() -> Raw:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Sin condiciones")
    invoice(raw, "SIN_FECHA", "100", "2026-05-01")
    raw.register("customers", customer_id="C9", name="Con plazo", terms_days=15, terms_from="issue")
    invoice(raw, "CON_PLAZO", "100", "2026-05-01", "C9")
    invoice(raw, "EUR1", "50", "2026-05-02", currency="EUR", due_date="2026-06-01")
    invoice(raw, "CICLO_A", "10", "2026-05-03", due_date="2026-06-02", replaces_invoice_id="CICLO_B")
    invoice(raw, "CICLO_B", "10", "2026-05-04", due_date="2026-06-03", replaces_invoice_id="CICLO_A")
    invoice(raw, "NOTA", "100", "2026-05-05", due_date="2026-06-04")
    raw.register("credit_notes", cn_id="N1", customer_id="C1", currency="MXN", issue_date="2026-05-20",
                 total=Decimal(130), tipo_relacion="01", related_invoice_id="NOTA")  # fmt: skip
    invoice(raw, "NEGATIVA", "-40", "2026-05-06", due_date="2026-06-05")
    invoice(raw, "ANTES", "90", "2026-05-09", due_date="2026-06-08", cancel_date="2026-03-01")
    invoice(raw, "NOTA_ANTES", "20", "2026-05-09", due_date="2026-06-08")
    raw.register("credit_notes", cn_id="N2", customer_id="C1", currency="MXN", issue_date="2026-05-25",
                 total=Decimal(20), tipo_relacion="01", related_invoice_id="NOTA_ANTES", cancel_date="2026-05-01")  # fmt: skip
    # taken for dollars first, and corrected
    payment(raw, "P_PESOS", "20", "2026-05-28", customer_id=None, invoice_id="NOTA_ANTES", currency="USD",
            delivered="2026-05-29")  # fmt: skip
    payment(
        raw, "P_PESOS", "20", "2026-05-28", customer_id=None, invoice_id="NOTA_ANTES", delivered="2026-06-02"
    )
    invoice(raw, "DE_MAS", "100", "2026-05-07", due_date="2026-06-06")
    payment(raw, "P_MAS", "150", "2026-05-30")
    apply(raw, "P_MAS", "DE_MAS", "150", "2026-05-30")
    payment(raw, "P_NADIE", "70", "2026-05-10", customer_id=None, invoice_id="NO_EXISTE")
    payment(raw, "P_OTRO", "30", "2026-05-12", customer_id="C_DESCONOCIDO")
    invoice(raw, "FUTURA", "60", "2026-06-20", due_date="2026-07-20", delivered="2026-06-10")
    payment(raw, "P_FUTURO", "5", "2026-06-22", delivered="2026-06-10")
    raw.cfdi("PUE1", "I", "80", "2026-05-08", metodo_pago="PUE", forma_pago="03")
    raw.rep(
        "REP1",
        "2026-05-20",
        {"date": "2026-05-19", "amount": "80", "documents": [{"invoice": "PUE1", "paid": "80"}]},
    )
    raw.rep(
        "REP2",
        "2026-05-21",
        {"date": "2026-05-20", "amount": "25", "documents": [{"invoice": "NUNCA", "paid": "25"}]},
    )
    return raw


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.run(company(), AS_OF) as connection:
        yield connection


def test_the_identities_hold_all_the_same(marts: duckdb.DuckDBPyConnection) -> None:
    assert straight.broken(marts, AS_OF) == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # status, open_ccy, open_mxn_closing, due_date, due_rule
        ("SIN_FECHA", ("open", 100, 100, date(2026, 5, 31), "default")),
        ("EUR1", ("open", 50, None, date(2026, 6, 1), "document")),
        (
            "CICLO_A",
            ("cancelled", 0, 0, date(2026, 6, 2), "document"),
        ),  # the ring is cut once: the later one stays
        ("CICLO_B", ("open", 10, 10, date(2026, 6, 3), "document")),
        ("NOTA", ("credited", 0, 0, date(2026, 6, 4), "document")),
        ("NEGATIVA", ("paid", 0, 0, date(2026, 6, 5), "document")),
        ("ANTES", ("cancelled", 0, 0, date(2026, 6, 8), "document")),
        ("NOTA_ANTES", ("paid", 0, 0, date(2026, 6, 8), "document")),
        ("DE_MAS", ("paid", 0, 0, date(2026, 6, 6), "document")),
    ],
)
def test_balance(name: str, expected: tuple[Any, ...], marts: duckdb.DuckDBPyConnection) -> None:
    columns = "status, open_ccy, open_mxn_closing, due_date, due_rule"
    assert marts.execute(f"select {columns} from fct_invoices where invoice_id = ?", [name]).fetchall() == [
        expected
    ]


@pytest.mark.parametrize(
    ("rule", "entity", "amount", "words"),
    [
        ("MISSING_DUE_DATE", "SIN_FECHA", 100, "Se usó el plazo general: vence el 31 may 2026"),
        ("MISSING_DUE_DATE", "CON_PLAZO", 100, "Se usó el plazo del cliente: vence el 16 may 2026"),
        ("FX_RATE_MISSING", "EUR", None, "1 partida sin tipo de cambio"),
        ("SUBSTITUTION_CYCLE", "CICLO_A", 10, "vuelve a empezar"),
        ("SUBSTITUTION_CYCLE", "CICLO_B", 10, "vuelve a empezar"),
        ("UNAPPLIED_CREDIT_NOTE", "N1", 30, "$30.00 MXN por aplicar"),
        ("CANCELLED_BEFORE_ISSUED", "ANTES", 90, "cuenta desde el 9 may 2026"),
        ("NEGATIVE_TOTAL", "NEGATIVA", -40, "Total de -40.00 MXN"),
        ("OVERPAID_INVOICE", "P_MAS->DE_MAS", 150, "$50.00 MXN de más"),
        ("UNAPPLIED_PAYMENT", "P_MAS", 50, "$50.00 MXN por aplicar hace 31 días"),
        ("REP_UNKNOWN_INVOICE", "P_NADIE->NO_EXISTE", 70, "no ha llegado en 51 días"),
        ("UNAPPLIED_PAYMENT", "P_NADIE", 70, "hace 51 días"),
        ("UNAPPLIED_PAYMENT", "P_OTRO", 30, "hace 49 días"),
        ("FUTURE_DATED_INVOICE", "FUTURA", 60, "Fechada el 20 jun 2026 en un archivo del 10 jun 2026"),
        ("FUTURE_DATED_PAYMENT", "P_FUTURO", 5, "en un archivo del 10 jun 2026"),
        ("REP_ON_PUE", f"{uuid_of('REP1')}#1->{uuid_of('PUE1')}", 80, "sobre una factura PUE"),
        ("REP_UNKNOWN_INVOICE", f"{uuid_of('REP2')}#1->{uuid_of('NUNCA')}", 25, "no ha llegado en 41 días"),
    ],
)
def test_exception(
    rule: str, entity: str, amount: int | None, words: str, marts: duckdb.DuckDBPyConnection
) -> None:
    [(found, detail)] = marts.execute(
        "select amount_mxn, detail from exceptions where rule = ? and entity_id = ?", [rule, entity]
    ).fetchall()
    assert found == amount
    assert words in detail


def test_a_due_date_presses_only_where_it_was_assumed(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select entity_id, severity from exceptions where rule = 'MISSING_DUE_DATE'"
    ).fetchall()
    assert dict(found) == {"SIN_FECHA": "warning", "CON_PLAZO": "info", uuid_of("PUE1"): "info"}


def test_what_has_no_rate_is_counted_and_left_out(marts: duckdb.DuckDBPyConnection) -> None:
    """SIN_FECHA 100 + CON_PLAZO 100 + CICLO_B 10 + FUTURA 60; the 50 EUR are one item without a value, never 0 pesos of debt."""
    query = f"select gross_mxn, unvalued_items from morosidad where dimension = 'total' and as_of = date '{AS_OF}'"
    assert marts.execute(query).fetchall() == [(270, 1)]


def test_a_customer_of_nobody_keeps_its_money_apart(marts: duckdb.DuckDBPyConnection) -> None:
    query = f"select customer_id, gross_mxn, unapplied_mxn from aging_by_customer where as_of = date '{AS_OF}' and basis = 'effective'"
    found = {customer: (gross, unapplied) for customer, gross, unapplied in marts.execute(query).fetchall()}
    assert found["desconocido"] == (0, 70)
    assert found["C_DESCONOCIDO"] == (0, 30)
    assert found["C1"] == (170, 50 + 30 + 5)


def test_a_ratio_without_a_base_is_null(marts: duckdb.DuckDBPyConnection) -> None:
    """In a home without disputes, limits or promises, their ratios are unknown, not 0."""
    assert marts.execute(
        "select utilisation_pct from credit_use where customer_id = 'C1' limit 1"
    ).fetchall() == [(None,)]
    query = "select count(*) from kpis where denominator = 0 and value is not null"
    assert marts.execute(query).fetchall() == [(0,)]


def test_an_empty_home_has_no_figures_and_no_faults() -> None:
    with straight.run(Raw(), AS_OF) as marts:
        assert straight.broken(marts, AS_OF) == {}
        assert marts.execute("select count(*) from fct_invoices").fetchall() == [(0,)]
        assert marts.execute(
            "select count(*) from kpis where value <> 0 and denominator is not null"
        ).fetchall() == [(0,)]


def below_zero() -> Raw:
    """Payments and notes that were given as negative amounts, and one refund given as it should be."""
    raw = Raw()
    for customer in ("C1", "C2", "C3", "C4"):
        raw.register("customers", customer_id=customer, name=customer)
    due = {"due_date": "2026-06-01", "delivered": "2026-06-30"}
    invoice(raw, "PAGADA", "100", "2026-05-01", **due)
    payment(raw, "P1", "100", "2026-05-10", customer_id=None, invoice_id="PAGADA")
    payment(raw, "P1_MENOS", "-30", "2026-05-20", customer_id=None, invoice_id="PAGADA")
    invoice(raw, "ABIERTA", "100", "2026-05-01", "C2", **due)
    payment(raw, "P2_MENOS", "-100", "2026-05-20", customer_id=None, invoice_id="ABIERTA")
    raw.register("credit_notes", cn_id="N_MENOS", customer_id="C2", currency="MXN", issue_date="2026-05-21",
                 total=Decimal(-50), tipo_relacion="01", related_invoice_id="ABIERTA")  # fmt: skip
    payment(raw, "P3", "80", "2026-05-10", customer_id="C3")
    payment(raw, "P3_MENOS", "-80", "2026-05-20", customer_id="C3")
    payment(raw, "P4", "60", "2026-05-10", customer_id="C4")
    raw.register("payment_reversals", reversal_id="R4", payment_id="P4", reversed_date="2026-05-20",
                 amount=Decimal(-60), currency="MXN")  # fmt: skip
    return raw


@pytest.fixture(scope="module")
def negatives() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.run(below_zero(), AS_OF) as connection:
        yield connection


def test_each_negative_amount_is_told_and_a_refund_in_its_own_register_is_none(
    negatives: duckdb.DuckDBPyConnection,
) -> None:
    assert straight.broken(negatives, AS_OF) == {}
    assert negatives.execute(
        "select entity_type, entity_id, amount_mxn, detail from exceptions where rule = 'NEGATIVE_TOTAL' order by 2"
    ).fetchall() == [
        ("credit_note", "N_MENOS", -50, "Total de -50.00 MXN"),
        ("payment", "P1_MENOS", -30, "Importe de -30.00 MXN"),
        ("payment", "P2_MENOS", -100, "Importe de -100.00 MXN"),
        ("payment", "P3_MENOS", -80, "Importe de -80.00 MXN"),
    ]
    assert negatives.execute("select payment_id from rep_compliance where status = 'missing'").fetchall() == [
        ("P1",)
    ]  # nobody stamps a REP of less than nothing
    assert negatives.execute(
        "select entity_id from exceptions where rule = 'REP_MISSING_AFTER_DEADLINE'"
    ).fetchall() == [("P1",)]


def test_a_negative_amount_takes_back_what_its_invoice_had_and_no_more(
    negatives: duckdb.DuckDBPyConnection,
) -> None:
    """30 of the 100 of PAGADA went back; ABIERTA owes its 100, never more; without an invoice nothing is taken from
    anybody: the 80 of C3 stay to be applied, and the row is told."""
    assert negatives.execute("select invoice_id, open_ccy from fct_invoices order by 1").fetchall() == [
        ("ABIERTA", 100),
        ("PAGADA", 30),
    ]
    query = f"select customer_id, gross_mxn, unapplied_mxn from aging_by_customer where as_of = date '{AS_OF}' and basis = 'effective'"
    assert sorted(negatives.execute(query).fetchall()) == [("C1", 30, 0), ("C2", 100, 0), ("C3", 0, 80)]
    # what came in and what went out: 100 - 30 - 100 + 80 - 80 + 60 - 60
    query = "select sum(collected_mxn) from billed_vs_collected where dimension = 'total'"
    assert negatives.execute(query).fetchall() == [(-30,)]
