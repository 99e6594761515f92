# ruff: noqa: E501 -- a case and its query stand on one line
"""Bank reconciliation and the process marts: small worked examples, and the bank's turns one by one in plain Python."""

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
MARTS = ["bank_reconciliation", "incidents", "dispute_rates", "reminder_response", "debt_conversion",
         "punctual_retention", "issuance"]  # fmt: skip


def line(raw: Raw, name: str, amount: str, day: str, **more: Any) -> None:
    raw.register(
        "bank_lines",
        bank_line_id=name,
        account_currency="MXN",
        value_date=day,
        amount=Decimal(amount),
        **more,
    )


def remind(raw: Raw, name: str, of: str, sent: str, reached: bool = True, **more: Any) -> None:
    values = {"customer_id": "C1", "stage": "post_due", "channel": "email"} | more
    raw.register("reminders", reminder_id=name, invoice_id=of, sent_date=sent, **values)
    raw.rows["register__reminders"][-1]["delivered"] = (
        reached  # `delivered` of register() is the delivery's date
    )


def disputed(raw: Raw, name: str, of: str, amount: str) -> None:
    raw.register("disputes", dispute_id=name, invoice_id=of, opened_date="2026-06-01", disputed_amount=Decimal(amount),
                 currency="MXN")  # fmt: skip


def company() -> Raw:
    raw = Raw()
    for customer in ("C1", "C2", "C3"):
        raw.register("customers", customer_id=customer, name=customer, branch="Norte")
    _bank(raw)
    _reminders(raw)
    _issuance(raw)
    _retention(raw)
    raw.register(
        "incidents",
        incident_id="N1",
        customer_id="C1",
        type="portal",
        opened_date="2026-06-10",
        resolved_date="2026-06-10",
    )
    raw.register(
        "incidents",
        incident_id="N2",
        customer_id="C1",
        type="portal",
        opened_date="2026-06-10",
        resolved_date="2026-07-02",
    )
    return raw


def _bank(raw: Raw) -> None:
    payment(raw, "K1", "1000", "2026-05-04", customer_id="C3")  # the earliest of two equal lines
    payment(
        raw, "K2", "1000", "2026-05-04", customer_id="C3", reversed_date="2026-05-20"
    )  # the other; then back out
    payment(raw, "K3", "1000", "2026-05-08", customer_id="C3")  # its line came 4 days later: not in the bank
    payment(raw, "K4", "500", "2026-05-04", customer_id="C3")  # 12 less: an amount that differs
    payment(
        raw, "K5", "300", "2026-05-11", customer_id="C3", bank_reference="LOTE"
    )  # one line of 700 pays K5 and K6
    payment(raw, "K6", "400", "2026-05-11", customer_id="C3", bank_reference="LOTE")
    line(raw, "L1", "1000", "2026-05-05")
    line(raw, "L2", "1000", "2026-05-07")
    line(raw, "L3", "1000", "2026-05-12")
    line(raw, "L4", "488", "2026-05-06")
    line(raw, "L5", "700", "2026-05-12", reference="LOTE")
    line(raw, "L6", "-1000", "2026-05-21")


def _reminders(raw: Raw) -> None:
    # X: first post-due reminder on 1 June over 1,000; 400 in the window, 300 bounced, 100 after it
    invoice(raw, "X", "1100", "2026-03-01", due_date="2026-04-01")
    payment(raw, "X0", "100", "2026-04-15", customer_id=None, invoice_id="X")
    remind(raw, "R0", "X", "2026-05-20", reached=False)
    remind(raw, "R1", "X", "2026-05-25")  # the first that was delivered; its window ends on 24 June
    remind(raw, "R2", "X", "2026-06-05", response_date="2026-06-12", response_type="reply")
    payment(raw, "X1", "400", "2026-06-24", customer_id=None, invoice_id="X")
    payment(raw, "X2", "300", "2026-06-03", customer_id=None, invoice_id="X", reversed_date="2026-06-09")
    payment(raw, "X3", "100", "2026-06-25", customer_id=None, invoice_id="X")
    remind(
        raw, "R3", "X", "2026-06-10", response_date="2026-06-11", response_type="auto_reply"
    )  # nobody answered
    remind(raw, "R4", "X", "2026-06-17")  # X1, on the last day of the window
    remind(raw, "R5", "X", "2026-06-24", stage="due")  # its window ends on 1 July: still open
    disputed(raw, "Q1", "X", "800")
    disputed(raw, "Q2", "X", "800")  # together more than the invoice: 1,100


