# ruff: noqa: E501 -- a case and its outcome stand on one line
"""Every dimension divides its mart: the figures of a company's values, by hand, are the total's; and of any company's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_register_rules import invoice, payment

AS_OF = "2026-06-30"
ONE, TWO = "EMP010101AB1", "DOS020202CD2"
NONE = "sin asignar"
SETTINGS: dict[str, Any] = {"own_rfcs": (ONE, TWO), "reminder_programme_start": "2026-05-21"}


def company() -> Raw:
    """Two companies of our own; a customer without attributes, an invoice without a company, a sale of nobody."""
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno", branch="Norte", segment="Industria", account_owner="Ana",
                 tags="VIP, obra")  # fmt: skip
    raw.register("customers", customer_id="C2", name="Dos", branch="Sur", segment="Comercio", account_owner="Luis",
                 tags="VIP")  # fmt: skip
    raw.register("customers", customer_id="C3", name="Tres")
    raw.register("fx_rates", date="2026-04-01", currency="USD", mxn_per_unit=Decimal(20))
    _invoices(raw)
    _settlements(raw)
    _sales(raw)
    raw.register("disputes", dispute_id="Q1", invoice_id="A2", opened_date="2026-06-01", reason="precio",
                 disputed_amount=Decimal(60), currency="USD")  # fmt: skip
    raw.register("disputes", dispute_id="Q2", invoice_id="D1", opened_date="2026-06-01", closed_date="2026-06-09",
                 disputed_amount=Decimal(50), currency="MXN", owner="Ana", outcome="accepted")  # fmt: skip
    raw.register("incidents", incident_id="N1", customer_id="C1", type="portal", opened_date="2026-06-10")
    raw.register("incidents", incident_id="N2", customer_id="C3", type="entrega", area="Almacén", owner="Ana",
                 opened_date="2026-06-10", resolved_date="2026-06-12")  # fmt: skip
    return raw


def _invoices(raw: Raw) -> None:
    first, second = {"company_rfc": ONE, "salesperson": "S1"}, {"company_rfc": TWO}
    invoice(raw, "A1", "1000", "2026-04-10", due_date="2026-05-10", **first)
    invoice(
        raw, "A2", "100", "2026-04-20", due_date="2026-05-20", currency="USD", fx_rate=Decimal(20), **second
    )
    invoice(raw, "B1", "500", "2026-05-03", "C2", due_date="2026-06-02", branch="Centro", salesperson="S2",
            issue_deadline="2026-05-03", **second)  # fmt: skip
    invoice(raw, "B2", "700", "2026-05-04", "C2", due_date="2026-06-03", cancel_date="2026-06-03", **first)
    invoice(raw, "D1", "300", "2026-05-15", "C3", due_date="2026-06-14", issue_deadline="2026-05-14")
    invoice(raw, "A3", "250", "2026-06-20", due_date="2026-07-20", **first)


def _settlements(raw: Raw) -> None:
    payment(raw, "P1", "400", "2026-05-05", customer_id=None, invoice_id="A1")
    payment(raw, "P2", "600", "2026-05-20", customer_id=None, invoice_id="A1")
    payment(raw, "P3", "500", "2026-06-01", customer_id=None, invoice_id="B1")
    payment(raw, "P4", "300", "2026-05-30", customer_id=None, invoice_id="D1", reversed_date="2026-06-04")
    payment(raw, "P5", "80", "2026-06-12", customer_id="C2", company_rfc=TWO)
    note = {"customer_id": "C1", "tipo_relacion": "01"}
    raw.register("credit_notes", cn_id="N1", issue_date="2026-06-05", currency="MXN", total=Decimal(150),
                 company_rfc=ONE, **note)  # fmt: skip
    raw.register("credit_notes", cn_id="N2", issue_date="2026-06-10", currency="USD", total=Decimal(10),
                 fx_rate=Decimal(20), related_invoice_id="A2", company_rfc=TWO, **note)  # fmt: skip
    raw.register("write_offs", write_off_id="W1", invoice_id="D1", date="2026-06-20", amount=Decimal(100),
                 currency="MXN")  # fmt: skip


def _sales(raw: Raw) -> None:
    for name, customer, deadline, currency, of in (
        ("V1", "C1", "2026-05-20", "MXN", None),
        ("V2", "C2", "2026-05-25", "MXN", "B1"),  # invoiced
        ("V3", "C3", "2026-05-28", "MXN", None),
        ("V4", "C_DE_NADIE", "2026-05-28", "USD", None),
    ):
        raw.register("pending_sales", sale_id=name, customer_id=customer, sale_confirmed_date="2026-05-01",
                     issue_deadline=deadline, amount=Decimal(10), currency=currency, invoice_id=of)  # fmt: skip


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.run(company(), AS_OF, **SETTINGS) as connection:
        yield connection


def test_every_dimension_of_every_mart_adds_up(marts: duckdb.DuckDBPyConnection) -> None:
    assert straight.broken(marts, AS_OF, **SETTINGS) == {}


# of each value: (gross, overdue, unapplied) on 30 June: A2 90 USD at 20 and D1 300 - 100 overdue, A3 250 to come; N1 150 and P5 80 of nobody
BALANCES = {
    "total": {"total": (2250, 2000, 230)},
    "company": {ONE: (250, 0, 150), TWO: (1800, 1800, 80), NONE: (200, 200, 0)},
    "branch": {"Norte": (2050, 1800, 150), "Sur": (0, 0, 80), NONE: (200, 200, 0)},
    "segment": {"Industria": (2050, 1800, 150), "Comercio": (0, 0, 80), NONE: (200, 200, 0)},
    "salesperson": {"S1": (250, 0, 0), NONE: (2000, 2000, 230)},
    "account_owner": {"Ana": (2050, 1800, 150), "Luis": (0, 0, 80), NONE: (200, 200, 0)},
    "currency": {"MXN": (450, 200, 230), "USD": (1800, 1800, 0)},
    "tag": {"VIP": (2050, 1800, 230), "obra": (2050, 1800, 150)},
}
# (cancelled, credit notes, collected) in June: B2 700; N1 150 and N2 10 USD at 20; P3 500, P5 80 and P4's 300 back
FLOWS = {
    "total": {"total": (700, 350, 280)},
    "company": {ONE: (700, 150, 0), TWO: (0, 200, 580), NONE: (0, 0, -300)},
    "branch": {"Norte": (0, 350, 0), "Sur": (700, 0, 80), "Centro": (0, 0, 500), NONE: (0, 0, -300)},
    "segment": {"Industria": (0, 350, 0), "Comercio": (700, 0, 580), NONE: (0, 0, -300)},
    "salesperson": {"S1": (700, 0, 0), "S2": (0, 0, 500), NONE: (0, 350, -220)},
    "account_owner": {"Ana": (0, 350, 0), "Luis": (700, 0, 580), NONE: (0, 0, -300)},
    "currency": {"MXN": (700, 150, 280), "USD": (0, 200, 0)},
    "tag": {"VIP": (700, 350, 580), "obra": (0, 350, 0)},
}
# (issued, on time, of these with the sales past their deadline, such sales) in May: B1 on time, D1 late; V1, V3 and V4
ISSUED = {
    "total": {"total": (2, 1, 5, 3)},
    "company": {TWO: (1, 1, 1, 0), NONE: (1, 0, 4, 3)},
    "branch": {"Centro": (1, 1, 1, 0), "Norte": (0, 0, 1, 1), NONE: (1, 0, 3, 2)},
    "segment": {"Comercio": (1, 1, 1, 0), "Industria": (0, 0, 1, 1), NONE: (1, 0, 3, 2)},
    "salesperson": {"S2": (1, 1, 1, 0), NONE: (1, 0, 4, 3)},
    "account_owner": {"Luis": (1, 1, 1, 0), "Ana": (0, 0, 1, 1), NONE: (1, 0, 3, 2)},
    "currency": {"MXN": (2, 1, 4, 2), "USD": (0, 0, 1, 1)},
    "tag": {"VIP": (1, 1, 2, 1), "obra": (0, 0, 1, 1)},
}
SHOWN = {
    "morosidad": ("gross_mxn, overdue_mxn, unapplied_mxn", f"as_of = '{AS_OF}'", BALANCES),
    "billed_vs_collected": ("cancelled_mxn, credit_notes_mxn, collected_mxn", "month = '2026-06-01'", FLOWS),
    "issuance": (
        "issued, on_time_num, strict_on_time_den, not_invoiced_sales",
        "issue_month = '2026-05-01'",
        ISSUED,
    ),
}


@pytest.mark.parametrize("dimension", BALANCES)
@pytest.mark.parametrize("mart", SHOWN)
def test_by_hand(mart: str, dimension: str, marts: duckdb.DuckDBPyConnection) -> None:
    columns, moment, expected = SHOWN[mart]
    rows = marts.execute(
        f"select value, {columns} from {mart} where {moment} and dimension = ?", [dimension]
    ).fetchall()
    assert {value: tuple(found) for value, *found in rows if any(found)} == expected[dimension]


def test_what_was_owed_on_the_eve_stays_in_its_value(marts: duckdb.DuckDBPyConnection) -> None:
    """On 20 May: A2 100 USD at 20, B1 500 in Centro, B2 700 in Sur and D1 300. In June the two branches owe nothing."""
    rows = marts.execute(
        "select value, start_den, now_den from morosidad_reduction where dimension = 'branch' and as_of = ?",
        [AS_OF],
    ).fetchall()
    assert sorted(rows) == [("Centro", 500, 0), ("Norte", 2000, 2050), ("Sur", 700, 0), (NONE, 300, 200)]


def test_a_sale_that_nobody_invoiced_is_in_the_kpis_of_its_values(marts: duckdb.DuckDBPyConnection) -> None:
    """The two sales of May without a customer's branch stand under none there too, beside D1, which was late."""
    query = (
        "select numerator, denominator from kpis where kpi = 'issued_strict_on_time_pct' and period = '2026-05-31'"
        " and dimension = 'branch' and dimension_value = ?"
    )
    assert marts.execute(query, [NONE]).fetchall() == [(0, 3)]


