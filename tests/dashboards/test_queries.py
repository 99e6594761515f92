"""The queries: the same figure by both ways, filters, pages, bound text, and money that stays Decimal."""

from __future__ import annotations

import datetime as dt
import inspect
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dashboards.queries import aging, customers, invoices, meta, quality, summary, worklist
from dashboards.queries.access import Filters, Row
from tests.dashboards import mart_columns
from tests.dashboards.fixture_company import AS_OF

SUNDAY = dt.date(2026, 6, 28)
FILTERS = [
    Filters(), Filters(branch=("Monterrey", "")), Filters(owner=("Marta Ríos",), currency=("MXN",)),
    Filters(company=("CDE040506CD2",)), Filters(segment=("no existe",)),
]  # fmt: skip


def everything(connection: duckdb.DuckDBPyConnection, filters: Filters) -> list[Any]:
    """Every question that the screens ask."""
    question = aging.Question(AS_OF, filters, is_report_date=True)
    computed = aging.Question(dt.date(2026, 3, 3), filters, "as_recorded", "issue", own_currency=True)
    search = invoices.Search(filters, "todas", "a", amount_from=Decimal(1), issued_from=dt.date(2025, 1, 1))
    return [
        meta.about(connection), meta.report_dates(connection), meta.filter_values(connection),
        meta.definitions(connection), meta.columns(connection, "saldo"), meta.notices(connection),
        summary.points(connection, filters, AS_OF), summary.debtors(connection, filters, AS_OF, SUNDAY),
        summary.flows(connection, filters, AS_OF), summary.speed(connection, filters, AS_OF),
        summary.disputes(connection, filters, AS_OF), summary.customer_dispute(connection, "C001", AS_OF),
        aging.totals(connection, question), aging.by_customer(connection, question, "overdue", 50, 0),
        aging.totals(connection, computed), aging.by_customer(connection, computed, "name", 50, 0),
        worklist.counts(connection, filters, "rí"),
        *[worklist.page(connection, filters, view=view, order=order, limit=5, offset=0)
          for view in worklist.VIEWS for order in worklist.ORDERS],
        invoices.totals(connection, search),
        *[invoices.page(connection, search, order, 5, 5) for order in invoices.ORDERS],
        *[invoices.totals(connection, invoices.Search(filters, state)) for state in invoices.STATES],
        invoices.detail(connection, "F00001"), invoices.movements(connection, "F00001"),
        invoices.disputes(connection, "F00001"), invoices.exceptions(connection, "F00001"),
        customers.search(connection, filters, "ríos"), customers.detail(connection, "C001"),
        customers.balance_history(connection, "C001"), customers.worklist_row(connection, "C001"),
        customers.pay_habit(connection, "C001"), customers.pay_history(connection, "C001"),
        customers.timeline(connection, "C001", 500, 0), quality.runs(connection), quality.gates(connection),
        quality.checks(connection, True, 5, 0), quality.checks(connection, False, 5, 0),
        quality.file_counts(connection), quality.files(connection, "loaded", "fac", 5, 0),
        quality.quarantine(connection, "fila", 5, 0), quality.exception_counts(connection),
        quality.exceptions(connection, "UNAPPLIED_PAYMENT", 5, 0), quality.waiting_counts(connection),
        quality.waiting(connection, "", 5, 0), quality.waiting(connection, "payment", 5, 0),
    ]  # fmt: skip


def _values(answer: Any) -> list[object]:
    if isinstance(answer, dict):
        return [value for part in answer.values() for value in _values(part)]
    if isinstance(answer, list):
        return [value for part in answer for value in _values(part)]
    return [answer]


@pytest.mark.parametrize("filters", FILTERS)
def test_every_question_answers_and_no_float_comes_out(
    full: duckdb.DuckDBPyConnection, filters: Filters
) -> None:
    assert not [value for value in _values(everything(full, filters)) if isinstance(value, float)]


def test_every_question_answers_on_an_empty_snapshot(empty: duckdb.DuckDBPyConnection) -> None:
    everything(empty, Filters())


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("day", [AS_OF, SUNDAY, dt.date(2026, 1, 31)])
def test_the_published_and_the_computed_aging_agree(
    full: duckdb.DuckDBPyConnection, filters: Filters, day: dt.date
) -> None:
    def told(is_report_date: bool) -> tuple[list[Row], list[Row]]:
        question = aging.Question(day, filters, is_report_date=is_report_date)
        totals = aging.totals(full, question)
        rows = aging.by_customer(full, question, "name", 500, 0)
        for row in (*totals, *rows):
            row.pop("unapplied_mxn")
        return totals, rows

    assert told(True) == told(False)


def test_credit_not_applied_is_the_same_by_both_ways_without_filters(full: duckdb.DuckDBPyConnection) -> None:
    by_way = [
        aging.totals(full, aging.Question(AS_OF, is_report_date=published))[0]["unapplied_mxn"]
        for published in (True, False)
    ]
    assert by_way == [Decimal("48250.75")] * 2


def test_totals_are_the_sum_of_the_rows_and_of_the_buckets(full: duckdb.DuckDBPyConnection) -> None:
    question = aging.Question(AS_OF, is_report_date=True)
    (total,) = aging.totals(full, question)
    rows = aging.by_customer(full, question, "overdue", 500, 0)
    for name in aging.AMOUNTS:
        assert sum(row[name] for row in rows) == total[name]
    assert sum(total[name] for name in aging.BUCKETS.values()) == total["gross_mxn"]
    assert summary.points(full, Filters(), AS_OF)[-1]["gross_mxn"] == total["gross_mxn"]
    assert invoices.totals(full, invoices.Search())["open_mxn"] == total["gross_mxn"]
    assert invoices.totals(full, invoices.Search(state="vencidas"))["open_mxn"] == total["overdue_mxn"]


