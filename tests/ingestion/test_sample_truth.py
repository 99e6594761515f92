"""The truth's own identities, and that it agrees with itself from two sides."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from ingestion.sample.company import generate
from ingestion.sample.model import MXN, Company
from ingestion.sample.truth import BUCKETS, disputed_open, expected, movement_kinds, promise_status
from ingestion.sample.truth_ledger import BASES, Ledger, due_date, final_substitute, is_credit_sale
from ingestion.sample.write import write

DAYS = [date(2025, 3, 31), date(2025, 12, 28), date(2026, 5, 31), date(2026, 6, 30)]


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(600, seed=11)


@pytest.fixture(scope="module")
def ledger(company) -> Ledger:
    return Ledger(company)


@pytest.fixture(scope="module")
def truth(company) -> dict:
    return expected(company)


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("day", DAYS)
def test_lines_of_an_invoice_add_up_to_its_open(ledger, day, basis):
    lines: dict[str, Decimal] = {}
    for line in ledger.open_lines(day, basis):
        assert line.open > 0
        lines[line.invoice.name] = lines.get(line.invoice.name, Decimal(0)) + line.open
    for invoice in ledger.company.invoices:
        left = ledger.open(invoice, day, basis)
        assert 0 <= left <= invoice.total
        assert lines.get(invoice.name, 0) == left


def test_buckets_add_up_to_gross_and_customers_to_totals(truth):
    for by_basis in truth["balances"].values():
        assert set(by_basis) == set(BASES)
        for figures in by_basis.values():
            rows = [*figures["customers"].values(), figures["totals"]]
            for row in rows:
                assert sum(Decimal(row[b]) for b in BUCKETS) == Decimal(row["gross_mxn"])
                assert Decimal(row["gross_mxn"]) - Decimal(row["current_mxn"]) == Decimal(row["overdue_mxn"])
            for name in (*BUCKETS, "gross_mxn", "unapplied_mxn", "disputed_mxn", "gross_mxn_issue"):
                total = sum(Decimal(row[name]) for row in figures["customers"].values())
                assert total == Decimal(figures["totals"][name]), name


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("day", DAYS)
def test_applied_and_unapplied_are_the_payment(ledger, day, basis):
    for payment in ledger.company.payments:
        free = ledger.unapplied_payment(payment, day, basis)
        assert 0 <= free <= payment.amount
        live = payment.date <= day and not (payment.reversed_date and payment.reversed_date <= day)
        assert live or free == 0
    for note in ledger.company.credit_notes:
        assert 0 <= ledger.unapplied_note(note, day, basis) <= note.total


def test_every_peso_of_cash_is_on_an_invoice_or_free(ledger):
    """Σ live payments in pesos = Σ what they settle of receivables and global invoices + unapplied + excess."""
    day = ledger.company.end
    received = settled = free = Decimal(0)
    for payment in ledger.company.payments:
        if payment.currency == MXN and not payment.reversed_date:
            received += payment.amount
            free += ledger.unapplied_payment(payment, day, "effective")
            for item in payment.applications:
                target = final_substitute(item.invoice, day)
                if not (target.cancel_date and target.cancel_date <= day):
                    settled += item.amount_payment
    assert received == settled + free


def test_the_basis_as_recorded_never_knows_more(ledger):
    later = 0
    for day in DAYS:
        for invoice in ledger.company.invoices:
            known, true = ledger.open(invoice, day, "as_recorded"), ledger.open(invoice, day)
            assert known >= true
            later += known != true
    assert later > 0


def test_the_generator_and_the_truth_agree(ledger):
    """Two book-keepings that share no code: the queue's moves and the documents' events."""
    for day in DAYS:
        for invoice in ledger.company.invoices:
            if not invoice.is_global and invoice.issue_date <= day and not ledger.is_void(invoice, day):
                assert ledger.open(invoice, day) == max(invoice.open_on(day), 0), (invoice.name, day)


def test_weeks_close_and_stand_on_balances(truth):
    for sunday, week in truth["weeks"].items():
        flows = [Decimal(week[f"{n}_mxn"]) for n in
                 ("collected_applied", "credit_notes", "advance_applied", "cancelled", "write_off")]  # fmt: skip
        end = (
            Decimal(week["start_mxn"])
            + Decimal(week["billed_mxn"])
            - sum(flows)
            + Decimal(week["fx_and_rounding_mxn"])
        )
        assert end == Decimal(week["end_mxn"])
        assert truth["balances"][sunday]["effective"]["totals"]["gross_mxn"] == week["end_mxn"]
        assert abs(Decimal(week["fx_and_rounding_mxn"])) < Decimal(week["end_mxn"]) / 20


def test_one_kind_of_movement_a_day(ledger):
    end = ledger.company.end
    for back in range(720):
        day = end - timedelta(days=back)
        for invoice in ledger.company.invoices:
            assert len(movement_kinds(ledger, invoice, day)) <= 1, (invoice.name, day)


def test_months_chain(truth):
    months = list(truth["months"].values())
    assert len(months) == 12
    for before, after in pairwise(months):
        assert after["beginning_gross_mxn"] == before["gross_mxn"]
        assert Decimal(after["current_mxn"]) <= Decimal(after["gross_mxn"])


def test_due_rules(company):
    by_rule = {c.customer_id: c for c in company.customers}
    counter = [i for i in company.invoices if i.contrarrecibo_date and i.due_date is None]
    assert counter
    assert all(due_date(i).weekday() == 4 and due_date(i) == i.scheduled_date for i in counter)
    spoken = [i for i in company.invoices if i.customer.terms_days is None and i.plan == "normal"]
    assert {(due_date(i) - i.issue_date).days for i in spoken} <= {15, 30}
    assert by_rule["C0003"].terms_days is None
    assert not any(is_credit_sale(i) for i in company.invoices if i.is_global or i.plan == "pue_now")


def test_promises_of_every_status(ledger):
    found = {promise_status(ledger, p, ledger.company.end) for p in ledger.company.promises}
    assert found == {"kept", "partial", "broken", "pending"}
    assert any(p.invoice is None for p in ledger.company.promises)


def test_disputed_is_never_more_than_open(ledger):
    gross: dict[str, Decimal] = {}
    for line in ledger.open_lines(ledger.company.end):
        cid = line.invoice.customer.customer_id
        gross[cid] = gross.get(cid, Decimal(0)) + line.open_closing
    disputed = disputed_open(ledger, ledger.company.end)
    assert disputed
    assert all(amount <= gross[cid] for cid, amount in disputed.items() if amount)


def test_planted_exceptions(truth):
    rules = {rule: found["count"] for rule, found in truth["exceptions"].items()}
    for rule in (
        "DUPLICATE_CFDI_UUID", "DUPLICATE_REP_UUID", "UUID_CONTENT_CONFLICT", "FOLIO_GAP", "MISSING_DUE_DATE",
        "REP_MISSING_AFTER_DEADLINE", "REP_BALANCE_MISMATCH", "PAYMENT_BEFORE_INVOICE", "UNAPPLIED_PAYMENT",
        "UNAPPLIED_CREDIT_NOTE", "LATE_APPLICATION", "PAYMENT_REVERSED", "RESIDUAL_BELOW_1_MXN", "PROMISE_BROKEN",
        "PROMISE_PARTIAL", "OPEN_INCIDENT_WITHOUT_OWNER", "ISSUED_NOT_SENT", "CONFIRMED_SALE_NOT_INVOICED",
        "CANCELLED_AND_REPLACED", "REPLACED_NOT_CANCELLED", "REP_OF_REVERSED_PAYMENT", "REP_TO_CANCELLED_INVOICE",
        "PUE_WITH_FORM_99", "PPD_WITHOUT_FORM_99", "BANK_LINE_UNIDENTIFIED", "PAYMENT_NOT_IN_BANK",
        "BANK_AMOUNT_MISMATCH", "RFC_MALFORMED", "REGISTER_WITHOUT_CFDI", "CFDI_WITHOUT_REGISTER",
        "REGISTER_CFDI_MISMATCH", "CREDIT_LIMIT_EXCEEDED", "PUE_UNPAID_AFTER_MONTH_END",
    ):  # fmt: skip
        assert rules.get(rule, 0) >= 1, rule


def test_only_planted_balances_mismatch(truth):
    assert truth["exceptions"]["REP_BALANCE_MISMATCH"]["count"] == 3


def test_expected_json_is_written(company, truth, tmp_path):
    summary = write(company, tmp_path / "inbox", tmp_path / "truth")
    kept = json.loads((tmp_path / "truth" / "expected.json").read_text(encoding="utf-8"))
    assert kept["documents"]["cfdis"] == summary.cfdis
    assert kept["balances"] == json.loads(json.dumps(truth["balances"]))


def test_a_demo_looks_real():
    totals = expected(generate(2000))["balances"]["2026-06-30"]["effective"]["totals"]
    gross, overdue = Decimal(totals["gross_mxn"]), Decimal(totals["overdue_mxn"])
    assert Decimal(20_000_000) < gross < Decimal(30_000_000)
    assert Decimal("0.28") < overdue / gross < Decimal("0.45")
    assert Decimal(totals["d120_plus_mxn"]) > 0
