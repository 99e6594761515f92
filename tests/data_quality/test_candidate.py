"""Gate 2: marts that tie pass; each check has a candidate that fails it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from data_quality.candidate import LAST, candidate_specs, check_candidate
from data_quality.engine import CheckResult, run_suite
from tests.data_quality.small_marts import build

FAULTS = [
    ("fct_invoices", "not_null_issue_date", "set issue_date = null where invoice_id = 'F3'", "failed"),
    ("fct_movements", "not_null_amount_ccy", "set amount_ccy = null where invoice_id = 'F3'", "failed"),
    ("fct_payments", "not_null_currency", "set currency = null where payment_id = 'PF3'", "failed"),
    ("aging_by_customer", "not_null_customer_id", "set customer_id = null where customer_id = 'C1'", "failed"),
    ("fct_invoices", "unique_key", "set invoice_id = 'F3' where invoice_id = 'F4'", "failed"),
    ("aging_by_customer", "unique_key", "set customer_id = 'C2' where customer_id = 'C1'", "failed"),
    ("exceptions", "unique_key", "insert into {mart} select * from {mart}", "failed"),
    ("aging_by_customer", "buckets_add_up", "set d1_30_mxn = d1_30_mxn + 0.01 where customer_id = 'C1'", "failed"),
    ("aging_by_cut", "buckets_add_up", "set overdue_mxn = overdue_mxn - 0.01 where customer_id = 'C1'", "failed"),
    ("aging_by_customer", "net_is_gross_less_unapplied", "set unapplied_mxn = 10 where customer_id = 'C1'", "failed"),
    ("fct_movements", "movements_make_the_balance", "delete from {mart} where invoice_id = 'F1'", "failed"),
    ("fct_movements", "movements_make_the_balance", "set amount_ccy = 999.99 where invoice_id = 'F1'", "failed"),
    ("aging_by_customer", "latest_aging_is_the_invoices", "delete from {mart} where customer_id = 'C1'", "failed"),
    ("fct_payments", "payments_are_applied_or_not", "set applied_ccy = applied_ccy - 1", "failed"),
    ("weekly_bridge", "bridge_closes", "set value_mxn = 117.02 where line = 'end'", "failed"),
    ("weekly_bridge", "bridge_closes", "set value_mxn = 0.01 where line = 'residual'", "failed"),
    ("fct_invoices", "no_negative_balance", "set open_ccy = -1 where invoice_id = 'F3'", "failed"),
    ("aging_open_items", "no_negative_item", "set open_ccy = -1 where invoice_id = 'F1'", "failed"),
    ("fct_movements", "nothing_after_the_cut", "set effective_date = '2026-07-01' where invoice_id = 'F1'", "failed"),
    ("morosidad", "range_by_amount_pct", "set by_amount_pct = 100.5", "failed"),
    ("dispute_board", "range_accepted_pct", "set accepted_pct = -1", "failed"),
    ("collection_speed", "plausible_dso", "set dso_countback = 4000 where month = '2026-06-01'", "warned"),
    ("fct_invoices", "some_invoices", "delete from {mart}", "warned"),
    ("survival_curve", "sound_key", "set day = null", "failed"),
    ("debt_conversion", "sound_key", "insert into {mart} select * from {mart}", "failed"),
    ("concentration", "sound_percentages", "set top3_share_pct = 100.01", "warned"),
    ("issuance", "sound_percentages", "set strict_on_time_pct = -1", "warned"),
    ("roll_forward", "roll_forward_closes", "set ending = 115.01", "failed"),
    ("cash_forecast", "is_the_receivables", "set expected_mxn = expected_mxn + 0.01", "failed"),
    ("provision", "is_the_receivables", "delete from {mart} where rowid = 0; insert into {mart} values "
     "('2026-04-30', 'current', 1, 1)", "failed"),
    ("provision_by_segment", "segments_add_up", "set expected_loss_mxn = 0.51 where segment = 'A'", "failed"),
    ("fct_invoices", "everything_valued", "set open_mxn_closing = null where invoice_id = 'F1'", "warned"),
]  # fmt: skip

AGAINST_LAST = [
    ("fct_invoices", "row_count_falls", "delete from {mart} where rowid < 5", "failed"),
    ("fct_payments", "row_count_falls", "delete from {mart} where rowid < 5", "failed"),
    ("dim_customers", "row_count_falls", "delete from {mart} where rowid < 2", "warned"),
    ("fct_invoices", "invoices_vanish", "delete from {mart} where invoice_id = 'F1'", "warned"),
    ("dim_customers", "customers_vanish", "delete from {mart} where customer_id = 'C1'", "warned"),
    ("fct_invoices", "gross_change", "set open_mxn_closing = 5 * open_mxn_closing", "warned"),
    ("aging_by_customer", "past_changes", "set gross_mxn = gross_mxn * 0.9 where as_of = '2026-05-31'", "warned"),
    ("aging_by_customer", "past_changes_unexplained",
     "set gross_mxn = gross_mxn / 2 where as_of = '2026-05-31'", "failed"),
    ("aging_by_customer", "past_changes_unexplained", "delete from {mart} where as_of = '2026-05-31'", "failed"),
]  # fmt: skip


def sql(mart: str, change: str) -> str:
    full = change if change.startswith(("delete", "insert")) else f"update {{mart}} {change}"
    return full.format(mart=f"marts.{mart}")


def check(path: Path, name: str, mart: str, last: Path | None = None) -> CheckResult:
    """Run one check alone: the whole gate is run by the tests of its speed and of the good marts."""
    specs = [
        s for s in candidate_specs(compared=last is not None) if (s.check_name, s.subject) == (name, mart)
    ]
    assert len(specs) == 1
    return run_suite(path, specs, {} if last is None else {LAST: last})[0]


def test_good_marts_pass(tmp_path: Path) -> None:
    path, last = build(tmp_path / "marts.duckdb"), build(tmp_path / "last.duckdb")
    for results in (check_candidate(path, None), check_candidate(path, last)):
        assert [r for r in results if r.status != "passed"] == []
        assert all(r.message == "Correcto." for r in results)
    for file in (path, last):
        duckdb.connect(str(file)).close()


@pytest.mark.parametrize(("mart", "name", "change", "status"), FAULTS)
def test_each_check_fails(tmp_path: Path, mart: str, name: str, change: str, status: str) -> None:
    found = check(build(tmp_path / "marts.duckdb", sql(mart, change)), name, mart)
    assert found.status == status
    assert not {"{", "}"} & set(found.message)


@pytest.mark.parametrize(("mart", "name", "change", "status"), AGAINST_LAST)
def test_each_comparison_fails(tmp_path: Path, mart: str, name: str, change: str, status: str) -> None:
    last = build(tmp_path / "last.duckdb")
    found = check(build(tmp_path / "marts.duckdb", sql(mart, change)), name, mart, last)
    assert found.status == status
    assert not {"{", "}"} & set(found.message)


def test_every_kind_of_check_has_a_fault() -> None:
    asked = {s.check_name for s in candidate_specs(compared=True)}
    shown = {fault[1] for fault in (*FAULTS, *AGAINST_LAST)}
    repeated = ("not_null_", "range_")
    assert {n for n in asked if not n.startswith(repeated)} == {
        n for n in shown if not n.startswith(repeated)
    }
    assert shown <= asked


def test_a_past_that_late_documents_explain_only_warns(tmp_path: Path) -> None:
    """Half the history arrives in a later run: the past doubles, and the figures must still go out."""
    last = build(tmp_path / "last.duckdb", """
        delete from marts.fct_movements where rowid % 2 = 0;
        update marts.aging_by_customer set gross_mxn = gross_mxn / 2;
    """)  # fmt: skip
    path = build(tmp_path / "marts.duckdb")
    assert check(path, "past_changes", "aging_by_customer", last).status == "warned"
    assert check(path, "past_changes_unexplained", "aging_by_customer", last).status == "passed"


def test_the_month_of_the_last_cut_is_still_open(tmp_path: Path) -> None:
    last = build(
        tmp_path / "last.duckdb",
        "update marts.aging_by_customer set gross_mxn = 1 where as_of = '2026-06-30'",
    )
    assert (
        check(build(tmp_path / "marts.duckdb"), "past_changes", "aging_by_customer", last).status == "passed"
    )


def test_an_invoice_that_got_its_register_id_did_not_vanish(tmp_path: Path) -> None:
    last = build(tmp_path / "last.duckdb", "update marts.fct_invoices set invoice_id = uuid, uuid = null")
    path = build(tmp_path / "marts.duckdb", "update marts.dim_customers set customer_id = 'N' || customer_id")
    assert check(path, "invoices_vanish", "fct_invoices", last).status == "passed"
    assert check(path, "customers_vanish", "dim_customers", last).status == "passed"


def test_an_older_snapshot_without_a_mart_only_warns(tmp_path: Path) -> None:
    last = build(tmp_path / "last.duckdb", "drop table marts.fct_invoices")
    found = check_candidate(build(tmp_path / "marts.duckdb"), last)
    assert {r.status for r in found} == {"passed", "warned"}


def test_a_missing_mart_refuses(tmp_path: Path) -> None:
    path = build(tmp_path / "marts.duckdb", "drop table marts.weekly_bridge")
    assert check(path, "bridge_closes", "weekly_bridge").status == "failed"


def test_empty_marts_pass(tmp_path: Path) -> None:
    """A home with nothing in it publishes too, with a word."""
    names = [s.table for s in candidate_specs(compared=False)] + ["marts.fct_invoices"]
    path = build(tmp_path / "marts.duckdb", ";".join(f"delete from {name}" for name in dict.fromkeys(names)))
    found = check_candidate(path, None)
    assert {r.check_name for r in found if r.status != "passed"} == {"some_invoices"}
    assert {r.status for r in found} == {"passed", "warned"}
