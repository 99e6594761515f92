# ruff: noqa: E501 -- a case and its query stand on one line
"""The books by hand: sales book, REP deadlines, receipts by day, plan against actual, and the collection calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import OWN_RFC, Raw, uuid_of
from tests.dbt.test_register_rules import invoice, payment

AS_OF = "2026-06-30"
MARTS = ["sales_book", "receipts_by_day", "plan_vs_actual", "collection_calendar"]


def tax(raw: Raw, name: str, position: int, kind: str, impuesto: str, rate: str, amount: str) -> None:
    raw.add("cfdi__taxes", source_file_id=f"x-{name}", delivery_date=date(2026, 1, 1), uuid=name, position=position, kind=kind,
            impuesto=impuesto, tipo_factor="Tasa", tasa_o_cuota=Decimal(rate), importe=Decimal(amount))  # fmt: skip


def books() -> Raw:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno", rfc="CLI020202XY2", account_owner="Ana")
    raw.register("customers", customer_id="C2", name="Dos", account_owner="Ana", do_not_contact=True)
    # A: USD 100 + 16 of VAT - 4 withheld at 18; B: of a register, cancelled later
    raw.cfdi("A", "I", "112", "2026-05-04T10:00:00", moneda="USD", tipo_cambio=Decimal(18), serie="F", folio="1",
             subtotal=Decimal(100), total_traslados=Decimal(16), total_retenciones=Decimal(4))  # fmt: skip
    tax(raw, "A", 1, "traslado", "002", "0.16", "16")
    tax(raw, "A", 2, "retencion", "002", "0.04", "4")
    invoice(raw, "B", "116", "2026-05-05", subtotal=Decimal(100), iva=Decimal(16), serie="R", folio="2", company_rfc=OWN_RFC,
            cancel_date="2026-06-02", due_date="2026-06-04")  # fmt: skip
    # a register's note on B has no taxes: 58 is half of 116, so 50 and 8
    raw.register("credit_notes", cn_id="N1", customer_id="C1", currency="MXN", issue_date="2026-05-20", total=Decimal(58),
                 tipo_relacion="03", related_invoice_id="B", company_rfc=OWN_RFC)  # fmt: skip
    # D: paid on 10 May (REP of 6 June, a day late) and 20 May (REP of 5 June, in time); on 3 April (none: 5 May is
    # 56 days ago); on 15 June (until 5 July); and a cheque that bounced asks for none
    raw.cfdi("D", "I", "1000", "2026-03-01T10:00:00", serie="F", folio="3")
    for name, day, paid, issued in (
        ("R1", "2026-05-10", "100", "2026-06-06"),
        ("R2", "2026-05-20", "200", "2026-06-05"),
    ):
        raw.rep(
            name,
            f"{issued}T09:00:00",
            {"date": f"{day}T12:00:00", "amount": paid, "documents": [{"invoice": "D", "paid": paid}]},
        )
    for name, day, amount, more in (
        ("P3", "2026-04-03", "50", {}),
        ("P4", "2026-06-15", "60", {"method": "efectivo"}),
        ("P5", "2026-06-16", "70", {"method": "cheque", "reversed_date": "2026-06-18"}),
    ):
        payment(raw, name, amount, day, invoice_id="F-3", company_rfc=OWN_RFC, **more)
    payment(raw, "P6", "40", "2026-06-15", method="efectivo", company_rfc=OWN_RFC)  # nobody knows for what
    # E: of a customer who asked not to be contacted; G: due on 20 June, reminded on its eighth day
    invoice(raw, "E", "10", "2026-05-21", "C2", due_date="2026-06-20", company_rfc=OWN_RFC)
    invoice(raw, "G", "10", "2026-05-21", due_date="2026-06-20", company_rfc=OWN_RFC)
    raw.register(
        "reminders",
        reminder_id="R",
        customer_id="C1",
        invoice_id="G",
        sent_date="2026-06-28",
        stage="post_due",
        channel="email",
    )
    raw.cfdi("NX", "E", "106.40", "2026-05-25T10:00:00", related=(("03", "A"), ("03", "D")), metodo_pago="PUE", forma_pago="03",
             subtotal=Decimal(100))  # fmt: skip
    raw.taxes("NX", ("8", "80", "6.40"), ("exento", "20", ""))
    # a customer of 2021: paid on the last day of the old rule and the first month of the new one
    raw.register("customers", customer_id="OLD", name="Antes", rfc="OLD020202XY2")
    raw.cfdi("O", "I", "50", "2021-12-01T10:00:00", receptor="OLD020202XY2")
    for name, day, issued in (("O1", "2021-12-31", "2022-01-12"), ("O2", "2022-01-01", "2022-02-05")):
        raw.rep(name, f"{issued}T09:00:00",
                {"date": f"{day}T12:00:00", "amount": "25", "documents": [{"invoice": "O", "paid": "25"}]}, receptor="OLD020202XY2")  # fmt: skip
    plan = {"month": "2026-06-01", "customer_id": "C1", "currency": "MXN"}
    raw.register("plan_billing", branch="Norte", amount=Decimal(100), **plan)
    raw.register("plan_collections", branch="Norte", amount=Decimal(150), **plan)
    raw.register("plan_collections", branch="Sur", amount=Decimal(50), **plan)
    raw.register(
        "bank_lines", bank_line_id="L1", account_currency="MXN", value_date="2026-06-15", amount=Decimal(60)
    )
    return raw


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.build(books(), AS_OF, MARTS) as connection:
        yield connection


D = Decimal
CASES = [
    ("cfdi", "select tipo, subtotal_mxn, iva_mxn, retenciones_mxn, total_mxn, iva_16_mxn, iva_8_mxn, iva_withheld_mxn, estatus from sales_book where folio = 'F-1'", [
        ("I", D(1800), D(288), D(72), D(2016), D(288), None, D(72), "vigente")]),
    ("bases", "select base_16_mxn, base_8_mxn, is_rate_inferred, is_in_totals from sales_book where folio = 'F-1'", [(D(1800), None, False, True)]),
    ("register", "select tipo, subtotal_mxn, iva_mxn, total_mxn, iva_16_mxn, is_rate_inferred, estatus, is_in_totals from sales_book where folio = 'R-2'", [
        ("I", D(100), D(16), D(116), D(16), True, "cancelada", False)]),
    ("note", "select tipo, folio, credit_note_kind, subtotal_mxn, iva_mxn, iva_16_mxn, total_mxn, estatus from sales_book where folio = 'N1'", [
        ("E", "N1", "devolucion", D(-50), D(-8), D(-8), D(-58), "vigente")]),
    # a CFDI's note says its own: 80 at 8 % and 20 exempt, of a return (03) that names two invoices, form 03
    ("note_cfdi", "select credit_note_kind, tipo_relacion, metodo_pago, forma_pago, iva_mxn, base_8_mxn, iva_8_mxn, base_exento_mxn, base_16_mxn from sales_book where uuid = '" + uuid_of("NX") + "'", [
        ("devolucion", "03", "PUE", "03", D("-6.40"), D(-80), D("-6.40"), D(-20), None)]),
    ("note_related", "select related_uuid from sales_book where uuid = '" + uuid_of("NX") + "'", [("|".join(sorted([uuid_of("A"), uuid_of("D")])),)]),
    # before 2022 the REP was due on the 10th of the next month
    ("rep_before_2022", "select rep_due_date, days_late, status from rep_compliance where customer_id = 'OLD' order by rep_due_date", [(date(2022, 1, 10), 2, "late"), (date(2022, 2, 5), 0, "on_time")]),
    ("rep", "select payment_date, rep_due_date, rep_issued_date, days_late, status from rep_compliance where customer_id = 'C1' order by 1", [
        (date(2026, 4, 3), date(2026, 5, 5), None, 56, "missing"),
        (date(2026, 5, 10), date(2026, 6, 5), date(2026, 6, 6), 1, "late"),
        (date(2026, 5, 20), date(2026, 6, 5), date(2026, 6, 5), 0, "on_time"),
        (date(2026, 6, 15), date(2026, 7, 5), None, 0, "pending"),
        (date(2026, 6, 16), date(2026, 7, 5), None, None, "not_required")]),
    # 60 applied and known to the bank, 40 neither; the cheque came and went
    ("receipts", "select date, payments, amount_mxn, reversed_mxn, applied_mxn, unapplied_mxn, rep_status, bank_status from receipts_by_day where date >= '2026-06-01' order by 1", [
        (date(2026, 6, 15), 2, D(100), D(0), D(60), D(40), "mixed", "mixed"),
        (date(2026, 6, 16), 1, D(70), D(70), D(0), D(0), "not_required", "not_in_bank")]),
    # June: B cancelled, 116 less; collected 60 + 40 + 70 - 70; one of three receipts is in the bank
    ("plan", "select billed_mxn, billed_pct, collected_mxn, collected_variance_mxn, collected_pct, collected_in_bank_mxn, tie_out_num, tie_out_den from plan_vs_actual where customer_id = 'C1'", [
        (D(-116), D(-116), D(100), D(-100), D(50), D(60), 1, 3)]),
    ("plan_total", "select plan_billed_mxn, plan_collected_mxn, collected_mxn from plan_vs_actual where customer_id = 'total'", [
        (D(100), D(200), D(100))]),
    ("calendar", "select action, date, is_done, is_held, is_past from collection_calendar where invoice_id = 'G' order by date", [
        ("pre_due", date(2026, 6, 17), False, False, True),
        ("due", date(2026, 6, 20), False, False, True),
        ("post_due_1", date(2026, 6, 21), False, False, True),
        ("post_due_7", date(2026, 6, 27), True, False, True),
        ("post_due_15", date(2026, 7, 5), False, False, False),
        ("post_due_30", date(2026, 7, 20), False, False, False),
        ("escalation", date(2026, 8, 4), False, False, False)]),
    ("held", "select distinct is_held, hold_reason, owner from collection_calendar where invoice_id = 'E'", [(True, "no contactar", "Ana")]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_worked_example(marts: duckdb.DuckDBPyConnection, query: str, expected: list[Any]) -> None:
    assert marts.execute(query).fetchall() == expected