def _issuance(raw: Raw) -> None:
    common = {"customer": "C2", "issue_deadline": "2026-02-10", "due_date": "2026-08-30"}
    invoice(
        raw, "S1", "100", "2026-02-10", sale_confirmed_date="2026-02-08", sent_date="2026-02-12", **common
    )
    invoice(raw, "S2", "100", "2026-02-11", sale_confirmed_date="2026-02-08", **common)  # late, and not sent
    invoice(
        raw, "S3", "100", "2026-02-05", cancel_date="2026-02-06", sale_confirmed_date="2026-02-01", **common
    )
    # S4 was cancelled and replaced by S5, which inherits the confirmation of 1 February: 8 days to issue
    invoice(
        raw,
        "S4",
        "100",
        "2026-02-05",
        cancel_date="2026-02-09",
        cancel_motivo="01",
        sale_confirmed_date="2026-02-01",
        **common,
    )
    invoice(raw, "S5", "100", "2026-02-09", sale_confirmed_date="2026-02-07", sent_date="2026-02-09",
            replaces_invoice_id="S4", **common)  # fmt: skip
    sale = {
        "customer_id": "C2",
        "sale_confirmed_date": "2026-02-01",
        "amount": Decimal(10),
        "currency": "MXN",
    }
    raw.register("pending_sales", sale_id="V1", issue_deadline="2026-02-20", **sale)  # past its deadline
    raw.register(
        "pending_sales", sale_id="V2", issue_deadline="2026-02-20", invoice_id="S1", **sale
    )  # invoiced
    raw.register("pending_sales", sale_id="V3", issue_deadline="2026-06-30", **sale)  # due today is not past


def _retention(raw: Raw) -> None:
    """Each of five customers is on time in the last quarter of 2025; in the first of 2026 A and B are, C is late, D
    has nothing due, and E's only invoice was cancelled."""
    for customer in "ABCDE":
        raw.register("customers", customer_id=f"T{customer}", name=customer)
        _due(raw, f"{customer}1", f"T{customer}", "2025-11-30", paid="2025-11-30")
    for customer, paid in {"A": "2026-02-27", "B": "2026-02-28", "C": "2026-03-01"}.items():
        _due(raw, f"{customer}2", f"T{customer}", "2026-02-28", paid=paid)
    invoice(raw, "E2", "10", "2026-01-15", "TE", due_date="2026-02-28", cancel_date="2026-02-01")


def _due(raw: Raw, name: str, customer: str, due: str, paid: str) -> None:
    issue = (date.fromisoformat(due) - timedelta(days=30)).isoformat()
    invoice(raw, name, "10", issue, customer, due_date=due)
    payment(raw, f"P{name}", "10", paid, customer_id=None, invoice_id=name)


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.build(company(), AS_OF, MARTS) as connection:
        yield connection


