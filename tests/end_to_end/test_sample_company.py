"""The marts against the truth that the generator works out by itself, to the cent.

The truth is plain Python over the generator's own documents; it never sees the pipeline.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.end_to_end.conftest import AS_OF, Sample

pytestmark = pytest.mark.slow

BUCKETS = ("current_mxn", "d1_30_mxn", "d31_60_mxn", "d61_90_mxn", "d91_120_mxn", "d120_plus_mxn")
AGING = (*BUCKETS, "gross_mxn", "overdue_mxn", "unapplied_mxn", "disputed_mxn", "gross_mxn_issue")
BRIDGE = {
    "start": "start_mxn",
    "billed": "billed_mxn",
    "collected_applied": "collected_applied_mxn",
    "credit_notes": "credit_notes_mxn",
    "cancelled": "cancelled_mxn",
    "write_offs": "write_off_mxn",
    "end": "end_mxn",
}


def test_the_run_says_what_it_did(sample: Sample):
    assert "Publicado el corte al 30" in sample.output
    assert "Archivos nuevos" in sample.output


@pytest.mark.parametrize("basis", ["effective", "as_recorded"])
def test_aging_by_customer_on_every_date(sample: Sample, basis: str):
    for as_of, expected in sample.truth["balances"].items():
        rows = sample.rows(
            f"select customer_id, open_invoices, {', '.join(AGING)} from marts.aging_by_customer "
            "where as_of = ? and basis = ?",
            as_of,
            basis,
        )
        found = {row[0]: row[1:] for row in rows}
        wanted = {
            customer: (figures["open_invoices"], *(Decimal(figures[name]) for name in AGING))
            for customer, figures in expected[basis]["customers"].items()
        }
        assert found == wanted, as_of
        totals = sample.rows(
            f"select {', '.join(f'sum({name})' for name in AGING)} from marts.aging_by_customer "
            "where as_of = ? and basis = ?",
            as_of,
            basis,
        )[0]
        assert totals == tuple(Decimal(expected[basis]["totals"][name]) for name in AGING), as_of


def test_open_items_at_the_end_by_three_roads(sample: Sample):
    wanted = {invoice: Decimal(amount) for invoice, amount in sample.truth["open_items_at_end"].items()}
    roads = {
        "fct_invoices": "select invoice_id, open_ccy from marts.fct_invoices where open_ccy > 0",
        "aging_open_items": "select invoice_id, sum(open_ccy) from marts.aging_open_items "
        f"where as_of = '{AS_OF}' and basis = 'effective' group by 1",
        "macro": f"select invoice_id, sum(open_ccy) from marts.open_items_as_of(date '{AS_OF}') group by 1",
    }
    for name, sql in roads.items():
        assert dict(sample.rows(sql)) == wanted, name


def test_the_macro_rebuilds_a_past_day_to_the_cent(sample: Sample):
    for as_of, expected in sample.truth["balances"].items():
        rows = sample.rows(f"select sum(gross_mxn), sum(overdue_mxn) from marts.aging_as_of(date '{as_of}')")
        totals = expected["effective"]["totals"]
        assert rows == [(Decimal(totals["gross_mxn"]), Decimal(totals["overdue_mxn"]))], as_of


def test_billed_and_collected_by_month(sample: Sample):
    names = ("billed_gross_mxn", "cancelled_mxn", "credit_notes_mxn", "collected_mxn")
    rows = sample.rows(
        f"select strftime(month, '%Y-%m'), {', '.join(names)} from marts.billed_vs_collected where dimension = 'total'"
    )
    found = {row[0]: row[1:] for row in rows}
    for month, expected in sample.truth["months"].items():
        assert found[month] == tuple(Decimal(expected[name]) for name in names), month


def test_speed_of_collection_by_month(sample: Sample):
    names = ("net_credit_sales_1m", "gross_mxn", "current_mxn", "dso_simple", "cei_pct")
    rows = sample.rows(
        f"select strftime(month, '%Y-%m'), {', '.join(names)} from marts.collection_speed where dimension = 'total'"
    )
    found = {row[0]: row[1:] for row in rows}
    for month, expected in sample.truth["months"].items():
        wanted = tuple(None if expected[name] is None else Decimal(expected[name]) for name in names)
        assert found[month] == wanted, month


def test_the_weekly_bridge_closes_to_zero_and_equals_the_truth(sample: Sample):
    for week_end, expected in sample.truth["weeks"].items():
        lines = dict(
            sample.rows("select line, value_mxn from marts.weekly_bridge where week_end = ?", week_end)
        )
        for line, name in BRIDGE.items():
            assert abs(lines[line]) == Decimal(expected[name]), (week_end, line)
        assert lines["residual"] == 0, week_end
        assert lines["fx"] + lines["rounding"] == Decimal(expected["fx_and_rounding_mxn"]), week_end
    assert sample.rows(
        "select count(*) from marts.weekly_bridge where line = 'residual' and value_mxn <> 0"
    ) == [(0,)]


def test_planted_exceptions_are_found_and_no_others(sample: Sample):
    found: dict[str, set[str]] = {}
    for rule, entity in sample.rows("select rule, entity_id from marts.exceptions"):
        found.setdefault(rule, set()).add(entity)
    for rule, expected in sample.truth["exceptions"].items():
        wanted = set(expected["entities"])
        allowed = wanted | set(expected["also_allowed"])
        assert wanted <= found.get(rule, set()) <= allowed, rule


def test_every_movement_traces_to_a_file(sample: Sample):
    orphans = sample.rows(
        "select count(*) from marts.fct_movements m where source_file_id is not null and not exists "
        "(select 1 from meta.files f where f.content_id = m.source_file_id)"
    )
    assert orphans == [(0,)]
    assert sample.rows("select count(*) from marts.fct_movements where source_file_id is null") == [(0,)]


def test_every_file_is_accounted_for(sample: Sample):
    on_disk = sum(1 for path in sample.paths.inbox.rglob("*") if path.is_file())
    assert sample.rows("select count(*) from meta.files where member = ''") == [(on_disk,)]
    assert sample.rows(
        "select count(*) from meta.files where rows_read <> rows_loaded + rows_quarantined + rows_duplicate"
    ) == [(0,)]


def test_the_snapshot_says_whose_and_when_it_is(sample: Sample):
    as_of, name, rfcs = sample.rows("select as_of, company_name, own_rfcs from meta.snapshot")[0]
    assert as_of == dt.date.fromisoformat(AS_OF)
    assert (name, rfcs) == ("COMERCIALIZADORA EJEMPLO DEL BAJIO", sample.truth["company"]["rfc"])
    assert sample.rows("select count(*) from meta.columns where coalesce(description, '') = ''") == [(0,)]
