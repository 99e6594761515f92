"""The ledger and the aging of three drawn companies against an independent ledger (tests/dbt/ledger.py), to the cent.

The companies hold what the reference of the review marts leaves out: instalments, substitutions, money on account,
payments in another currency, documents applied in parts or later, advances.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given

from tests.dbt import straight
from tests.dbt.companies import FIRST, REGISTERED, Company, companies, drawn, few, raw_of
from tests.dbt.ledger import BASES, ZERO, Ledger, cents
from tests.dbt.raw_home import Raw
from tests.dbt.test_register_rules import apply, invoice, payment

AS_OF = date(2026, 5, 31)
DAYS = [FIRST + timedelta(days=n) for n in range(0, (AS_OF - FIRST).days, 3)] + [AS_OF]
ONLY = ["marts/core", "aging_by_customer"]
BUCKETS = (("current_mxn", 0), ("d1_30_mxn", 30), ("d31_60_mxn", 60), ("d61_90_mxn", 90), ("d91_120_mxn", 120),
           ("d120_plus_mxn", 10**6))  # fmt: skip


@pytest.fixture(scope="module", params=[3, 1810, 20260531])
def raw(request: pytest.FixtureRequest) -> Raw:
    return raw_of(drawn(request.param))


@pytest.fixture(scope="module")
def ledger(raw: Raw) -> Ledger:
    return Ledger(raw)


@pytest.fixture(scope="module")
def marts(raw: Raw) -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.run(raw, AS_OF, ONLY) as connection:
        assert straight.broken(connection, AS_OF) == {}
        yield connection


def test_each_kind_occurs(ledger: Ledger) -> None:
    found = list(ledger.invoices.values())
    settlements = [s for i in found for s in i.settlements if s.effective <= AS_OF]
    currencies = {doc: currency for doc, (_, currency, *_) in ledger.documents.items()}
    assert any(0 < len(i.open_lines(AS_OF, "effective")) < len(i.lines) for i in found)  # an instalment paid
    assert {"payment", "credit_note", "advance_applied", "write_off", "rehomed"} <= {
        s.kind for s in settlements
    }
    assert {i.end_kind for i in found} == {"", "cancelled", "substituted"}
    crossed = {(i.currency, currencies[s.document]) for i in found for s in i.settlements
               if s.document in currencies and s.document_amount != s.amount}  # fmt: skip
    assert crossed == {("MXN", "USD"), ("USD", "MXN")}
    assert any(s.recorded > s.effective for s in settlements)
    assert any(s.undo and s.undo <= AS_OF for s in settlements)
    kinds = [i.movements(AS_OF) for i in found]
    assert any("excess" in moved for moved in kinds)
    assert any("payment_reversed" in moved for moved in kinds)
    assert any("credit_note_cancelled" in moved for moved in kinds)
    assert {doc_type for doc_type, _ in ledger.unapplied(AS_OF, "effective")} == {"payment", "credit_note"}
    homes = defaultdict(set)
    for i in found:
        for s in i.settlements:
            if s.kind != "rehomed":
                homes[s.document].add(i.name)
    assert {doc[0] for doc, names in homes.items() if len(names) > 1} == {"payment", "credit_note"}
    assert {status for status, *_ in (i.status(AS_OF) for i in found)} == {
        "open", "paid", "credited", "written_off", "cancelled"}  # fmt: skip


@pytest.mark.parametrize("basis", BASES)
def test_open_balance_of_each_instalment(
    ledger: Ledger, marts: duckdb.DuckDBPyConnection, basis: str
) -> None:
    rows = marts.execute(
        "select i.invoice_id, b.instalment, b.due_date, b.open_ccy, b.valid_from, b.valid_to"
        " from balance_intervals as b inner join fct_invoices as i using (invoice_key) where b.basis = ?",
        [basis],
    ).fetchall()
    for at in DAYS:
        got = {(r[0], r[1], r[2]): r[3] for r in rows if r[4] <= at < r[5]}
        expected = {
            (i.name, n, due): amount for i in ledger.invoices.values() for n, due, amount in i.open_lines(at, basis)
        }  # fmt: skip
        assert differences(got, expected) == {}, at


@pytest.mark.parametrize("basis", BASES)
def test_unapplied_of_each_document(ledger: Ledger, marts: duckdb.DuckDBPyConnection, basis: str) -> None:
    rows = marts.execute(
        "select u.doc_type, coalesce(p.payment_id, n.cn_id), u.unapplied_ccy, u.valid_from, u.valid_to"
        " from unapplied_intervals as u"
        " left join fct_payments as p on u.doc_type = 'payment' and u.doc_key = p.payment_key"
        " left join fct_credit_notes as n on u.doc_type = 'credit_note' and u.doc_key = n.cn_key where u.basis = ?",
        [basis],
    ).fetchall()
    for at in DAYS:
        got = {(r[0], r[1]): r[2] for r in rows if r[3] <= at < r[4]}
        assert differences(got, ledger.unapplied(at, basis)) == {}, at


def test_movements_of_each_invoice(ledger: Ledger, marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute("select invoice_id, kind, effective_date, amount_ccy from fct_movements").fetchall()
    for at in DAYS:
        got: dict[Any, Decimal] = defaultdict(Decimal)
        for name, kind, day, amount in rows:
            if day <= at:
                got[name, kind] += amount
        expected = {
            (i.name, kind): amount for i in ledger.invoices.values() for kind, amount in i.movements(at).items()
        }  # fmt: skip
        assert differences({key: amount for key, amount in got.items() if amount}, expected) == {}, at
        for i in ledger.invoices.values():  # and they add up to what is open
            left = sum((amount for (name, _), amount in got.items() if name == i.name), ZERO)
            assert left == i.open(at, "effective"), (i.name, at)


def test_invoices_as_they_stand(ledger: Ledger, marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select invoice_id, open_ccy, status, paid_ccy, credited_ccy, written_off_ccy, settled_date from fct_invoices"
    ).fetchall()
    expected = {
        i.name: (i.open(AS_OF, "effective"), *i.status(AS_OF), i.settled(AS_OF))
        for i in ledger.invoices.values() if i.issue <= AS_OF
    }  # fmt: skip
    assert differences({r[0]: r[1:] for r in rows}, expected) == {}


@pytest.mark.parametrize("basis", BASES)
def test_aging(ledger: Ledger, marts: duckdb.DuckDBPyConnection, basis: str) -> None:
    names = [*(name for name, _ in BUCKETS), "gross_mxn", "unapplied_mxn", "net_mxn"]
    rows = marts.execute(
        f"select as_of, customer_id, {', '.join(names)} from aging_by_customer where basis = ?", [basis]
    ).fetchall()
    assert {at for at, *_ in rows} >= {date(2026, 1, 31), date(2026, 3, 1), AS_OF}
    for at in sorted({at for at, *_ in rows}):
        got = {(customer, name): v for day, customer, *values in rows if day == at
               for name, v in zip(names, values, strict=True) if v}  # fmt: skip
        expected: dict[Any, Decimal] = defaultdict(Decimal)
        for i in ledger.invoices.values():
            for _, due, amount in i.open_lines(at, basis):
                value = cents(amount * ledger.rate(i.currency, at))
                bucket = next(name for name, most in BUCKETS if (at - due).days <= most)
                for name in (bucket, "gross_mxn", "net_mxn"):
                    expected[i.customer, name] += value
        for document, amount in ledger.unapplied(at, basis).items():
            customer, currency, *_ = ledger.documents[document]
            value = cents(amount * ledger.rate(currency, at))
            expected[customer, "unapplied_mxn"] += value
            expected[customer, "net_mxn"] -= value
        assert differences(got, {key: v for key, v in expected.items() if v}) == {}, at


def differences(got: dict[Any, Any], expected: dict[Any, Any]) -> dict[Any, tuple[Any, Any]]:
    """What differs: (got, expected)."""
    keys = sorted(got.keys() | expected.keys(), key=str)
    return {key: (got.get(key), expected.get(key)) for key in keys if got.get(key) != expected.get(key)}


OPENING = drawn(0, 0).stories  # a payment: the register tells what is paid from the first day


@pytest.mark.slow
@few
@given(company=companies(fates=REGISTERED))
def test_any_company_of_registers(company: Company) -> None:
    raw = raw_of(Company(OPENING + company.stories))
    ledger = Ledger(raw)
    with straight.run(raw, AS_OF, ONLY) as marts:
        test_movements_of_each_invoice(ledger, marts)
        test_invoices_as_they_stand(ledger, marts)
        for basis in BASES:
            test_open_balance_of_each_instalment(ledger, marts, basis)
            test_unapplied_of_each_document(ledger, marts, basis)
            test_aging(ledger, marts, basis)


def undone_below_an_excess() -> Raw:
    """A: 80 of 100 paid, then 50 more, 30 of them above the total; then the 80 bounce. B: credited whole, then paid
    whole, all of it above the total; then the note is cancelled."""
    raw = Raw()
    for name in ("A", "B"):
        raw.register("customers", customer_id=name, name=name)
        invoice(raw, name, "100", "2026-01-10", name, due_date="2026-02-10")
    for name, of, amount, day, undo in (
        ("P1", "A", "80", "2026-01-20", "2026-03-01"), ("P2", "A", "50", "2026-02-01", None),
        ("P3", "B", "100", "2026-02-01", None),
    ):  # fmt: skip
        payment(raw, name, amount, day, customer_id=of, reversed_date=undo)
        apply(raw, name, of, amount, day)
    raw.register("credit_notes", cn_id="N", customer_id="B", currency="MXN", tipo_relacion="01",
                 issue_date=date(2026, 1, 20), total=Decimal(100), related_invoice_id="B",
                 cancel_date=date(2026, 3, 1))  # fmt: skip
    return raw


@pytest.mark.parametrize(
    ("name", "expected"), [("A", ("open", 50, 50, 0, 0)), ("B", ("paid", 0, 100, 0, 0))]
)  # fmt: skip
def test_a_document_takes_the_place_of_one_undone(name: str, expected: tuple[Any, ...]) -> None:
    """C2, C4: where the live documents do not exceed the total, nothing is above it: nothing is unapplied, and what is
    paid was paid by them, not by the document undone."""
    query = (
        "select status, open_ccy, paid_ccy, credited_ccy, coalesce((select sum(unapplied_ccy) from unapplied_intervals"
        " as u where u.customer_key = i.customer_key and basis = 'effective' and valid_to > ?), 0)"
        " from fct_invoices as i where invoice_id = ?"
    )
    with straight.run(undone_below_an_excess(), AS_OF, ONLY) as marts:
        assert marts.execute(query, [AS_OF, name]).fetchall() == [expected]
        excess = "select distinct excess_ccy from fct_payment_applications where payment_id in ('P2', 'P3')"
        assert marts.execute(excess).fetchall() == [(0,)]