CASES = [
    ("bank", "select payment_id, kind, bank_line_id, status, lag_days, difference_ccy from bank_reconciliation "
     "where coalesce(payment_id, 'K') like 'K%' order by coalesce(payment_id, 'Z'), kind", [
         ("K1", "payment", "L1", "matched", 1, Decimal(0)),
         ("K2", "payment", "L2", "matched", 3, Decimal(0)),
         ("K2", "reversal", "L6", "matched", 1, Decimal(0)),
         ("K3", "payment", None, "not_in_bank", None, None),
         ("K4", "payment", "L4", "amount_mismatch", 2, Decimal(-12)),
         ("K5", "payment", "L5", "matched", 1, Decimal(0)),
         ("K6", "payment", "L5", "matched", 1, Decimal(0)),
         (None, None, "L3", "bank_line_unidentified", None, Decimal(1000)),
     ]),
    # 1,000 open on the eve of 25 May; 400 of live cash up to 24 June
    ("conversion", "select first_intervention, window_complete, debt_mxn_issue, collected_mxn, pct, is_converted from debt_conversion", [
        (date(2026, 5, 25), True, Decimal(1000), Decimal(400), Decimal(40), False)]),
    # June: R2 answered on the seventh day, R3 not (auto-reply, and X2 bounced), R4 by X1; R5's window is open
    ("response", "select stage, sent, delivered, replied, paid, response_num, response_den, response_pct, customer_response_num "
     "from reminder_response where month = '2026-06-01' order by stage", [
         ("due", 1, 1, 0, 0, 0, 0, None, 0),
         ("post_due", 3, 3, 1, 1, 2, 3, Decimal("66.6667"), 1),
         ("total", 4, 4, 1, 1, 2, 3, Decimal("66.6667"), 1)]),
    ("response_may", "select sent, delivered, response_num, response_den from reminder_response where month = '2026-05-01' and stage = 'total'", [
        (2, 1, 0, 1)]),
    # March: only X. February: five issued, three of them live
    ("disputes", "select issued, disputed_num, disputed_pct, live_disputed_den, disputed_amount_num, disputed_amount_den "
     "from dispute_rates where issue_month in ('2026-02-01', '2026-03-01') order by issue_month", [
         (5, 0, Decimal(0), 3, Decimal(0), Decimal(500)),
         (1, 1, Decimal(100), 1, Decimal(1100), Decimal(1100))]),
    ("no_sales", "select issued, disputed_pct from dispute_rates where issue_month = '2026-06-01'", [(0, None)]),
    # live S1, S2, S5: on time 2 of 3, strictly 2 of 4 (V1); sent on time only S5; confirmed to sent 4 and 8 days;
    # confirmed to issued 2, 3 and 8 days
    ("issuance", "select issued, on_time_num, on_time_den, strict_on_time_num, strict_on_time_den, strict_on_time_pct, sent_on_time_num, "
     "mean_days_to_send, median_days_to_send, mean_days_to_issue, median_days_to_issue, not_sent, not_invoiced_sales "
     "from issuance where issue_month = '2026-02-01' and dimension in ('total', 'branch')", [
         (3, 2, 3, 2, 4, Decimal(50), 1, Decimal(6), Decimal(6), Decimal("4.3333"), Decimal(3), 1, 1)] * 2),
    # on time before and something due now: A, B, C; still on time: A and B
    ("retention", "select retention_num, retention_den, retention_pct from punctual_retention where quarter = '2026-01-01'", [
        (2, 3, Decimal("66.6667"))]),
    ("incidents", "select incident_id, is_open, age_days, resolution_days, owner from incidents order by 1", [
        ("N1", False, None, 0, "sin asignar"), ("N2", True, 20, None, "sin asignar")]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_worked_example(marts: duckdb.DuckDBPyConnection, query: str, expected: list[Any]) -> None:
    assert marts.execute(query).fetchall() == expected


def turns(
    receipts: list[tuple[date, str, Decimal]], lines: list[tuple[date, str, Decimal]]
) -> dict[str, str]:
    """Each receipt in its turn takes the earliest unused line of its amount within 3 days."""
    free, found = sorted(lines), {}
    for day, name, amount in sorted(receipts):
        fits = [x for x in free if x[2] == amount and 0 <= (x[0] - day).days <= 3]
        if fits:
            found[name] = fits[0][1]
            free.remove(fits[0])
    return found


def test_equal_amounts_on_equal_days() -> None:
    """Hundreds of equal amounts, on crowded days, some missing on either side: as if taken one by one."""
    rng, raw = Random(7), Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    invoice(raw, "F", "10", "2026-01-02")
    receipts, lines = [], []
    for number in range(600):
        day = date(2026, 3, 1) + timedelta(days=int(rng.random() ** 2 * 50))
        amount = Decimal(rng.choice([1000, 1000, 1000, 2000, 3000]))
        if rng.random() < 0.9:
            receipts.append((day, f"P{number:04}", amount))
            payment(raw, f"P{number:04}", str(amount), day.isoformat())
        if rng.random() < 0.9:
            seen = day + timedelta(days=rng.randrange(5))
            lines.append((seen, f"L{number:04}", amount))
            line(raw, f"L{number:04}", str(amount), seen.isoformat())
    marts = straight.build(raw, AS_OF, ["bank_reconciliation"])
    rows = marts.execute(
        "select payment_id, bank_line_id from bank_reconciliation where status = 'matched'"
    ).fetchall()
    expected = turns(receipts, lines)
    assert 300 < len(expected) < len(receipts)
    assert dict(rows) == expected
    marts.close()


def test_grace_moves_maturity_too() -> None:
    """Three days of grace on 3 March: what fell due on 28 February may still be paid on time, so nobody judges it yet.
    A and B were on time in 2025; in February A paid on the last day of the grace, and B a day later."""
    raw = Raw()
    for customer in ("TA", "TB"):
        raw.register("customers", customer_id=customer, name=customer)
        _due(raw, f"{customer}1", customer, "2025-11-30", paid="2025-12-03")
        _due(
            raw,
            f"{customer}2",
            customer,
            "2026-02-26",
            paid="2026-03-01" if customer == "TA" else "2026-03-02",
        )
        invoice(raw, f"{customer}3", "10", "2026-01-29", customer, due_date="2026-02-28")
    marts = straight.build(
        raw, "2026-03-03", ["punctual_retention", "collected_on_time"], on_time_grace_days=3
    )
    assert marts.execute(
        "select customers, retention_num, retention_den from punctual_retention where quarter = '2026-01-01'"
    ).fetchall() == [(2, 1, 2)]
    assert marts.execute(
        "select matured_invoices, paid_by_due from collected_on_time "
        "where due_month in ('2025-11-01', '2026-02-01') and dimension = 'total' order by due_month"
    ).fetchall() == [(2, 2), (2, 1)]
