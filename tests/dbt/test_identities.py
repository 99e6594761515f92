"""The identities between marts and raw: they hold of a company with every kind of document, and notice what is lost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw, uuid_of
from tests.dbt.test_register_rules import apply, invoice, payment

AS_OF = "2026-06-30"


def company() -> Raw:
    """Each kind of document from the register alone, from a CFDI alone, and from both."""
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno", rfc="CLI020202XY2")
    uuid = raw.cfdi("AMBAS", "I", "1000", "2026-05-01", serie="A", folio="1")
    invoice(raw, "R-AMBAS", "1000", "2026-05-01", uuid=uuid, due_date="2026-06-01")
    raw.cfdi("FOLIO", "I", "700", "2026-05-02", serie="A", folio="2")
    invoice(raw, "R-FOLIO", "700", "2026-05-02", serie="A", folio="2", due_date="2026-06-01")
    raw.cfdi("SAT", "I", "500", "2026-05-03", serie="A", folio="3")
    invoice(raw, "SOLA", "300", "2026-05-04", due_date="2026-06-03")
    invoice(raw, "SOLA", "310", "2026-05-04", due_date="2026-06-03", delivered="2026-07-01")  # corrected
    invoice(raw, "USD", "40", "2026-05-04", currency="USD", fx_rate=Decimal(20), due_date="2026-06-03")
    same = "0a0a0a0a-0000-4000-8000-000000000001"  # three rows of the register with one UUID: one invoice
    invoice(raw, "G1", "90", "2026-05-05", uuid=same, due_date="2026-06-03")
    for name in ("G2", same.upper()):  # the second of them goes by the UUID itself
        invoice(raw, name, "90", "2026-05-05", uuid=same, due_date="2026-06-03")
    invoice(raw, "FUTURA", "60", "2026-07-02", due_date="2026-08-01")
    raw.register("opening_balances", customer_id="C1", invoice_id="VIEJA", date="2026-01-01", amount=Decimal(55),
                 currency="MXN")  # fmt: skip
    raw.cfdi("DE_ANTES", "I", "800", "2025-12-10")  # of its 800 the company owes 44 when the ledger starts
    raw.register("opening_balances", customer_id="C1", invoice_id=uuid_of("DE_ANTES"), date="2026-01-01",
                 amount=Decimal(44), currency="MXN")  # fmt: skip
    note = {"customer_id": "C1", "currency": "MXN", "tipo_relacion": "01"}
    raw.register("credit_notes", cn_id="N1", issue_date="2026-05-20", total=Decimal(30), related_invoice_id="SOLA",
                 **note)  # fmt: skip
    twin = raw.cfdi("E1", "E", "25", "2026-05-21", related=(("01", "SAT"),))
    raw.register("credit_notes", cn_id="N2", issue_date="2026-05-21", total=Decimal(26), uuid=twin, **note)
    _payments(raw)
    for name, of, currency in (("W1", "SOLA", "MXN"), ("W2", "NUNCA", "MXN"), ("W3", "SOLA", "USD")):
        raw.register("write_offs", write_off_id=name, invoice_id=of, date="2026-06-20", amount=Decimal(12),
                     currency=currency)  # fmt: skip
    return raw


def _payments(raw: Raw) -> None:
    def pago(name: str, amount: str, day: str, *, related: tuple[tuple[str, str], ...] = ()) -> str:
        paid = {
            "date": day,
            "amount": amount,
            "reference": name,
            "documents": [{"invoice": "SAT", "paid": amount}],
        }
        return raw.rep(name, day, paid, related=related)

    pago("REP-SOLO", "100", "2026-05-25")
    pago("REP-VIEJO", "70", "2026-05-26")
    pago("REP-NUEVO", "71", "2026-05-26", related=(("04", "REP-VIEJO"),))
    uuid = pago("REP-AMBOS", "110", "2026-05-27")
    payment(raw, "P-AMBOS", "110", "2026-05-27", rep_uuid=uuid)
    payment(raw, "P-SOLO", "60", "2026-05-28", customer_id=None, invoice_id="SOLA")
    payment(raw, "P-APLICADO", "65", "2026-05-28")
    apply(raw, "P-APLICADO", "USD", "3", "2026-05-28")
    raw.register("payment_reversals", reversal_id="D1", payment_id="P-SOLO", reversed_date="2026-06-02",
                 amount=Decimal(20), currency="MXN")  # fmt: skip


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.run(company(), AS_OF, ["marts/core", "waiting_documents"]) as connection:
        yield connection


def test_they_hold(marts: duckdb.DuckDBPyConnection) -> None:
    assert straight.broken(marts, AS_OF) == {}


LOST = {
    # what is taken out of a mart, or of what it is made of: (what, currency, raw, left)
    "marts_db.marts.fct_payments where payment_id like '%#1' and sources = 'cfdi'": [
        ("pagos", "MXN", 281, 110)
    ],
    "marts_db.marts.fct_credit_notes where cn_id = 'N1'": [("register notes", "MXN", 30, None)],
    "marts_db.marts.fct_credit_notes where cn_id = 'N2'": [("cfdi E", "MXN", 25, None)],
    "marts_db.marts.waiting_documents where kind = 'write_off'": [("MXN", 24, 12)],
    "warehouse.intermediate.int_write_offs": [("MXN", 24, 12)],
    "warehouse.intermediate.int_invoice_attributes where total_ccy = 500": [("cfdi I", "MXN", 2200, 1700)],
    "warehouse.intermediate.int_invoice_attributes where invoice_id = 'USD'": [
        ("register invoices", "USD", 40, None)
    ],
    "warehouse.intermediate.int_invoice_attributes where total_ccy = 90": [
        ("register invoices", "MXN", 400, 310)
    ],
}


@pytest.mark.parametrize("rows", LOST)
def test_money_that_is_lost_is_noticed(rows: str, marts: duckdb.DuckDBPyConnection) -> None:
    """In all: 310 + 90 of the register alone, 100 + 71 + 110 in Pagos that count (70 was substituted), 12 + 12 written
    off (12 USD on pesos are none), and 1,000 + 700 + 500 in CFDIs, as an opening line stands for the one of 800."""
    marts.execute(f"delete from {rows}")
    found = straight.broken(marts, AS_OF)
    assert found["write_offs_are_kept" if "write_off" in rows else "money_is_kept"] == LOST[rows]


FILES = {
    "fct_invoices where invoice_id = 'SOLA'": "fct_invoices",
    "fct_payments where payment_id = 'P-SOLO'": "fct_payments",
    "fct_payment_applications where invoice_id = 'USD'": "fct_payment_applications",
    "fct_credit_notes where cn_id = 'N1'": "fct_credit_notes",
    "fct_movements where invoice_id = 'VIEJA'": "fct_movements",
}


@pytest.mark.parametrize("rows", FILES)
@pytest.mark.parametrize("file", ["de-ninguna-parte", None])
def test_a_row_of_no_file_is_noticed(rows: str, file: str | None, marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(f"update {rows.replace(' where', ' set source_file_id = ? where')}", [file])
    [(mart, _, count)] = straight.broken(marts, AS_OF)["keys_and_sources"]
    assert (mart, count) == (FILES[rows], 1)


def test_an_assumed_payment_comes_of_its_invoices_file() -> None:
    """Without a payments register, a PUE invoice counts as paid: its payment has no row of its own anywhere."""
    raw = Raw()
    raw.cfdi("PUE", "I", "80", "2026-05-08", metodo_pago="PUE", forma_pago="03")
    raw.register("opening_balances", customer_id="C1", invoice_id="VIEJA", date="2026-01-01", amount=Decimal(55),
                 currency="MXN", file="apertura")  # fmt: skip
    with straight.run(raw, AS_OF, ["marts/core"]) as marts:
        assert straight.broken(marts, AS_OF) == {}
        rows = marts.execute("select source_file_id from fct_payments").fetchall()
        assert (
            rows == marts.execute("select source_file_id from fct_invoices where uuid is not null").fetchall()
        )
        assert ("apertura",) in marts.execute("select source_file_id from fct_movements").fetchall()
