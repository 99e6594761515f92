# ruff: noqa: E501 -- a case and its words stand on one line
"""What waits for a document that has not come: listed once, with what it waits for, its money and its age."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt.raw_home import Raw, uuid_of
from tests.dbt.straight import CORE
from tests.dbt.test_cfdi_cases import doc, pay
from tests.dbt.test_register_rules import apply, invoice, payment

RFC = "CLI020202XY2"


def kept() -> Raw:
    """One home where every kind of reference points at something that never came, beside one that points well."""
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno", rfc=RFC, terms_days=30)
    invoice(raw, "OK", "1000", "2026-01-10")
    raw.cfdi("ok", "I", "1000", "2026-01-10", receptor=RFC)

    payment(raw, "P1", "100", "2026-06-01", customer_id=None, invoice_id="NO-1")
    payment(raw, "P2", "200", "2026-06-02")
    apply(raw, "P2", "NO-2", "150", "2026-06-02")
    apply(raw, "P2", "OK", "50", "2026-06-02")
    apply(raw, "NO-P", "OK", "70", "2026-06-03")
    payment(raw, "P3", "30", "2026-06-04", rep_uuid=uuid_of("no-rep"))
    raw.rep(
        "r1",
        "2026-06-05",
        pay("2026-06-05", "300", doc("no3", "100"), doc("no3", "50"), doc("no4", "150")),
        receptor=RFC,
    )
    # undone before it was ever applied: it waits for nothing
    payment(raw, "P4", "10", "2026-06-01", customer_id=None, invoice_id="NO-9", reversed_date="2026-06-10")

    raw.cfdi("e1", "E", "40", "2026-06-06", receptor=RFC, related=(("01", "no5"), ("01", "ok")))
    raw.register("credit_notes", cn_id="N1", customer_id="C1", currency="USD", fx_rate=Decimal("20"), issue_date="2026-06-07",
                 total=Decimal(5), related_invoice_id="NO-6")  # fmt: skip
    raw.register(
        "credit_note_applications",
        cn_id="NO-N",
        invoice_id="OK",
        applied_date="2026-06-08",
        amount=Decimal(3),
    )
    raw.register(
        "credit_note_applications",
        cn_id="NO-N",
        invoice_id="NO-7",
        applied_date="2026-06-08",
        amount=Decimal(2),
    )

    # a note that has no row in the register, or has one, named by its UUID
    raw.cfdi("e8", "E", "120", "2026-06-06", receptor=RFC)
    raw.cfdi("e9", "E", "80", "2026-06-06", receptor=RFC)
    raw.register("credit_notes", cn_id="N2", uuid=uuid_of("e9"), customer_id="C1", currency="MXN", issue_date="2026-06-06",
                 total=Decimal(80))  # fmt: skip
    for name, amount in ((uuid_of("e8").upper(), 120), (uuid_of("e9"), 50)):
        raw.register("credit_note_applications", cn_id=name, invoice_id="OK", applied_date="2026-06-08",
                     amount=Decimal(amount))  # fmt: skip

    raw.cfdi("s1", "I", "500", "2026-06-09", receptor=RFC, related=(("04", "no-old"),))
    raw.rep(
        "r2",
        "2026-06-10",
        pay("2026-06-10", "5", doc("ok", "5")),
        receptor=RFC,
        related=(("04", "no-rep-old"),),
    )
    invoice(raw, "NEW", "10", "2026-06-11", replaces_invoice_id="NO-OLD")

    raw.register(
        "instalments",
        invoice_id="NO-8",
        number=1,
        due_date="2026-08-01",
        amount=Decimal(60),
        delivered="2026-06-12",
    )
    raw.register(
        "write_offs",
        write_off_id="W1",
        invoice_id="NO-8",
        date="2026-06-13",
        amount=Decimal(6),
        currency="MXN",
    )
    raw.register(
        "disputes",
        dispute_id="D1",
        invoice_id="NO-8",
        opened_date="2026-06-14",
        disputed_amount=Decimal(7),
        currency="MXN",
    )
    raw.register(
        "disputes",
        dispute_id="D2",
        invoice_id="OK",
        opened_date="2026-06-14",
        disputed_amount=Decimal(7),
        currency="MXN",
    )
    raw.register("promises", promise_id="PR1", customer_id="C1", invoice_id="NO-8", made_date="2026-06-15", promised_date="2026-06-20",
                 amount=Decimal(8), currency="MXN")  # fmt: skip
    raw.register("promises", promise_id="PR2", customer_id="C1", made_date="2026-06-15", promised_date="2026-06-20", amount=Decimal(8),
                 currency="MXN")  # fmt: skip
    raw.register(
        "incidents",
        incident_id="IN1",
        customer_id="C1",
        invoice_id="NO-8",
        type="entrega",
        opened_date="2026-06-16",
    )
    raw.register(
        "reminders",
        reminder_id="RE1",
        customer_id="C1",
        invoice_id="NO-8",
        sent_date="2026-06-17",
        stage="1",
        channel="correo",
    )
    raw.register(
        "actions",
        action_id="AC1",
        customer_id="C1",
        invoice_id="NO-8",
        kind="llamada",
        created_date="2026-06-18",
    )
    raw.register("reported_payments", report_id="RP1", customer_id="C1", invoice_id="NO-8", reported_date="2026-06-19", amount=Decimal(9),
                 currency="MXN")  # fmt: skip
    raw.register("pending_sales", sale_id="S1", customer_id="C1", invoice_id="NO-8", sale_confirmed_date="2026-06-20", amount=Decimal(11),
                 currency="MXN")  # fmt: skip
    # after the cut: not there yet
    raw.register(
        "disputes",
        dispute_id="D3",
        invoice_id="NO-8",
        opened_date="2026-07-14",
        disputed_amount=Decimal(7),
        currency="MXN",
    )
    return raw


WAITING = {
    ("payment", "P1", "invoice", "NO-1"): ("100.00", "d", 29),
    ("payment", "P2", "invoice", "NO-2"): ("150.00", "C", 28),
    ("payment_application", "NO-P>OK", "payment", "NO-P"): ("70.00", "C", 27),
    ("payment", "P3", "rep", uuid_of("no-rep")): (None, "C", 26),
    ("rep", uuid_of("r1") + "#1", "invoice", uuid_of("no3")): ("150.00", "C", 25),
    ("rep", uuid_of("r1") + "#1", "invoice", uuid_of("no4")): ("150.00", "C", 25),
    ("credit_note", uuid_of("e1"), "invoice", uuid_of("no5")): ("40.00", "C", 24),
    ("credit_note", "N1", "invoice", "NO-6"): ("100.00", "C", 23),
    ("credit_note_application", "NO-N -> OK", "credit_note", "NO-N"): ("3.00", "C", 22),
    ("credit_note_application", "NO-N -> NO-7", "credit_note", "NO-N"): (None, "", 22),
    ("credit_note_application", "NO-N -> NO-7", "invoice", "NO-7"): (None, "", 22),
    ("invoice", uuid_of("s1"), "invoice", uuid_of("no-old")): ("500.00", "C", 21),
    ("rep", uuid_of("r2"), "rep", uuid_of("no-rep-old")): (None, "C", 20),
    ("invoice", "NEW", "invoice", "NO-OLD"): ("10.00", "C", 19),
    ("instalment", "NO-8 / 1", "invoice", "NO-8"): (None, "", 18),
    ("write_off", "W1", "invoice", "NO-8"): ("6.00", "", 17),
    ("dispute", "D1", "invoice", "NO-8"): ("7.00", "", 16),
    ("promise", "PR1", "invoice", "NO-8"): ("8.00", "C", 15),
    ("incident", "IN1", "invoice", "NO-8"): (None, "C", 14),
    ("reminder", "RE1", "invoice", "NO-8"): (None, "C", 13),
    ("action", "AC1", "invoice", "NO-8"): (None, "C", 12),
    ("reported_payment", "RP1", "invoice", "NO-8"): ("9.00", "C", 11),
    ("pending_sale", "S1", "invoice", "NO-8"): ("11.00", "C", 10),
}  # fmt: skip


@pytest.fixture(scope="module")
def marts(home: Callable[..., duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    return home("waiting", kept, only=[*CORE, "waiting_documents"])


def test_every_kind_of_reference_is_listed_once_with_its_age(marts: duckdb.DuckDBPyConnection) -> None:
    found: dict[Any, Any] = {
        row[:4]: (row[4] and str(row[4]), row[5] or "", row[6])
        for row in marts.execute(
            "select kind, document_id, waits_for_kind, waits_for_id, amount_mxn, left(customer_id, 1), waiting_days from waiting_documents"
        ).fetchall()
    }
    assert found == WAITING
    assert marts.execute("select count(*) from waiting_documents").fetchall() == [(len(WAITING),)]


def test_it_says_in_words_what_is_missing(marts: duckdb.DuckDBPyConnection) -> None:
    assert marts.execute(
        "select kind_name, customer_name, amount_ccy, currency, detail from waiting_documents where document_id = 'N1'"
    ).fetchall() == [
        (
            "Nota de crédito",
            "Uno",
            Decimal("5.00"),
            "USD",
            "Rebaja la factura NO-6, que no ha llegado: su importe está por aplicar.",
        )
    ]
    assert marts.execute(
        "select count(*) from waiting_documents where detail is null or source_file_id is null"
    ).fetchall() == [(0,)]


def test_what_waits_is_unapplied_money_of_its_payment(marts: duckdb.DuckDBPyConnection) -> None:
    assert marts.execute(
        "select payment_id, amount_ccy, applied_ccy, unapplied_ccy from fct_payments where payment_id in ('P1', 'P2') order by 1"
    ).fetchall() == [
        ("P1", Decimal(100), Decimal(0), Decimal(100)),
        ("P2", Decimal(200), Decimal(50), Decimal(150)),
    ]


def test_a_note_named_by_its_uuid_is_applied(marts: duckdb.DuckDBPyConnection) -> None:
    notes = "select cn_id, related_invoice_id, applied_ccy, unapplied_ccy from fct_credit_notes where cn_id in (?, 'N2') order by 3"
    assert marts.execute(notes, [uuid_of("e8")]).fetchall() == [
        ("N2", "OK", Decimal(50), Decimal(30)),
        (uuid_of("e8"), "OK", Decimal(120), Decimal(0)),
    ]
    # 1,000 less 50 of P2, 120 and 50
    assert marts.execute("select open_ccy from fct_invoices where invoice_id = 'OK'").fetchall() == [
        (Decimal(780),)
    ]


def test_nothing_waits_in_an_empty_home(home: Callable[..., duckdb.DuckDBPyConnection]) -> None:
    marts = home("nothing_waits", Raw, only=["waiting_documents"])
    assert marts.execute("select count(*) from waiting_documents").fetchall() == [(0,)]