def test_a_sale_of_a_value_that_no_document_has_is_in_the_kpis() -> None:
    """F is of the only salesperson and branch; the sale, of a customer in another branch, has no salesperson."""
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno", branch="Norte")
    raw.register("customers", customer_id="C2", name="Dos", branch="Sur")
    invoice(raw, "F", "100", "2026-05-01", due_date="2026-06-01", issue_deadline="2026-05-01", company_rfc=ONE,
            salesperson="S1")  # fmt: skip
    raw.register("pending_sales", sale_id="V", customer_id="C2", sale_confirmed_date="2026-05-01",
                 issue_deadline="2026-05-20", amount=Decimal(10), currency="MXN")  # fmt: skip
    query = (
        "select dimension, dimension_value, numerator, denominator from kpis where kpi = 'issued_strict_on_time_pct'"
        " and period = '2026-05-31' and dimension in ('branch', 'salesperson')"
    )
    with straight.run(raw, AS_OF, **SETTINGS) as marts:
        assert straight.broken(marts, AS_OF, **SETTINGS) == {}
        assert set(marts.execute(query).fetchall()) == {
            ("branch", "Norte", 1, 1), ("branch", "Sur", 0, 1), ("salesperson", "S1", 1, 1), ("salesperson", NONE, 0, 1),
        }  # fmt: skip


