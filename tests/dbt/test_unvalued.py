# ruff: noqa: E501 -- a case and its query stand on one line
"""What has no rate in pesos is counted beside every total that leaves it out, and never shown as 0.

Three customers, each a segment of its own, and no rate for euros: E owes euros alone, M euros and pesos, P pesos alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_register_rules import apply, invoice, payment

AS_OF = "2026-06-30"


def company() -> Raw:
    raw = Raw()
    for customer in "EMP":
        raw.register("customers", customer_id=customer, name=f"Cliente {customer}", segment=customer,
                     credit_limit=Decimal(10000), credit_limit_currency="MXN")  # fmt: skip
    invoice(raw, "E1", "500", "2026-01-10", "E", currency="EUR", due_date="2026-02-09")
    payment(raw, "PE", "100", "2026-03-20", customer_id="E", currency="EUR")
    apply(raw, "PE", "E1", "100", "2026-03-20")
    invoice(raw, "M1", "300", "2026-02-05", "M", currency="EUR", due_date="2026-03-07")
    invoice(raw, "M2", "1000", "2026-02-06", "M", due_date="2026-03-08")
    invoice(raw, "P1", "2000", "2026-02-10", "P", due_date="2026-03-12")
    payment(raw, "PP", "500", "2026-03-10", customer_id="P")
    apply(raw, "PP", "P1", "500", "2026-03-10")
    for name in ("E1", "M1", "M2", "P1"):
        raw.register("reminders", reminder_id=f"R{name}", invoice_id=name, stage="post_due", channel="correo",
                     sent_date="2026-03-15")  # fmt: skip
    for name, amount, currency in (("E1", "200", "EUR"), ("M1", "50", "EUR"), ("P1", "300", "MXN")):
        raw.register("disputes", dispute_id=f"D{name}", invoice_id=name, opened_date="2026-05-04", reason="precio",
                     disputed_amount=Decimal(amount), currency=currency, owner=name[0])  # fmt: skip
    raw.register("plan_billing", month="2026-01-01", customer_id="E", amount=Decimal(700), currency="EUR")
    raw.register("plan_billing", month="2026-02-01", customer_id="P", amount=Decimal(4000), currency="MXN")
    raw.register("plan_collections", month="2026-03-01", customer_id="E", amount=Decimal(50), currency="EUR")
    raw.register(
        "plan_collections", month="2026-03-01", customer_id="P", amount=Decimal(1000), currency="MXN"
    )
    return raw


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with straight.run(company(), AS_OF) as connection:
        yield connection


def test_the_identities_hold_all_the_same(marts: duckdb.DuckDBPyConnection) -> None:
    assert straight.broken(marts, AS_OF) == {}


# what is asked of a mart, and its rows by hand; amounts in pesos, `unvalued_items` last
CASES: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    # the days of a debt need no rate: 141 from 9 February, 115 from 7 March, 110 from 12 March
    "worklist": (
        "select customer_id, overdue_mxn, gross_mxn, oldest_days, overdue_invoices, unvalued_items from worklist order by 1",
        [("E", None, None, 141, 1, 1), ("M", 1000, 1000, 115, 2, 1), ("P", 1500, 1500, 110, 1, 0)],
    ),
    "worklist says which rate": (
        "select customer_id from worklist where reasons like '%falta el tipo de cambio de EUR%' order by 1",
        [("E",), ("M",)],
    ),
    # all sold in February is open at its end: 28 of 28 days. M: the invoice open and the invoice billed
    "collection_speed": (
        "select value, gross_mxn, net_mxn, net_credit_sales_1m, dso_simple, dso_countback, countback_complete, unvalued_items "
        "from collection_speed where month = '2026-02-01' and dimension in ('segment', 'total') order by 1",
        [("E", None, None, 0, None, None, False, 1), ("M", 1000, 1000, 1000, 28, 28, True, 2),
         ("P", 2000, 2000, 2000, 28, 28, True, 0), ("total", 3000, 3000, 3000, 28, 28, True, 3)],
    ),
    "collection_speed before any peso": (
        "select gross_mxn, current_mxn, net_credit_sales_1m, cei_num, cei_den, countback_complete, unvalued_items "
        "from collection_speed where month = '2026-01-01' and dimension = 'total'",
        [(None, None, None, None, None, False, 2)],
    ),
    # March: 3000 at its beginning, nothing sold, 2500 at its end, none of it current
    "cei": (
        "select value, cei_num, cei_den, cei_pct from collection_speed "
        "where month = '2026-03-01' and dimension in ('segment', 'total') order by 1",
        [("E", None, None, None), ("M", 0, 1000, 0), ("P", 500, 2000, 25), ("total", 500, 3000, Decimal("16.6667"))],
    ),
    # E: billed in January and open at the end of March; at the end of June, open alone
    "cei_quarters": (
        "select quarter_end, value, beginning_mxn, net_credit_sales_mxn, gross_mxn, cei_num, cei_den, unvalued_items "
        "from cei_quarters where dimension in ('segment', 'total') and value <> 'M' order by 1, 2",
        [("2026-03-31", "E", 0, None, None, None, None, 2), ("2026-03-31", "P", 0, 2000, 1500, 500, 2000, 0),
         ("2026-03-31", "total", 0, 3000, 2500, 500, 3000, 4), ("2026-06-30", "E", None, 0, None, None, None, 1),
         ("2026-06-30", "P", 1500, 0, 1500, 0, 1500, 0), ("2026-06-30", "total", 2500, 0, 2500, 0, 2500, 2)],
    ),
    "billed_vs_collected": (
        "select month, value, invoices_issued, billed_gross_mxn, billed_net_mxn, collected_mxn, unvalued_items "
        "from billed_vs_collected where dimension = 'segment' and month <= '2026-03-31' "
        "and (invoices_issued > 0 or unvalued_items > 0) order by 1, 2",
        [("2026-01-01", "E", 1, None, None, 0, 1), ("2026-02-01", "M", 2, 1000, 1000, 0, 1),
         ("2026-02-01", "P", 1, 2000, 2000, 0, 0), ("2026-03-01", "E", 0, 0, 0, None, 1)],
    ),
    "billed_vs_collected in total": (
        "select billed_gross_mxn, billed_net_mxn, collected_mxn, unvalued_items "
        "from billed_vs_collected where dimension = 'total' and month <= '2026-03-31' order by month",
        [(None, None, 0, 1), (3000, 3000, 0, 1), (0, 0, 500, 1)],
    ),
    "collected_on_time": (
        "select due_month, value, matured_invoices, matured_mxn, on_time_mxn, amount_pct, unvalued_items "
        "from collected_on_time where dimension in ('segment', 'total') and matured_invoices > 0 order by 1, 2",
        [("2026-02-01", "E", 1, None, 0, None, 1), ("2026-02-01", "total", 1, None, 0, None, 1),
         ("2026-03-01", "M", 2, 1000, 0, 0, 1), ("2026-03-01", "P", 1, 2000, 0, 0, 0),
         ("2026-03-01", "total", 3, 3000, 0, 0, 1)],
    ),
    # of a limit of 10,000
    "credit_use": (
        f"select customer_id, exposure_mxn, utilisation_pct, unvalued_items from credit_use where as_of = '{AS_OF}' order by 1",
        [("E", None, None, 1), ("M", 1000, 10, 1), ("P", 1500, 15, 0)],
    ),
    # E owes a debt and paid part of it in the window: neither is known in pesos
    "debt_conversion": (
        "select invoice_id, debt_mxn_issue, collected_mxn, pct, is_converted, unvalued_items from debt_conversion order by 1",
        [("E1", None, None, None, None, 2), ("M1", None, 0, None, None, 1), ("M2", 1000, 0, 0, False, 0),
         ("P1", 1500, 0, 0, False, 0)],
    ),
    # a quarter of 1000 + 1500
    "provision": (
        f"select bucket, gross_mxn, expected_loss_mxn, unvalued_items from provision where as_of = '{AS_OF}' order by position",
        [("current", 0, 0, 0), ("1-30", 0, 0, 0), ("31-60", 0, 0, 0), ("61-90", 0, 0, 0), ("91-120", 2500, 625, 1),
         ("120+", None, None, 1)],
    ),
    "provision_by_segment": (
        "select segment, bucket, gross_mxn, expected_loss_mxn, unvalued_items from provision_by_segment "
        f"where as_of = '{AS_OF}' and position > 4 order by segment, position",
        [("E", "91-120", 0, 0, 0), ("E", "120+", None, None, 1), ("M", "91-120", 1000, 250, 1), ("M", "120+", 0, 0, 0),
         ("P", "91-120", 1500, 375, 0), ("P", "120+", 0, 0, 0)],
    ),
    "receipts_by_day": (
        "select customer_id, payments, amount_mxn, reversed_mxn, applied_mxn, unapplied_mxn, unvalued_items from receipts_by_day order by 1",
        [("E", 1, None, 0, None, None, 1), ("P", 1, 500, 0, 500, 0, 0)],
    ),
    # 1500 and 1000 of 2500: 60² + 40²
    "concentration": (
        "select as_of, top1_share_num, top1_share_den, top1_share_pct, hhi, customers, unvalued_items "
        f"from concentration where as_of in ('2026-01-31', '{AS_OF}') order by 1",
        [("2026-01-31", None, None, None, None, 0, 1), (AS_OF, 1500, 2500, 60, 5200, 2, 2)],
    ),
    # E1 goes from current to 1-30 in February and to 31-60, partly paid, in March; M1 is issued and falls due beside M2 and P1
    "roll_rates": (
        "select to_date, from_bucket, start_mxn, entered_mxn, to_current_mxn, to_d1_30_mxn, to_d31_60_mxn, paid_mxn, worse_num, unvalued_items "
        "from roll_rates where cadence = 'month' and to_date in ('2026-02-28', '2026-03-31') "
        "and from_bucket in ('current', '1-30', 'issued') order by to_date, position",
        [("2026-02-28", "current", None, 0, 0, None, 0, 0, None, 1), ("2026-02-28", "1-30", 0, 0, 0, 0, 0, 0, 0, 0),
         ("2026-02-28", "issued", 0, 3000, 3000, 0, 0, 0, 0, 1), ("2026-03-31", "current", 3000, 0, 0, 2500, 0, 500, 2500, 1),
         ("2026-03-31", "1-30", None, 0, 0, 0, None, None, None, 1), ("2026-03-31", "issued", 0, 0, 0, 0, 0, 0, 0, 0)],
    ),
    # all that was overdue when March began is in euros; M1, M2 and P1 fell due in it
    "cure_rates": (
        "select to_date, by_amount_num, by_amount_den, by_amount_pct, by_cash_num, by_invoice_num, by_invoice_den, newly_overdue_mxn, "
        "unvalued_items from cure_rates where cadence = 'month' and to_date between '2026-02-28' and '2026-04-30' order by 1",
        [("2026-02-28", 0, 0, None, 0, 0, 0, None, 1), ("2026-03-31", None, None, None, None, 0, 1, 2500, 2),
         ("2026-04-30", 0, 2500, 0, 0, 0, 4, 0, 2)],
    ),
    # P: 500 two days before due, 1500 overdue by 110
    "payment_behaviour": (
        "select customer_id, weighted_delay_cash_days, weighted_delay_incl_open_days, band, invoices, cash_mxn, open_overdue_mxn, "
        f"unvalued_items from payment_behaviour where as_of = '{AS_OF}' order by 1",
        [("E", None, None, "sin historial", 0, None, None, 2), ("M", None, 114, "sin historial", 1, 0, 1000, 1),
         ("P", -2, 82, "sin historial", 1, 500, 1500, 0)],
    ),
    "collection_time": (
        "select value, payment_weighted_days, payment_weighted_den, unvalued_items from collection_time "
        f"where as_of = '{AS_OF}' and dimension in ('segment', 'total') order by 1",
        [("E", None, None, 1), ("M", None, 0, 0), ("P", 28, 500, 0), ("total", 28, 500, 1)],
    ),
    # 300 of 2500
    "dispute_board": (
        "select dimension, value, open_count, open_amount_mxn, share_of_ar_pct, unvalued_items from dispute_board "
        f"where as_of = '{AS_OF}' and dimension <> 'reason' order by 1, 2",
        [("owner", "E", 1, None, None, 1), ("owner", "M", 1, None, None, 1), ("owner", "P", 1, 300, 12, 0),
         ("total", "total", 3, 300, 12, 2)],
    ),
    "dispute_board without receivables in pesos": (
        "select open_count, open_amount_mxn, share_of_ar_pct, share_of_ar_den, unvalued_items from dispute_board "
        "where as_of = '2026-01-31' and dimension = 'total'",
        [(0, 0, None, None, 0)],
    ),
    "dispute_rates": (
        "select issue_month, disputed_num, disputed_den, disputed_amount_num, disputed_amount_den, disputed_amount_pct, unvalued_items "
        "from dispute_rates where issue_month <= '2026-02-01' order by 1",
        [("2026-01-01", 1, 1, None, None, None, 1), ("2026-02-01", 2, 3, 300, 3000, 10, 1)],
    ),
    # January: the plan and the sale. February: M1 billed, and E1 expected by its due date. March: E's plan and cash, M1 expected
    "plan_vs_actual": (
        "select month, customer_id, plan_billed_mxn, billed_mxn, billed_pct, plan_collected_mxn, collected_mxn, forecast_mxn, "
        "unvalued_items from plan_vs_actual order by 1, 2",
        [("2026-01-01", "E", None, None, None, 0, 0, None, 2), ("2026-01-01", "total", None, None, None, 0, 0, None, 2),
         ("2026-02-01", "E", 0, 0, None, 0, 0, None, 1), ("2026-02-01", "M", 0, 1000, None, 0, 0, None, 1),
         ("2026-02-01", "P", 4000, 2000, 50, 0, 0, None, 0), ("2026-02-01", "total", 4000, 3000, 75, 0, 0, None, 2),
         ("2026-03-01", "E", 0, 0, None, None, None, None, 2), ("2026-03-01", "M", 0, 0, None, 0, 0, 1000, 1),
         ("2026-03-01", "P", 0, 0, None, 1000, 500, 2000, 0), ("2026-03-01", "total", 0, 0, None, 1000, 500, 3000, 3)],
    ),
    # E paid 69 days after its invoice, P 500 of 2000 after 28
    "vintage": (
        "select issue_month, value, invoices, billed_net_mxn, collected_60d_num, collected_90d_num, collected_30d_pct, unvalued_items "
        "from vintage where dimension in ('segment', 'total') order by 1, 2",
        [("2026-01-01", "E", 1, None, 0, None, None, 1), ("2026-01-01", "total", 1, None, 0, None, None, 1),
         ("2026-02-01", "M", 2, 1000, 0, 0, 0, 1), ("2026-02-01", "P", 1, 2000, 500, 500, 25, 0),
         ("2026-02-01", "total", 3, 3000, 500, 500, Decimal("16.6667"), 1)],
    ),
    # E1 is billed in the first week, M1 beside M2 in the second, E's cash comes in the third
    "weekly_bridge": (
        "select week_end, line, value_mxn, unvalued_items from weekly_bridge "
        "where week_end in ('2026-01-11', '2026-02-08', '2026-03-22') "
        "and line in ('start', 'billed', 'collected_applied', 'end', 'residual') order by week_end, position",
        [("2026-01-11", "start", 0, 0), ("2026-01-11", "billed", None, 1), ("2026-01-11", "collected_applied", 0, 0),
         ("2026-01-11", "end", None, 1), ("2026-01-11", "residual", 0, 0),
         ("2026-02-08", "start", None, 1), ("2026-02-08", "billed", 1000, 1), ("2026-02-08", "collected_applied", 0, 0),
         ("2026-02-08", "end", 1000, 2), ("2026-02-08", "residual", 0, 0),
         ("2026-03-22", "start", 2500, 2), ("2026-03-22", "billed", 0, 0), ("2026-03-22", "collected_applied", None, 1),
         ("2026-03-22", "end", 2500, 2), ("2026-03-22", "residual", 0, 0)],
    ),
    # left out: in the first week the sale and the balance; then M1's sale, E1 due next and two balances; then the cash and two
    "weekly_movements": (
        "select week_end, metric, value from weekly_movements where week_end in ('2026-01-11', '2026-02-08', '2026-03-22') "
        "and metric in ('billed_mxn', 'invoices_issued', 'due_next_week_mxn_closing', 'collected_mxn', 'payments', "
        "'gross_ar_end_mxn_closing', 'unvalued_items') order by 1, 2",
        [("2026-01-11", "billed_mxn", None), ("2026-01-11", "collected_mxn", 0), ("2026-01-11", "due_next_week_mxn_closing", 0),
         ("2026-01-11", "gross_ar_end_mxn_closing", None), ("2026-01-11", "invoices_issued", 1), ("2026-01-11", "payments", 0),
         ("2026-01-11", "unvalued_items", 2),
         ("2026-02-08", "billed_mxn", 1000), ("2026-02-08", "collected_mxn", 0), ("2026-02-08", "due_next_week_mxn_closing", None),
         ("2026-02-08", "gross_ar_end_mxn_closing", 1000), ("2026-02-08", "invoices_issued", 2), ("2026-02-08", "payments", 0),
         ("2026-02-08", "unvalued_items", 4),
         ("2026-03-22", "billed_mxn", 0), ("2026-03-22", "collected_mxn", None), ("2026-03-22", "due_next_week_mxn_closing", 0),
         ("2026-03-22", "gross_ar_end_mxn_closing", 2500), ("2026-03-22", "invoices_issued", 0), ("2026-03-22", "payments", 1),
         ("2026-03-22", "unvalued_items", 3)],
    ),
    "kpis": (
        "select kpi, value from kpis where dimension_value = 'E' and period = '2026-01-31' "
        "and kpi in ('billed_gross', 'collected', 'dso_countback', 'gross_ar', 'net_ar', 'overdue_ar') order by 1",
        [("billed_gross", None), ("collected", 0), ("dso_countback", None), ("gross_ar", None), ("net_ar", None), ("overdue_ar", None)],
    ),
    "kpis in pesos": (
        f"select dimension_value, kpi, value from kpis where period = '{AS_OF}' and kpi in ('gross_ar', 'overdue_ar') "
        "and dimension in ('segment', 'total') order by 1, 2",
        [("E", "gross_ar", None), ("E", "overdue_ar", None), ("M", "gross_ar", 1000), ("M", "overdue_ar", 1000),
         ("P", "gross_ar", 1500), ("P", "overdue_ar", 1500), ("total", "gross_ar", 2500), ("total", "overdue_ar", 2500)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_has_no_rate(case: str, marts: duckdb.DuckDBPyConnection) -> None:
    query, expected = CASES[case]
    found = marts.execute(query).fetchall()
    assert [tuple(str(v) if isinstance(v, date) else v for v in row) for row in found] == expected


def test_a_home_of_euros_alone_has_no_pesos() -> None:
    """Without any rate no stock, flow or ratio in pesos is 0 where there is something: what is counted in items still is."""
    raw = Raw()
    invoice(raw, "E1", "500", "2026-01-10", "E", currency="EUR", due_date="2026-02-09")
    payment(raw, "PE", "100", "2026-03-20", customer_id="E", currency="EUR")
    with straight.run(raw, AS_OF) as marts:
        assert straight.broken(marts, AS_OF) == {}
        found = marts.execute(
            "select kpi, value from kpis where period = ? and dimension = 'total' and kpi in ('gross_ar', 'overdue_ar', 'net_ar', "
            "'expected_loss', 'concentration_top1_pct', 'disputes_share_of_ar_pct', 'dso_countback', 'cei_pct', 'open_invoices') order by 1",
            [AS_OF],
        ).fetchall()
        assert found == [
            ("cei_pct", None), ("concentration_top1_pct", None), ("disputes_share_of_ar_pct", None), ("dso_countback", None),
            ("expected_loss", None), ("gross_ar", None), ("net_ar", None), ("open_invoices", 1), ("overdue_ar", None),
        ]  # fmt: skip
        # the payment without an invoice is in euros too
        query = "select overdue_mxn, gross_mxn, unapplied_mxn, oldest_days, unvalued_items, next_action from worklist"
        assert marts.execute(query).fetchall() == [(None, None, None, 141, 2, "Escalar a Finanzas")]