def test_filters_split_the_total(full: duckdb.DuckDBPyConnection) -> None:
    whole = summary.points(full, Filters(), AS_OF)[-1]["gross_mxn"]
    for name, values in meta.filter_values(full).items():
        parts = [
            summary.points(full, Filters(**{name: (value,)}), AS_OF)[-1]["gross_mxn"] for value in values
        ]
        assert sum(parts) == whole, name


def test_pages_of_rows_cover_all_once(full: duckdb.DuckDBPyConnection) -> None:
    search = invoices.Search(state="todas")
    count = invoices.totals(full, search)["invoices"]
    seen = [
        row["invoice_id"] for offset in range(0, count, 100)
        for row in invoices.page(full, search, "saldo", 100, offset)
    ]  # fmt: skip
    assert len(seen) == len(set(seen)) == count


def test_an_invoice_in_instalments_shows_the_date_its_days_are_counted_from() -> None:
    in_march, in_may = dt.date(2026, 3, 1), dt.date(2026, 5, 1)
    with duckdb.connect() as c:
        c.execute("create schema marts; create schema meta")
        c.execute("create table meta.snapshot as select date '2026-03-31' as as_of")
        for mart in ("fct_invoices", "aging_open_items"):
            columns = ", ".join(" ".join(column) for column in mart_columns.tables(mart_columns.MARTS)[mart])
            c.execute(f"create table marts.{mart} ({columns})")
        c.execute(
            "insert into marts.fct_invoices by name select 'F1' as invoice_id, 'open' as status, 30 as days_past_due, "
            f"date '{in_may}' as due_date, date '{in_march}' as oldest_open_due_date union all by name "
            f"select 'F2' as invoice_id, 'open' as status, -31 as days_past_due, date '{in_may}' as due_date"
        )
        found = invoices.page(c, invoices.Search(), "vence", 10, 0)
    assert [(row["invoice_id"], row["due_date"]) for row in found] == [("F1", in_march), ("F2", in_may)]


@pytest.mark.parametrize(
    "text", ["'; drop table marts.fct_invoices; --", "%", "_", '"', "\\", "a' or '1'='1"]
)
def test_what_people_type_is_only_text(full: duckdb.DuckDBPyConnection, text: str) -> None:
    assert invoices.page(full, invoices.Search(state="todas", text=text), "folio", 5, 0) == []
    assert worklist.page(full, Filters(), view="todas", order="nombre", limit=5, offset=0, text=text) == []
    assert customers.search(full, Filters(branch=(text,)), text) == []
    assert customers.detail(full, text) is None


def test_search_finds_by_folio_uuid_name_without_accents_and_amount(full: duckdb.DuckDBPyConnection) -> None:
    def found(**how: Any) -> list[Row]:
        return invoices.page(full, invoices.Search(state="todas", **how), "folio", 500, 0)

    first = found()[0]
    assert first["invoice_id"] in {row["invoice_id"] for row in found(text=first["folio_label"].lower())}
    assert [row["uuid"] for row in found(text=first["uuid"].upper())] == [first["uuid"]]
    assert {row["customer_name"] for row in found(text="logistica peninsular")} == {"Logística Peninsular"}
    exact = found(amount_from=first["total_ccy"], amount_to=first["total_ccy"])
    assert [row["invoice_id"] for row in exact] == [first["invoice_id"]]


def test_running_balance_ends_at_the_open_balance(full: duckdb.DuckDBPyConnection) -> None:
    for row in invoices.page(full, invoices.Search(state="abiertas"), "saldo", 20, 0):
        assert invoices.movements(full, row["invoice_id"])[-1]["balance_ccy"] == row["open_ccy"]


def test_two_filters_cannot_be_combined_in_monthly_figures(full: duckdb.DuckDBPyConnection) -> None:
    both = Filters(branch=("Monterrey",), currency=("USD",))
    assert summary.flows(full, both, AS_OF) is None
    assert summary.speed(full, both, AS_OF) is None
    assert summary.speed(full, Filters(branch=("Monterrey", "Puebla")), AS_OF) is None
    assert summary.flows(full, Filters(branch=("Monterrey", "Puebla")), AS_OF)


def test_notices_count_what_needs_a_look(full: duckdb.DuckDBPyConnection) -> None:
    assert [row["kind"] for row in meta.notices(full)] == ["check", "quarantine"]


def test_queries_do_not_import_the_screen() -> None:
    for module in (aging, customers, invoices, meta, quality, summary, worklist):
        assert "streamlit" not in inspect.getsource(module)


def test_the_models_have_every_column_that_the_screens_know() -> None:
    """The fixture's columns against the models' enforced contracts: a rename shows here before it shows on screen."""
    folder = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "marts"
    tables = {"kpi_figures": "kpis"}  # the model's name where its table has another
    contracts = {
        tables.get(model["name"], model["name"]): {column["name"] for column in model.get("columns", [])}
        for file in sorted(folder.rglob("*.yml"))
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])
    }
    for table, columns in mart_columns.tables(mart_columns.MARTS).items():
        missing = {name for name, _ in columns} - contracts.get(table, set())
        assert not missing, (table, missing)