def random_company(seed: int) -> Raw:
    """Documents, sales, disputes and incidents of any value, or of none, in each dimension."""
    rng, raw = Random(seed), Raw()

    def some(*words: str) -> str | None:
        return rng.choice((*words, None))

    def day(earliest: int = 0, latest: int = 170) -> date:
        return date(2026, 1, 5) + timedelta(days=rng.randint(earliest, latest))

    for number in range(4):
        raw.register("customers", customer_id=f"C{number}", name=f"Cliente {number}", branch=some("Norte", "Sur"),
                     segment=some("Industria", "Comercio"), account_owner=some("Ana", "Luis"),
                     tags=some("VIP", "VIP;obra"))  # fmt: skip
    raw.register("fx_rates", date="2026-01-01", currency="USD", mxn_per_unit=Decimal("18.3571"))
    raw.register("fx_rates", date="2026-05-01", currency="USD", mxn_per_unit=Decimal("19.0233"))
    for number in range(30):
        issued = day()
        document = {
            "customer_id": f"C{rng.randrange(5)}",  # the last is in no master
            "currency": rng.choice(("MXN", "USD")),
            "company_rfc": some(ONE, TWO),
        }
        total = Decimal(rng.randint(100, 900_000)) / 100
        invoice(raw, f"F{number}", str(total), issued.isoformat(), due_date=issued + timedelta(days=rng.randrange(60)),
                branch=some("Norte", "Centro"), salesperson=some("S1", "S2"), issue_deadline=issued + timedelta(days=rng.randint(-2, 2)),
                sent_date=rng.choice((issued, None)), sale_confirmed_date=issued - timedelta(days=rng.randrange(5)),
                cancel_date=rng.choice((None, None, None, issued + timedelta(days=9))), **document)  # fmt: skip
        part = (total * rng.randint(10, 120) / 100).quantize(Decimal("0.01"))
        of: dict[str, Any] = rng.choice(({"invoice_id": f"F{number}"}, {}))
        payment(raw, f"P{number}", str(part), day(30).isoformat(), reversed_date=rng.choice((None, None, "2026-06-25")),
                **document | of)  # fmt: skip
        if number % 3 == 0:
            raw.register("credit_notes", cn_id=f"N{number}", issue_date=day(30), total=part / 4, tipo_relacion="01",
                         related_invoice_id=some(f"F{number}"), **document)  # fmt: skip
            raw.register("disputes", dispute_id=f"Q{number}", invoice_id=f"F{number}", opened_date=day(),
                         closed_date=rng.choice((None, date(2026, 6, 29))), reason=some("precio"), owner=some("Ana"),
                         outcome=some("accepted"), disputed_amount=part, currency=document["currency"])  # fmt: skip
        if number % 5 == 0:
            raw.register("write_offs", write_off_id=f"W{number}", invoice_id=f"F{number}", date=day(60),
                         amount=total / 10, currency=document["currency"])  # fmt: skip
            raw.register("incidents", incident_id=f"I{number}", customer_id="C1", type="portal", opened_date=day(),
                         resolved_date=rng.choice((None, date(2026, 6, 29))), area=some("Almacén"), owner=some("Ana"))  # fmt: skip
        raw.register("pending_sales", sale_id=f"V{number}", customer_id=f"C{rng.randrange(6)}", amount=Decimal(10),
                     sale_confirmed_date=day(), issue_deadline=day(), currency=rng.choice(("MXN", "USD", "EUR")),
                     invoice_id=some(f"F{number}"))  # fmt: skip
    return raw


@pytest.mark.parametrize("seed", range(3))
def test_of_any_company(seed: int) -> None:
    with straight.run(random_company(seed), AS_OF, **SETTINGS) as marts:
        assert straight.broken(marts, AS_OF, **SETTINGS) == {}
