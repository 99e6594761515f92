# ruff: noqa: E501 -- a case and its query stand on one line
"""CFDIs and registers together: which documents are one, who wins, and homes without one of the two."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt.raw_home import OWN_RFC, Raw, uuid_of
from tests.dbt.test_cfdi_cases import doc, fifteen, pay
from tests.dbt.test_register_rules import apply, company, invoice, payment

Home = Callable[..., duckdb.DuckDBPyConnection]
RFC = "CLI020202XY2"


def both() -> Raw:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno", rfc=RFC, terms_days=30)
    payment(raw, "P0", "1", "2025-12-01")
    for name in ("m1", "m2", "m3", "m4", "m5", "m6", "m7"):
        raw.cfdi(name, "I", "1000", "2026-01-10", serie="A", folio=name, receptor=RFC)
        if name != "m7":
            invoice(
                raw,
                f"R-{name}",
                "1000",
                "2026-01-10",
                uuid=uuid_of(name) if name != "m6" else None,
                serie="A",
                folio=name,
            )

    # one receipt: by rep_uuid; by reference; by (invoice, amount, 5 days)
    payment(raw, "P1", "1000", "2026-02-01", rep_uuid=uuid_of("r1"))
    raw.rep("r1", "2026-02-03", pay("2026-02-02", "1000", doc("m1", "1000", before="1000")), receptor=RFC)
    payment(raw, "P2", "1000", "2026-02-01", bank_reference="OP-77")
    raw.rep("r2", "2026-02-20", pay("2026-02-15", "1000", doc("m2", "1000"), reference="op-77"), receptor=RFC)
    payment(raw, "P3", "1000", "2026-02-01", customer_id=None, invoice_uuid=uuid_of("m3"))
    raw.rep("r3", "2026-02-20", pay("2026-02-05", "1000", doc("m3", "1000")), receptor=RFC)
    # two deposits, one Pago; then one deposit, two Pagos
    payment(raw, "P4a", "400", "2026-02-01", rep_uuid=uuid_of("r4"))
    payment(raw, "P4b", "600", "2026-02-02", rep_uuid=uuid_of("r4"))
    raw.rep("r4", "2026-02-20", pay("2026-02-02", "1000", doc("m4", "1000")), receptor=RFC)
    payment(raw, "P5", "1000", "2026-02-01", rep_uuid=uuid_of("r5"))
    raw.rep(
        "r5",
        "2026-02-20",
        pay("2026-02-01", "300", doc("m5", "300")),
        pay("2026-02-01", "700", doc("m5", "700")),
        receptor=RFC,
    )
    # the register's application wins over the REP's; a REP without a deposit counts alone
    payment(raw, "P6", "1000", "2026-02-01", rep_uuid=uuid_of("r6"))
    apply(raw, "P6", "R-m6", "900", "2026-02-01")
    raw.rep("r6", "2026-02-20", pay("2026-02-01", "1000", doc("m6", "1000", before="1000")), receptor=RFC)
    raw.rep("r7", "2026-02-20", pay("2026-02-01", "250", doc("m7", "250")), receptor=RFC)

    # the register names a REP that was issued again
    raw.cfdi("m8", "I", "80", "2026-01-10", receptor=RFC)
    payment(raw, "P8", "80", "2026-02-01", rep_uuid=uuid_of("r8old"))
    raw.rep("r8old", "2026-02-20", pay("2026-02-01", "80", doc("m8", "80")), receptor=RFC)
    raw.rep(
        "r8new",
        "2026-02-25",
        pay("2026-02-01", "80", doc("m8", "80")),
        receptor=RFC,
        related=(("04", "r8old"),),
    )

    raw.cfdi("e1", "E", "50", "2026-03-01", receptor=RFC, related=(("01", "m7"),))
    raw.register(
        "credit_notes",
        cn_id="N1",
        customer_id="C1",
        currency="MXN",
        issue_date="2026-03-03",
        total=Decimal(50),
        related_invoice_id=uuid_of("m7"),
        tipo_relacion="01",
    )
    raw.cfdi("t1", "I", "1000", "2026-01-12", receptor=RFC)
    invoice(raw, "R-t1", "999", "2026-01-12", uuid=uuid_of("t1"), branch="Norte", due_date="2026-03-01")

    # not ours; two customers with one RFC; abroad; to the public
    raw.cfdi("z1", "I", "9999", "2026-01-10", emisor_rfc="OTRO010101XX9", receptor=OWN_RFC)
    raw.cfdi(
        "x1",
        "I",
        "10",
        "2026-01-10",
        receptor="XEXX010101000",
        receptor_num_reg_id_trib="77",
        receptor_nombre="Acme",
    )
    raw.cfdi("g1", "I", "10", "2026-01-10", receptor="XAXX010101000", is_global=True, metodo_pago="PUE")
    raw.cfdi("g2", "I", "10", "2026-01-10", receptor="XAXX010101000", metodo_pago="PUE")
    return raw


@pytest.mark.parametrize(
    ("what", "query", "answer"),
    [
        ("each receipt once, under the register's name", "select payment_id, sources from fct_payments where payment_id <> 'P0' order by 1",
         [(uuid_of("r7") + "#1", "cfdi"), ("P1", "register+cfdi"), ("P2", "register+cfdi"), ("P3", "register+cfdi"),
          ("P4a", "register+cfdi"), ("P4b", "register+cfdi"), ("P5", "register+cfdi"), ("P6", "register+cfdi"),
          ("P8", "register+cfdi")]),
        ("what is open", "select invoice_id, open_ccy from fct_invoices where invoice_id like 'R-m%' and open_ccy > 0", [("R-m6", Decimal(100))]),
        ("one invoice of register and CFDI, by UUID or by folio", "select sources, count(*) from fct_invoices where folio is not null "
         "group by 1 order by 1", [("cfdi", 1), ("register+cfdi", 6)]),
        ("deposits and Pagos of other amounts", "select payment_id, amount_ccy from fct_payment_applications where payment_id in "
         "('P4a', 'P4b', 'P5') order by 1, 2", [("P4a", Decimal(400)), ("P4b", Decimal(600)), ("P5", Decimal(300)), ("P5", Decimal(700))]),
        ("the REP's declared balance beside the register's application", "select amount_ccy, imp_saldo_ant, source_kind from "
         "fct_payment_applications where payment_id = 'P6'", [(Decimal(900), Decimal(1000), "register")]),
        ("as recorded: a REP's own date", "select recorded_date::varchar from fct_payment_applications where payment_id = 'P2'",
         [("2026-02-20",)]),
        ("a note and its CFDI are one", "select cn_id, sources, applied_ccy, issue_date::varchar from fct_credit_notes",
         [("N1", "register+cfdi", Decimal(50), "2026-03-01")]),
        ("a lone REP and the note", "select open_ccy from fct_invoices where folio = 'm7'", [(Decimal(700),)]),
        ("the CFDI says amounts, the register the due date", "select total_ccy, branch, due_date::varchar, flags from fct_invoices "
         "where invoice_id = 'R-t1'", [(Decimal(1000), "Norte", "2026-03-01", "register_cfdi_mismatch")]),
        ("others' documents stay out", "select count(*) from fct_invoices where total_ccy = 9999", [(0,)]),
        ("abroad and public", "select customer_id, is_receivable, is_global from fct_invoices where total_ccy = 10 order by 1, 2",
         [("ext:77:ACME", True, False), ("publico", False, True), ("publico", True, False)]),
        ("fiscal reading", "select invoice_id, fiscal_open_ccy from fct_invoices where fiscal_open_ccy <> 0 and folio is not null order by 1",
         [(uuid_of("m7"), Decimal(700))]),
    ],
)  # fmt: skip
def test_both(home: Home, what: str, query: str, answer: list[tuple[Any, ...]]) -> None:
    assert home("both", both).execute(query).fetchall() == answer, what


def lonely() -> Raw:
    """CFDIs only: conditions, PUE, rates from documents, an E 07 of a PUE invoice."""
    raw = Raw()
    raw.cfdi("q1", "I", "1000", "2026-01-10", condiciones_de_pago="Crédito a 45 días")
    raw.cfdi("q2", "I", "1000", "2026-01-10", condiciones_de_pago="CONTADO")
    raw.cfdi("q3", "I", "1000", "2026-01-10", metodo_pago="PUE", forma_pago="03")
    raw.cfdi("q3e", "E", "400", "2026-01-10", related=(("07", "q3"),))
    raw.cfdi("q4", "I", "1000", "2026-01-10", metodo_pago="PUE", forma_pago="03")
    raw.rep("q4p", "2026-02-01", pay("2026-02-01", "600", doc("q4", "600")))
    raw.cfdi(
        "q5",
        "I",
        "100",
        "2026-01-10",
        moneda="USD",
        tipo_cambio=Decimal("18.25"),
        condiciones_de_pago="NET15",
    )
    return raw


@pytest.mark.parametrize(
    ("what", "query", "answer"),
    [
        ("due dates", "select due_date::varchar, due_rule from fct_invoices where uuid in ('{q1}', '{q2}', '{q3}', '{q5}') order by 1, 2",
         [("2026-01-10", "payment_conditions"), ("2026-01-10", "pue"), ("2026-01-25", "payment_conditions"),
          ("2026-02-24", "payment_conditions")]),
        ("PUE without a cash source is collected on its date", "select payment_id, amount_ccy, payment_date::varchar, sources from "
         "fct_payments where sources = 'assumed'", [("pue:{q3}", Decimal(600), "2026-01-10", "assumed")]),
        ("and paid", "select status, pue_assumed_paid, is_credit_sale from fct_invoices where uuid = '{q3}'", [("paid", True, False)]),
        ("a REP says otherwise", "select open_ccy, pue_assumed_paid from fct_invoices where uuid = '{q4}'", [(Decimal(400), False)]),
        ("rates from documents", "select mxn_per_unit, source from fx_rates_daily where currency = 'USD' and date = '2026-06-30'",
         [(Decimal("18.25"), "fx_from_documents")]),
    ],
)  # fmt: skip
def test_cfdi_only(home: Home, what: str, query: str, answer: list[tuple[Any, ...]]) -> None:
    names = {n: uuid_of(n) for n in ("q1", "q2", "q3", "q4", "q5")}
    expected = [tuple(v.format(**names) if isinstance(v, str) else v for v in row) for row in answer]
    assert home("lonely", lonely).execute(query.format(**names)).fetchall() == expected, what


def openings() -> Raw:
    """A ledger that starts in 2026: opening lines stand for what came before."""
    raw = Raw()
    invoice(raw, "OLD1", "1000", "2025-11-01")
    invoice(raw, "OLD2", "1000", "2025-11-02")
    raw.register("opening_balances", customer_id="C1", invoice_id="OLD1", date="2026-01-01", due_date="2025-12-01",
                 amount=Decimal(300), currency="MXN")  # fmt: skip
    raw.register("opening_balances", customer_id="C1", date="2026-01-01", amount=Decimal(70), currency="MXN")
    payment(raw, "PO", "100", "2026-02-01", customer_id=None, invoice_id="OLD1")
    return raw


def test_opening_balances(home: Home) -> None:
    marts = home("openings", openings, history_starts="2026-01-01")
    found = marts.execute(
        "select invoice_id, open_ccy, due_date::varchar, is_receivable, flags like '%before_history_start%' from fct_invoices order by 1"
    ).fetchall()
    assert found == [
        ("OLD1", Decimal(200), "2025-12-01", True, False), ("OLD2", Decimal(0), "2025-12-02", False, True),
        ("opening:C1:2026-01-01:MXN", Decimal(70), "2026-01-31", True, False),
    ]  # fmt: skip
    assert marts.execute(
        "select kind, sum(amount_ccy) from fct_movements group by 1 order by 1"
    ).fetchall() == [("opening", Decimal(370)), ("payment", Decimal(-100))]


def test_nothing_at_all(home: Home) -> None:
    marts = home("nothing", Raw)
    assert marts.execute("select count(*) from fct_invoices").fetchone() == (0,)
    assert marts.execute("select as_of::varchar, is_run_as_of from dim_report_dates").fetchall() == [
        ("2026-06-30", True)
    ]


def merged(shuffle: bool) -> Raw:
    """Everything above in one home, in order or not (L5)."""
    raw = Raw()
    for part in (both(), company(), fifteen()):
        for table, rows in part.rows.items():
            raw.rows.setdefault(table, []).extend(rows)
    if shuffle:
        for rows in raw.rows.values():
            random.Random(5).shuffle(rows)
    return raw


@pytest.mark.parametrize(
    "mart",
    [
        "fct_invoices",
        "fct_movements",
        "fct_payments",
        "fct_payment_applications",
        "fct_credit_notes",
        "balance_intervals",
        "unapplied_intervals",
        "dim_customers",
        "fx_rates_daily",
    ],
)
def test_order_of_arrival_changes_nothing(home: Home, mart: str) -> None:
    query = f"from {mart} order by all"
    one, two = (home(f"merged{s}", lambda s=s: merged(s)).execute(query).fetchall() for s in (False, True))
    assert one
    assert one == two
