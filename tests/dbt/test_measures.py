# ruff: noqa: E501 -- a case and its query stand on one line
"""The metrics of quarters, segments, unapplied credit and incidents, the reduction of morosidad, and every KPI of the
process with its target: one small company, every figure by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_marts_process import disputed, line, remind
from tests.dbt.test_register_rules import invoice, payment

AS_OF = "2026-06-30"
D = Decimal


def company() -> Raw:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno", segment="Retail")
    raw.register("customers", customer_id="C2", name="Dos", segment="Industria")
    raw.register("customers", customer_id="C3", name="Tres")
    for day, rate in (("2026-01-01", "17"), ("2026-03-30", "16"), ("2026-06-29", "18")):
        raw.register("fx_rates", date=day, currency="USD", mxn_per_unit=D(rate))
    invoice(raw, "A", "1000", "2026-01-10", due_date="2026-02-09")
    invoice(raw, "B", "600", "2026-02-05", due_date="2026-04-30")
    invoice(raw, "C", "900", "2026-04-15", due_date="2026-05-15")
    invoice(raw, "D", "500", "2026-06-20", due_date="2026-07-20", sale_confirmed_date="2026-06-18",
            sent_date="2026-06-21")  # fmt: skip
    invoice(raw, "E", "333.33", "2026-05-01", "C2", due_date="2026-05-31")
    invoice(raw, "F", "10.10", "2026-05-02", "C2", due_date="2026-05-20")
    invoice(raw, "G", "10.10", "2026-05-02", "C3", due_date="2026-05-20")
    invoice(raw, "H", "400", "2026-01-05", "C2", due_date="2026-02-04")
    invoice(raw, "I", "10", "2026-02-01", "C2", due_date="2026-03-15", currency="USD", fx_rate=D(17))
    payment(raw, "PA", "1000", "2026-02-20", customer_id=None, invoice_id="A")
    payment(raw, "PB", "200", "2026-05-10", customer_id=None, invoice_id="B")
    payment(raw, "PH", "400", "2026-04-20", customer_id=None, invoice_id="H")
    payment(
        raw, "PI", "10", "2026-05-01", customer_id=None, invoice_id="I", currency="USD", fx_rate=D("16.5")
    )
    payment(raw, "U1", "150", "2026-06-01", customer_id="C2")  # these two are applied to nothing
    payment(raw, "U2", "10", "2026-06-15", customer_id="C2", currency="USD", fx_rate=D(17))
    raw.register(
        "credit_notes", cn_id="N1", customer_id="C2", currency="MXN", issue_date="2026-05-05", total=D(80)
    )
    raw.register(
        "write_offs", write_off_id="W", invoice_id="C", date="2026-06-01", amount=D(100), currency="MXN"
    )
    raw.register("promises", promise_id="Q", customer_id="C1", invoice_id="B", made_date="2026-05-01",
                 promised_date="2026-05-12", amount=D(500), currency="MXN")  # fmt: skip
    remind(raw, "R", "B", "2026-05-05")
    disputed(raw, "X", "D", "200")
    line(raw, "L", "150", "2026-06-02")
    raw.register("plan_billing", month="2026-06-01", amount=D(1000), currency="MXN")
    raw.register("plan_collections", month="2026-06-01", amount=D(300), currency="MXN")
    for name, kind, opened, resolved in (
        ("1", "portal", "2026-06-01", "2026-06-11"),
        ("2", "portal", "2026-06-10", "2026-06-10"),
        ("3", "precio", "2026-06-20", None),
        ("4", "portal", "2026-06-05", "2026-07-02"),
    ):
        raw.register(
            "incidents",
            incident_id=name,
            customer_id="C1",
            type=kind,
            opened_date=opened,
            resolved_date=resolved,
        )
    for kpi, period, target in (
        ("cei_quarter_pct", "2026-T2", "75"),
        ("overdue_ar", "2026-06", "1000"),
        ("overdue_ar", "2026-06-28", "900"),
        ("collected", "2026-06-30", "5000"),
        ("collected_week", "2026-06", "1"),
        ("collected_week", "2026-06-28", "70"),
        ("sin_pies", "nunca", "3"),
    ):
        raw.register("targets", kpi=kpi, period=period, target=D(target))
    raw.register(
        "targets", kpi="overdue_ar", period="2026-06", dimension="segment", value="Retail", target=D(800)
    )
    return raw


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    only = ["kpi_figures", "provision_by_segment"]
    with straight.build(company(), AS_OF, only, reminder_programme_start="2026-04-01") as connection:
        yield connection


CASES = [
    # Retail. Q1: nothing, sold 1,600, left 600 of B, not yet due. Q2: 600, sold 1,400, left 400 + 800 + 500, of
    # which 500 not due; 100 were written off
    ("cei", "select quarter::varchar, quarter_end::varchar, beginning_mxn, net_credit_sales_mxn, gross_mxn, current_mxn, "
     "cei_pct, cei_excl_write_offs_pct from cei_quarters where value = 'Retail' order by 1", [
         ("2026-01-01", "2026-03-31", 0, 1600, 600, 600, D(100), D(100)),
         ("2026-04-01", "2026-06-30", 600, 1400, 1700, 500, D(20), D("14.2857"))]),
    # 31-60 at 5 %: 10.10, 800.00 and 10.10 are 820.20, that is 41.01; each on its own would be 41.02
    ("segments", f"select segment, gross_mxn, expected_loss_mxn from provision_by_segment where as_of = '{AS_OF}' "
     "and bucket = '31-60' order by segment", [
         ("Industria", D("10.10"), D("0.51")), ("Retail", D(800), D(40)), ("sin asignar", D("10.10"), D("0.50"))]),
    ("unapplied", "select as_of::varchar, kind, documents, customers, unapplied_mxn, oldest_days from unapplied_credit "
     f"where as_of in ('2026-06-14', '{AS_OF}') order by 1, 2", [
         ("2026-06-14", "credit_note", 1, 1, D(80), 40), ("2026-06-14", "payment", 1, 1, D(150), 13),
         (AS_OF, "credit_note", 1, 1, D(80), 56), (AS_OF, "payment", 2, 1, D(330), 29)]),
    # the eve, 31 March, USD at 16: 600 + 400 + 160 open, 560 overdue. Now 2,053.53 open, 500 of it not due
    ("reduction", "select start_date::varchar, start_num, start_den, now_num, now_den, reduction_points, reduction_pct "
     f"from morosidad_reduction where as_of = '{AS_OF}' and dimension = 'total'", [
         ("2026-03-31", 560, 1160, D("1553.53"), D("2053.53"), D("-27.3758"), D("-56.7071"))]),
    ("reduction_from_the_eve_on", "select min(as_of)::varchar from morosidad_reduction", [("2026-03-31",)]),
    ("reduction_of_all", f"select start_pct, now_pct, reduction_points, reduction_pct from morosidad_reduction "
     f"where as_of = '{AS_OF}' and value = 'Industria'", [(100, 100, 0, 0)]),
    # open: the third for 10 days and the fourth for 25; closed in 10 days and in 0
    ("incidents", "select as_of::varchar, value, open_count, oldest_days, mean_open_days, closed_count, mean_resolution_days, "
     f"median_resolution_days from incident_board where dimension in ('total', 'type') and as_of in ('2026-06-07', '{AS_OF}') "
     "order by as_of, dimension, value", [
         ("2026-06-07", "total", 2, 6, D(4), 0, None, None), ("2026-06-07", "portal", 2, 6, D(4), 0, None, None),
         (AS_OF, "total", 2, 25, D("17.5"), 2, D(5), D(5)), (AS_OF, "portal", 1, 25, D(25), 2, D(5), D(5)),
         (AS_OF, "precio", 1, 10, D(10), 0, None, None)]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_worked_example(marts: duckdb.DuckDBPyConnection, query: str, expected: list[Any]) -> None:
    assert marts.execute(query).fetchall() == expected


KPIS = {
    # value, numerator, denominator, previous
    "unapplied_payments": (330, None, None, 0),
    "unapplied_credit_notes": (80, None, None, 80),
    "unapplied_oldest_days": (29, None, None, None),
    "morosidad_reduction_points": (D("-27.3758"), None, None, ...),
    "morosidad_reduction_pct": (D("-56.7071"), None, None, ...),
    "incidents_open": (2, None, None, 0),
    "incidents_oldest_days": (25, None, None, None),
    "incidents_mean_resolution_days": (5, None, None, None),
    "incidents_median_resolution_days": (5, None, None, None),
    "promises_kept_pct": (0, 0, 1, 0),
    "promises_kept_amount_pct": (40, 200, 500, 40),
    "debt_conversion_pct": (D("33.3333"), 200, 600, None),  # the window of 5 May closed on 4 June
    "debt_conversion_count_pct": (0, 0, 1, None),
    "reminder_customer_response_pct": (None, 0, 0, 100),  # in May: one customer, who paid on the 10th
    "disputed_live_invoices_pct": (100, 1, 1, 0),
    "disputed_amount_pct": (40, 200, 500, 0),
    "days_to_send_median": (3, None, None, None),
    "days_to_issue": (2, None, None, None),
    "days_to_issue_median": (2, None, None, None),
    "billed_vs_plan_pct": (50, 500, 1000, None),
    "collected_vs_plan_pct": (D("106.6667"), 320, 300, None),  # 150 + USD 10 at 17
    "bank_tie_out_pct": (50, 1, 2, 0),  # the dollars are not in the bank; nor was anything of May
    # 500, 333.33 + 10.10, 10.10 of 2,053.53: (1700 / 2053.53)^2 + (343.43 / 2053.53)^2 + (10.10 / 2053.53)^2
    "concentration_hhi": (D("7133.1671"), None, None, ...),
    # B 400, C 900, F and G 10.10 each were overdue at the end of May; of them only the 100 written off are gone
    "cured_month_pct": (D("7.5746"), 100, D("1320.20"), ...),
}


@pytest.mark.parametrize("kpi", KPIS)
def test_kpi(kpi: str, marts: duckdb.DuckDBPyConnection) -> None:
    [(dimension, *row)] = marts.execute(
        "select dimension_value, value, numerator, denominator, previous from kpis "
        "where kpi = ? and period = ? and dimension = 'total'",
        [kpi, AS_OF],
    ).fetchall()
    expected = [found if want is ... else want for want, found in zip(KPIS[kpi], row, strict=True)]
    assert (dimension, row) == ("total", expected)


def test_a_quarter_is_compared_with_the_one_before(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select period, value, previous, target from kpis where kpi = 'cei_quarter_pct' and dimension_value = 'Retail'"
    ).fetchall()
    assert sorted(rows) == [("2026-03-31", 100, None, None), (AS_OF, 20, 100, None)]


def test_targets_stand_beside_their_figures(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select kpi, period, dimension_value, target from kpis where target is not null and period > '2026-06-20' order by all"
    ).fetchall()
    assert rows == [
        ("cei_quarter_pct", AS_OF, "total", 75),
        ("collected", AS_OF, "total", 5000),
        ("collected_week", "2026-06-28", "total", 70),  # a month's target is not a week's
        ("overdue_ar", "2026-06-21", "Retail", 800),
        ("overdue_ar", "2026-06-21", "total", 1000),
        ("overdue_ar", "2026-06-28", "Retail", 800),
        ("overdue_ar", "2026-06-28", "total", 900),  # its own before its month's
        ("overdue_ar", AS_OF, "Retail", 800),
        ("overdue_ar", AS_OF, "total", 1000),
    ]
