# ruff: noqa: E501 -- a decision and its reasons stand on one line
"""Every decision of identity is recorded: which sources are one, by which key, who says what, where they differ."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt.raw_home import Raw, uuid_of
from tests.dbt.straight import CORE
from tests.dbt.test_cfdi_cases import doc, pay
from tests.dbt.test_matching import RFC, both
from tests.dbt.test_register_rules import invoice, payment

Home = Callable[..., duckdb.DuckDBPyConnection]
SELECT = [*CORE, "document_matches"]
# an id that the document's own mart says is not written again: read as the dictionary tells
DECISION = """
select m.left_source, coalesce(m.left_id, m.entity_id), m.right_source,
    case when m.right_source = 'cfdi' then coalesce(m.right_id, i.uuid, p.rep_uuid || '#1') end as right_id,
    m.matched_by, m.winner, m.is_alone
from document_matches as m
left join fct_invoices as i on m.entity_type = 'invoice' and m.entity_id = i.invoice_id
left join fct_payments as p on m.entity_type = 'payment' and m.entity_id = p.payment_id
"""


def one(kind: str, entity: str) -> str:
    return f"{DECISION} where m.entity_type = '{kind}' and m.entity_id = '{entity}' order by right_id"


R7 = uuid_of("r7") + "#1"


@pytest.mark.parametrize(
    ("what", "query", "answer"),
    [
        ("invoice by UUID", one("invoice", "R-m1"), [("register", "R-m1", "cfdi", uuid_of("m1"), "uuid", "cfdi", False)]),
        ("invoice by folio", one("invoice", "R-m6"), [("register", "R-m6", "cfdi", uuid_of("m6"), "serie_folio_customer_total", "cfdi", False)]),
        ("a CFDI alone", one("invoice", uuid_of("m7")), [("cfdi", uuid_of("m7"), None, None, None, "cfdi", True)]),
        ("payment by rep_uuid", one("payment", "P1"), [("register", "P1", "cfdi", uuid_of("r1") + "#1", "rep_uuid", "register", False)]),
        ("payment by reference", one("payment", "P2"), [("register", "P2", "cfdi", uuid_of("r2") + "#1", "bank_reference", "register", False)]),
        ("payment by invoice, amount, date", one("payment", "P3"), [("register", "P3", "cfdi", uuid_of("r3") + "#1", "invoice_amount_date", "register", False)]),
        ("two deposits of one Pago", one("payment", "P4b"), [("register", "P4b", "cfdi", uuid_of("r4") + "#1", "rep_uuid", "register", False)]),
        ("one deposit of two Pagos", one("payment", "P5"), [("register", "P5", "cfdi", uuid_of("r5") + f"#{n}", "rep_uuid", "register", False) for n in (1, 2)]),
        ("a REP alone", one("payment", R7), [("cfdi", R7, None, None, None, "cfdi", True)]),
        ("a register payment alone", one("payment", "P0"), [("register", "P0", None, None, None, "register", True)]),
        ("credit note", one("credit_note", "N1"), [("register", "N1", "cfdi", uuid_of("e1"), "customer_total_date", "cfdi", False)]),
        ("customer by RFC", one("customer", "C1"), [("register", "C1", "cfdi", RFC, "rfc", "register", False)]),
        ("an id that another mart says is not written again", "select left_id, right_id from document_matches where entity_id = 'R-m1'", [(None, None)]),
        ("but a REP's second Pago is", "select left_id, right_id from document_matches where entity_id = 'P5' order by 2", [(None, f"{uuid_of('r5')}#2"), (None, None)]),
        ("customer abroad", "select left_source, from_rule from document_matches where entity_id = 'ext:77:ACME'",
         [("cfdi", "cliente extranjero: número de registro fiscal y nombre")]),
        ("the register's file; the CFDI's is its invoice's", "select m.left_file_id, m.right_file_id, i.source_file_id from document_matches as m "
         "inner join fct_invoices as i on m.entity_id = i.invoice_id where m.entity_id = 'R-m1'", [("invoices-2026-06-30", None, "x-m1")]),
        ("who says what", "select from_left, from_right, from_rule from document_matches where entity_id = 'R-m1'",
         [("nombre, cliente, vencimiento, sucursal, vendedor, pedido, envío", "importes, moneda, fecha, impuestos, método de pago",
           "vencimiento: el plazo del cliente")]),
        ("the due date is the register's own", "select from_rule from document_matches where entity_id = 'R-t1'", [(None,)]),
        ("the register says which invoices, or the REP does", "select entity_id, from_left like '%facturas pagadas', from_right like '%facturas pagadas' "
         "from document_matches where entity_id in ('P1', 'P6') order by 1", [("P1", False, True), ("P6", True, False)]),
        ("every invoice, payment and note is decided", "select count(*) from (select 'invoice' as t, invoice_id as i from fct_invoices union all "
         "select 'payment', payment_id from fct_payments union all select 'credit_note', cn_id from fct_credit_notes union all "
         "select 'customer', customer_id from dim_customers) as e left join document_matches as m on e.t = m.entity_type and e.i = m.entity_id "
         "where m.entity_id is null", [(0,)]),
    ],
)  # fmt: skip
def test_each_decision(home: Home, what: str, query: str, answer: list[tuple[Any, ...]]) -> None:
    assert home("matches", both, only=SELECT).execute(query).fetchall() == answer, what


def differing() -> Raw:
    """Register and CFDI of one UUID that differ in one thing each, and contents that share a UUID."""
    raw = Raw()
    for customer, rfc in (("C1", RFC), ("C2", "OTR030303ZZ3")):
        raw.register("customers", customer_id=customer, name=customer, rfc=rfc, terms_days=30)
    for name, more in {
        "same": {},
        "total": {"total": "999"},
        "fecha": {"day": "2026-01-12"},
        "moneda": {"currency": "USD", "fx_rate": Decimal(18)},
        "cliente": {"customer_id": "C2"},
        "todo": {"total": "1", "day": "2026-01-12"},
    }.items():
        raw.cfdi(name, "I", "1000", "2026-01-10", receptor=RFC)
        given: dict[str, Any] = {"total": "1000", "day": "2026-01-10", "uuid": uuid_of(name)}
        invoice(raw, f"R-{name}", **(given | more))
    raw.cfdi("note", "E", "50", "2026-02-01", receptor=RFC, related=(("01", "same"),))
    raw.register("credit_notes", cn_id="N1", uuid=uuid_of("note"), customer_id="C1", currency="MXN", issue_date="2026-02-01",
                 total=Decimal(60))  # fmt: skip
    payment(raw, "P1", "100", "2026-02-01", rep_uuid=uuid_of("rep"))
    raw.rep("rep", "2026-03-10", pay("2026-03-09", "100", doc("same", "100")), receptor=RFC)
    # one UUID, another seal: a REP and an invoice
    for name, tipo in (("dosI", "I"), ("dosP", "P")):
        raw.cfdi(
            name,
            tipo,
            "10" if tipo == "I" else "0",
            "2026-01-10",
            receptor=RFC,
            stamped="2026-01-10T10:00:00",
        )
        raw.cfdi(
            name,
            tipo,
            "99" if tipo == "I" else "0",
            "2026-01-10",
            receptor=RFC,
            stamped="2026-01-11T10:00:00",
            file=f"y-{name}",
            sello="otro",
        )
    return raw


SAID = {
    ("REGISTER_CFDI_MISMATCH", "invoice", "R-total"): "Total $999.00 en el registro y $1,000.00 en el CFDI",
    ("REGISTER_CFDI_MISMATCH", "invoice", "R-fecha"): "Fecha 12 ene 2026 en el registro y 10 ene 2026 en el CFDI",
    ("REGISTER_CFDI_MISMATCH", "invoice", "R-moneda"): "Moneda USD en el registro y MXN en el CFDI",
    ("REGISTER_CFDI_MISMATCH", "invoice", "R-cliente"): "Cliente C2 en el registro y C1 por el RFC del CFDI",
    ("REGISTER_CFDI_MISMATCH", "invoice", "R-todo"): "Total $1.00 en el registro y $1,000.00 en el CFDI; fecha 12 ene 2026 en el registro y 10 ene 2026 en el CFDI",
    ("REGISTER_CFDI_MISMATCH", "credit_note", "N1"): "Total $60.00 en el registro y $50.00 en el CFDI",
    ("REGISTER_CFDI_MISMATCH", "payment", "P1"): "Fecha 1 feb 2026 en el registro y 9 mar 2026 en el REP",
    ("UUID_CONTENT_CONFLICT", "invoice", uuid_of("dosI")): f"Dos CFDI con el UUID {uuid_of('dosI')}: cuenta el timbrado el 10 ene 2026 por $10.00; "
    "el otro, del 11 ene 2026, dice $99.00",
    ("UUID_CONTENT_CONFLICT", "payment", uuid_of("dosP")): f"Dos CFDI con el UUID {uuid_of('dosP')}: cuenta el timbrado el 10 ene 2026 por $0.00; "
    "el otro, del 11 ene 2026, dice $0.00",
}  # fmt: skip


def test_a_disagreement_says_what_differs_and_what_each_side_says(home: Home) -> None:
    marts = home("differing", differing, only=[*SELECT, "exceptions"])
    found = marts.execute(
        "select rule, entity_type, entity_id, detail from exceptions where rule in ('REGISTER_CFDI_MISMATCH', 'UUID_CONTENT_CONFLICT')"
    ).fetchall()
    assert {row[:3]: row[3] for row in found} == SAID
    flagged = marts.execute(
        "select invoice_id from fct_invoices where flags like '%register_cfdi_mismatch%'"
    ).fetchall()
    assert {row[0] for row in flagged} == {
        name for rule, kind, name in SAID if kind == "invoice" and rule.startswith("REG")
    }
