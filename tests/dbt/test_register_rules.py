# ruff: noqa: E501 -- a case and its query stand on one line
"""A home of registers only: due dates, instalments, bases, undo, currencies, substitution, versions, the cut at as_of."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt.raw_home import Raw

AS_OF = "2026-06-30"
Home = Callable[..., duckdb.DuckDBPyConnection]


def invoice(raw: Raw, name: str, total: str, day: str, customer: str = "C1", **more: Any) -> None:
    raw.register(
        "invoices",
        **{
            "invoice_id": name,
            "customer_id": customer,
            "currency": "MXN",
            "total": Decimal(total),
            "issue_date": day,
            "metodo_pago": "PPD",
            "delivered": "2026-06-30",
        }
        | more,
    )


def payment(raw: Raw, name: str, amount: str, day: str, **more: Any) -> None:
    raw.register(
        "payments",
        **{
            "payment_id": name,
            "customer_id": "C1",
            "payment_date": day,
            "currency": "MXN",
            "amount": Decimal(amount),
            "method": "transferencia",
        }
        | more,
    )


def apply(raw: Raw, payment_id: str, name: str, amount: str, day: str, **more: Any) -> None:
    raw.register(
        "payment_applications",
        application_id=f"{payment_id}>{name}",
        payment_id=payment_id,
        invoice_id=name,
        applied_date=day,
        amount_invoice_ccy=Decimal(amount),
        **more,
    )


def company() -> Raw:
    raw = Raw()
    for part in (
        _terms,
        _undo_and_excess,
        _currencies,
        _write_offs_and_notes,
        _substitutions,
        _versions,
        _edges,
    ):
        part(raw)
    return raw


def _terms(raw: Raw) -> None:
    for customer, more in {
        "C1": {"terms_days": 30, "terms_from": "issue"},
        "C2": {"terms_days": 15, "terms_from": "contrarrecibo", "payment_days": "viernes"},
        "C3": {},
    }.items():
        raw.register(
            "customers", customer_id=customer, name=f"Cliente {customer}", rfc=f"{customer}X010101AA1", **more
        )
    # terms change by delivery: an invoice keeps those in force at its issue
    raw.register("customers", customer_id="C4", name="Cuatro", terms_days=10, delivered="2026-01-01")
    raw.register("customers", customer_id="C4", name="Cuatro nuevo", terms_days=60, delivered="2026-04-01")

    invoice(raw, "D1", "100", "2026-01-10", due_date="2026-02-20")
    invoice(raw, "D2", "100", "2026-01-10", "C2", contrarrecibo_date="2026-01-13")
    invoice(raw, "D3", "100", "2026-01-10")
    invoice(raw, "D4", "100", "2026-01-10", "C3")
    invoice(raw, "D5", "100", "2026-03-01", "C4")
    invoice(raw, "D6", "100", "2026-05-01", "C4")

    invoice(raw, "I1", "900", "2026-01-10", due_date="2026-04-10")
    for number, due in enumerate(("2026-02-10", "2026-03-10", "2026-04-10"), start=1):
        raw.register("instalments", invoice_id="I1", number=number, due_date=due, amount=Decimal(300))
    payment(raw, "PI1", "450", "2026-03-20", customer_id=None, invoice_id="I1")


def _undo_and_excess(raw: Raw) -> None:
    invoice(raw, "B1", "500", "2026-01-10")
    payment(raw, "PB1", "500", "2026-02-01", reversed_date="2026-02-15")
    apply(raw, "PB1", "B1", "500", "2026-02-03")

    invoice(raw, "A1", "500", "2026-03-10")
    payment(raw, "PA1", "500", "2026-03-01")
    apply(raw, "PA1", "A1", "500", "2026-03-25")

    invoice(raw, "X1", "1000", "2026-01-10")
    payment(raw, "PX1", "1200", "2026-02-01", customer_id=None, invoice_id="X1")
    invoice(raw, "X2", "1000", "2026-01-10")
    payment(raw, "PX2", "1200", "2026-02-01")
    apply(raw, "PX2", "X2", "1200", "2026-02-01")


def _currencies(raw: Raw) -> None:
    invoice(raw, "U1", "100", "2026-01-10", currency="USD", fx_rate=Decimal("18.123456"))
    invoice(raw, "U2", "100", "2026-01-10", currency="USD", fx_rate=Decimal("18.123456"))
    payment(raw, "PU1", "1850", "2026-02-01", customer_id=None, invoice_id="U1", fx_rate=Decimal("18.5"))
    payment(raw, "PU2", "1850", "2026-02-01", customer_id=None, invoice_id="U2")
    raw.register("fx_rates", date="2026-01-05", currency="USD", mxn_per_unit=Decimal("18.00"))
    invoice(raw, "U4", "100", "2026-01-10", currency="USD", fx_rate=Decimal(0))
    invoice(raw, "U5", "100", "2026-01-10", currency="USD", fx_rate=Decimal(-1))
    raw.register("fx_rates", date="2026-06-01", currency="USD", mxn_per_unit=Decimal("19.00"))
    invoice(raw, "U3", "100", "2026-01-10", currency="EUR")


def _write_offs_and_notes(raw: Raw) -> None:
    invoice(raw, "W1", "700", "2026-01-10")
    raw.register(
        "write_offs",
        write_off_id="W",
        invoice_id="W1",
        date="2026-05-01",
        amount=Decimal(700),
        currency="MXN",
    )
    invoice(raw, "N1", "700", "2026-01-10")
    raw.register(
        "credit_notes",
        cn_id="NC1",
        customer_id="C1",
        currency="MXN",
        issue_date="2026-02-01",
        total=Decimal(700),
        related_invoice_id="N1",
        tipo_relacion="01",
        cancel_date="2026-04-01",
    )
    invoice(raw, "N2", "700", "2026-01-10")
    raw.register(
        "credit_notes",
        cn_id="NC2",
        customer_id="C1",
        currency="MXN",
        issue_date="2026-02-01",
        total=Decimal(800),
        related_invoice_id="N2",
        tipo_relacion="01",
    )


def _substitutions(raw: Raw) -> None:
    invoice(raw, "S1", "1000", "2026-01-10", cancel_date="2026-02-20", cancel_motivo="01")
    payment(raw, "PS1", "300", "2026-01-20", customer_id=None, invoice_id="S1")
    payment(raw, "PS2", "200", "2026-03-20", customer_id=None, invoice_id="S1")
    invoice(raw, "S2", "1000", "2026-02-10", replaces_invoice_id="S1")
    invoice(raw, "S3", "1000", "2026-04-10", replaces_invoice_id="S2")
    invoice(raw, "Y1", "1000", "2026-01-10", replaces_invoice_id="Y2")
    invoice(raw, "Y2", "1000", "2026-01-11", replaces_invoice_id="Y1")


def _versions(raw: Raw) -> None:
    invoice(raw, "V1", "100", "2026-01-10", delivered="2026-02-01")
    invoice(raw, "V1", "150", "2026-01-10", delivered="2026-03-01")
    invoice(raw, "V2", "100", "2026-01-10", file="f")
    invoice(raw, "V2", "100", "2026-01-10", file="f")
    invoice(raw, "V3", "100", "2026-01-10", file="f", purchase_order="a")
    invoice(raw, "V3", "100", "2026-01-10", file="f", purchase_order="b")
    shared = "aaaaaaaa-0000-0000-0000-000000000001"
    invoice(raw, "Z2", "100", "2026-01-10", uuid=shared)
    invoice(raw, "Z1", "100", "2026-01-10", uuid=shared)
    payment(raw, "PZ", "60", "2026-02-01", customer_id=None, invoice_id="Z2")
    shared = "aaaaaaaa-0000-0000-0000-000000000002"
    for name in ("M1", "M2"):
        invoice(raw, name, "900", "2026-01-10", uuid=shared, serie="FM", folio="77")
        for number, due in enumerate(("2026-02-10", "2026-03-10", "2026-04-10"), start=1):
            raw.register("instalments", invoice_id=name, number=number, due_date=due, amount=Decimal(300))
    raw.register("instalments", invoice_id=shared.upper(), number=2, due_date="2026-03-20", amount=Decimal(300),
                 delivered="2026-03-01")  # fmt: skip
    payment(raw, "PM", "450", "2026-05-01", customer_id=None, invoice_id="M2")


def _edges(raw: Raw) -> None:
    invoice(raw, "F1", "100", "2026-07-01")
    invoice(raw, "F2", "100", "2026-06-01", cancel_date="2026-07-01")
    payment(raw, "PF2", "100", "2026-07-02", customer_id=None, invoice_id="F2")
    payment(
        raw, "PQ", "55", "2026-02-01", customer_id=None, invoice_uuid="bbbbbbbb-0000-0000-0000-000000000009"
    )
    payment(raw, "PC", "40", "2026-02-01", method="compensación")


@pytest.fixture(scope="module")
def marts(home: Home) -> duckdb.DuckDBPyConnection:
    return home("registers", company)


@pytest.mark.parametrize(
    ("name", "due", "rule"),
    [
        ("D1", "2026-02-20", "document"),
        ("D2", "2026-01-30", "contrarrecibo"),
        ("D3", "2026-02-09", "customer_terms"),
        ("D4", "2026-02-09", "default"),
        ("D5", "2026-03-11", "customer_terms"),
        ("D6", "2026-06-30", "customer_terms"),
        ("I1", "2026-04-10", "instalments"),
    ],
)
def test_due_date(marts: duckdb.DuckDBPyConnection, name: str, due: str, rule: str) -> None:
    found = marts.execute(
        "select due_date::varchar, due_rule from fct_invoices where invoice_id = ?", [name]
    ).fetchone()
    assert found == (due, rule)


@pytest.mark.parametrize(
    ("what", "query", "answer"),
    [
        ("due on as_of is current", "select bucket_due, days_past_due from fct_invoices where invoice_id = 'D6'", [("current", 0)]),
        ("the contractual date is kept", "select contractual_due_date::varchar from fct_invoices where invoice_id = 'D2'",
         [("2026-01-28",)]),
        ("oldest instalment first", "select instalment, b.open_ccy from balance_intervals b join fct_invoices using (invoice_key) "
         "where invoice_id = 'I1' and basis = 'effective' and valid_to > date '2026-06-30' order by 1",
         [(2, Decimal(150)), (3, Decimal(300))]),
        ("age from the oldest open instalment", "select days_past_due from fct_invoices where invoice_id = 'I1'", [(112,)]),
        ("a bounce opens again", "select valid_from::varchar, valid_to::varchar, b.open_ccy from balance_intervals b join fct_invoices "
         "using (invoice_key) where invoice_id = 'B1' and basis = 'effective' order by 1",
         [("2026-01-10", "2026-02-01", Decimal(500)), ("2026-02-15", "9999-12-31", Decimal(500))]),
        ("as recorded counts from the application", "select basis, valid_to::varchar from balance_intervals join fct_invoices "
         "using (invoice_key) where invoice_id = 'A1' order by 1", [("as_recorded", "2026-03-25")]),
        ("until then the money is unapplied", "select basis, valid_from::varchar, valid_to::varchar from unapplied_intervals u "
         "join fct_payments p on u.doc_key = p.payment_key where doc_type = 'payment' and payment_id = 'PA1' order by 1",
         [("as_recorded", "2026-03-01", "2026-03-25"), ("effective", "2026-03-01", "2026-03-10")]),
        ("named invoice: the rest is unapplied, not an overpayment", "select excess_ccy, explicit_excess_ccy, open_ccy from "
         "fct_invoices where invoice_id = 'X1'", [(Decimal(200), Decimal(0), Decimal(0))]),
        ("explicit above the balance", "select explicit_excess_ccy from fct_invoices where invoice_id = 'X2'", [(Decimal(200),)]),
        ("excess movement gives the rest back", "select kind, amount_ccy from fct_movements where invoice_id = 'X1' order by movement_number",
         [("billed", Decimal(1000)), ("payment", Decimal(-1200)), ("excess", Decimal(200))]),
        ("pesos on a dollar invoice at the payment's rate", "select open_ccy, status from fct_invoices where invoice_id = 'U1'",
         [(Decimal(0), "paid")]),
        ("without a rate it stays unapplied", "select unapplied_ccy, status from fct_payments where payment_id = 'PU2'",
         [(Decimal(1850), "unapplied")]),
        ("issue and closing pesos", "select open_mxn_issue, open_mxn_closing from fct_invoices where invoice_id = 'U2'",
         [(Decimal("1812.35"), Decimal("1900.00"))]),
        ("a rate of 0 or less is none: the table's counts", "select invoice_id, open_mxn_issue from fct_invoices "
         "where invoice_id in ('U4', 'U5') order by 1", [("U4", Decimal("1800.00")), ("U5", Decimal("1800.00"))]),
        ("no rate: unknown in pesos", "select open_ccy, open_mxn_closing, flags like '%no_fx_rate%' from fct_invoices "
         "where invoice_id = 'U3'", [(Decimal(100), None, True)]),
        ("written off", "select status, written_off_ccy, settled_date::varchar from fct_invoices where invoice_id = 'W1'",
         [("written_off", Decimal(700), "2026-05-01")]),
        ("a cancelled note does not count", "select open_ccy from fct_invoices where invoice_id = 'N1'", [(Decimal(700),)]),
        ("closed by a note only", "select status, has_live_cash from fct_invoices where invoice_id = 'N2'", [("credited", False)]),
        ("a note above its invoice", "select unapplied_ccy, status from fct_credit_notes where cn_id = 'NC2'",
         [(Decimal(100), "partial")]),
        ("chain: the last one owes what is left", "select invoice_id, open_ccy, status from fct_invoices where invoice_id like 'S_' "
         "order by 1", [("S1", Decimal(0), "cancelled"), ("S2", Decimal(0), "cancelled"), ("S3", Decimal(500), "open")]),
        ("chain: its movements", "select invoice_id, kind, flow, amount_ccy, is_cash from fct_movements where invoice_id like 'S_' "
         "order by effective_date, invoice_id, movement_number",
         [("S1", "billed", "billed", Decimal(1000), False), ("S1", "payment", "payment", Decimal(-300), True),
          ("S1", "substituted", "substituted", Decimal(-700), False), ("S2", "billed", "billed", Decimal(1000), False),
          ("S2", "rehomed", "rehomed", Decimal(-300), False), ("S2", "rehomed", "payment", Decimal(-200), True),
          ("S2", "substituted", "substituted", Decimal(-500), False), ("S3", "billed", "billed", Decimal(1000), False),
          ("S3", "rehomed", "rehomed", Decimal(-300), False), ("S3", "rehomed", "rehomed", Decimal(-200), False)]),
        ("chain: applied once", "select payment_id, invoice_id, effective_date::varchar from fct_payment_applications "
         "where payment_id like 'PS%' order by 1", [("PS1", "S3", "2026-04-10"), ("PS2", "S3", "2026-04-10")]),
        ("a cycle: the later one counts, both say so", "select invoice_id, open_ccy, flags like '%substitution_cycle%' from fct_invoices "
         "where invoice_id like 'Y_' order by 1", [("Y1", Decimal(0), True), ("Y2", Decimal(1000), True)]),
        ("the latest delivery wins", "select total_ccy from fct_invoices where invoice_id = 'V1'", [(Decimal(150),)]),
        ("twice in one file", "select invoice_id, total_ccy, flags from fct_invoices where invoice_id in ('V2', 'V3') order by 1",
         [("V2", Decimal(100), "missing_due_date|duplicate_in_file|register_only"),
          ("V3", Decimal(100), "missing_due_date|content_conflict|register_only")]),
        ("two rows, one UUID: one invoice, both names find it", "select invoice_id, open_ccy from fct_invoices where invoice_id in "
         "('Z1', 'Z2')", [("Z1", Decimal(40))]),
        ("a schedule told under three names is one", "select instalment, b.due_date::varchar, b.valid_from::varchar, b.open_ccy "
         "from balance_intervals b join fct_invoices using (invoice_key) where invoice_id = 'M1' and basis = 'effective' order by 1, 3",
         [(1, "2026-02-10", "2026-01-10", Decimal(300)), (2, "2026-03-20", "2026-01-10", Decimal(300)),
          (2, "2026-03-20", "2026-05-01", Decimal(150)), (3, "2026-04-10", "2026-01-10", Decimal(300)),
          (3, "2026-04-10", "2026-05-01", Decimal(300))]),
        ("rows after as_of do not exist", "select invoice_id, status, cancel_date from fct_invoices where invoice_id in ('F1', 'F2')",
         [("F2", "open", None)]),
        ("a payment of an unknown invoice is kept", "select customer_id, unapplied_ccy, flags from fct_payments where payment_id = 'PQ'",
         [("desconocido", Decimal(55), "unknown_invoice")]),
        ("compensación is no cash", "select forma_pago, is_cash from fct_payments where payment_id = 'PC'", [("17", False)]),
        ("the dates", "select count(*) filter (where is_month_end), count(*) filter (where is_run_as_of), min(as_of)::varchar "
         "from dim_report_dates", [(6, 1, "2026-01-11")]),
    ],
)  # fmt: skip
def test_reading(
    marts: duckdb.DuckDBPyConnection, what: str, query: str, answer: list[tuple[Any, ...]]
) -> None:
    assert marts.execute(query).fetchall() == answer, what
