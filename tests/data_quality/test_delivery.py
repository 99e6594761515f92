"""Gate 1: a normal messy delivery passes; each check has a delivery that fails it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from data_quality.delivery import check_delivery
from data_quality.engine import CheckResult
from ingestion.contracts import RAW_TABLES, RawTable

ROWS = 40
VALUES = {"text": "'{name}' || range", "money": "100 + range", "rate": "17.5", "date": "date '2026-03-01'",
          "timestamp": "timestamp '2026-03-01 10:00:00'", "integer": "range", "boolean": "true"}  # fmt: skip


def value(table: RawTable, name: str, kind: str) -> str:
    """SQL for a plausible value of a column."""
    if name == "currency" or name.startswith("moneda") or name.endswith("_currency"):
        return "'MXN'"
    if name == "uuid" or name.endswith("_uuid"):
        return "printf('00000000-0000-4000-8000-%012d', range)"
    if name == "source_file_id" and not table.name.startswith("cfdi__"):
        return "'f1'"
    if table.name == "register__fx_rates" and name == "date":
        return "date '2026-01-01' + range::integer"
    return VALUES[kind].format(name=name)


def deliver(path: Path, names: list[str], change: str = "") -> Path:
    """A delivery of forty good rows a table, then changed by one SQL statement."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as made; use made; create schema delivery")
        for name in names:
            table = RAW_TABLES[name]
            columns = ", ".join(f'{value(table, c.name, c.type)} as "{c.name}"' for c in table.all_columns)
            connection.execute(f"create table delivery.{name} ({table.create_sql})")
            connection.execute(f"insert into delivery.{name} select {columns} from range({ROWS})")
        if change:
            connection.execute(change)
    return path


def bad(results: list[CheckResult]) -> dict[tuple[str, str], str]:
    return {(r.subject, r.check_name): r.status for r in results if r.status != "passed"}


def test_every_table_passes_when_good(tmp_path: Path) -> None:
    path = deliver(tmp_path / "delivery.duckdb", list(RAW_TABLES))
    results = check_delivery(path, list(RAW_TABLES), {"invoices": 2})
    assert bad(results) == {}
    assert {r.subject for r in results} == set(RAW_TABLES)
    duckdb.connect(str(path)).close()


def test_only_the_tables_asked_for_and_only_those_with_rows(tmp_path: Path) -> None:
    path = deliver(tmp_path / "delivery.duckdb", ["register__invoices", "register__payments"],
                   "delete from delivery.register__payments")  # fmt: skip
    assert {r.subject for r in check_delivery(path, ["invoices", "payments"])} == {"register__invoices"}
    assert check_delivery(path, ["customers"]) == []
    assert check_delivery(tmp_path / "none.duckdb", ["invoices"]) == []


def test_a_normal_messy_register_only_warns(tmp_path: Path) -> None:
    mess = """
        update delivery.register__invoices set currency = 'pesos' where row_number = 0;
        update delivery.register__invoices set uuid = 'N/A' where row_number < 9;
        update delivery.register__invoices set total = 0 where row_number = 3;
        update delivery.register__invoices set total = -50 where row_number = 4;
        update delivery.register__invoices set due_date = '2205-01-01' where row_number = 5;
        update delivery.register__invoices set sent_date = '0206-01-01' where row_number = 6;
        update delivery.register__invoices set due_date = null, subtotal = null, iva = null where row_number > 30;
        update delivery.register__invoices set fx_rate = 0 where row_number = 7;
        update delivery.register__invoices set invoice_id = 'invoice_id1' where row_number = 2;
    """
    results = check_delivery(deliver(tmp_path / "d.duckdb", ["register__invoices"], mess), ["invoices"])
    assert set(bad(results).values()) == {"warned"}
    assert all("{" not in r.message for r in results)


@pytest.mark.parametrize(
    ("table", "change", "check", "status"),
    [
        ("register__invoices", "set total = null where row_number = 3", "required_values", "failed"),
        ("register__payments", "set source_file_id = null where row_number = 3", "required_values", "failed"),
        ("register__invoices", "set total = 1000000000000 where row_number = 3", "plausible_amounts", "failed"),
        ("cfdi__documents", "set subtotal = -1e12 where uuid like '%7'", "plausible_amounts", "failed"),
        ("register__fx_rates", "set mxn_per_unit = 0 where row_number = 3", "plausible_mxn_per_unit", "failed"),
        ("register__fx_rates", "set mxn_per_unit = 18000 where row_number = 3", "plausible_mxn_per_unit", "failed"),
        ("register__invoices", "set currency = 'USD', fx_rate = -1", "plausible_fx_rate", "warned"),
        ("cfdi__documents", "set moneda = 'USD', tipo_cambio = 0", "plausible_tipo_cambio", "warned"),
        ("cfdi__payments", "set moneda_p = 'USD', tipo_cambio_p = 0", "plausible_tipo_cambio_p", "warned"),
        ("register__invoices", "set issue_date = '0226-03-01' where row_number = 3", "required_dates", "failed"),
        ("cfdi__documents", "set fecha = '2126-03-01' where uuid like '%7'", "required_dates", "failed"),
        ("register__invoices", "set due_date = '1905-03-01' where row_number = 3", "optional_dates", "warned"),
        ("register__invoices", "set issue_date = '2011-03-01' where row_number = 3", "plausible_years", "warned"),
        ("register__promises", "set promised_date = '2036-03-01' where row_number = 3", "plausible_years", "warned"),
        ("register__invoices", "set currency = 'PESO' where row_number = 3", "currency_form", "warned"),
        ("register__invoices", "set currency = 'M.N.'", "currency_share_currency", "failed"),
        ("cfdi__documents", "set moneda = '1'", "currency_share_moneda", "failed"),
        ("register__invoices", "set uuid = 'A-113' where row_number = 3", "uuid_form_uuid", "warned"),
        ("cfdi__documents", "set uuid = 'A-113' where uuid like '%7'", "uuid_form_uuid", "failed"),
        ("cfdi__related", "set related_uuid = 'x' where position = 3", "uuid_form_related_uuid", "warned"),
        ("register__payments", "set rep_uuid = 'x' where row_number = 3", "uuid_form_rep_uuid", "warned"),
        ("register__invoices", "set invoice_id = 'same' where row_number < 2", "repeated_key", "warned"),
        ("cfdi__payments", "set source_file_id = 'f', pago_number = 1", "repeated_key", "warned"),
        ("register__payments", "set amount = -5 where row_number = 3", "positive_amount", "warned"),
        ("register__payments", "set amount = -amount", "positive_share_amount", "failed"),
        ("register__invoices", "set total = 0 where row_number > 5", "positive_share_total", "failed"),
    ],
)  # fmt: skip
def test_each_check_fails(tmp_path: Path, table: str, change: str, check: str, status: str) -> None:
    path = deliver(tmp_path / "delivery.duckdb", [table], f"update delivery.{table} {change}")
    found = {r.check_name: r for r in check_delivery(path, [table])}[check]
    assert (found.status, found.subject) == (status, table)
    assert found.severity == ("critical" if status == "failed" else "warning")
    assert not {"{", "}"} & set(found.message)


def test_a_rate_of_zero_in_pesos_says_nothing(tmp_path: Path) -> None:
    change = "update delivery.register__invoices set fx_rate = 0"
    assert (
        bad(check_delivery(deliver(tmp_path / "d.duckdb", ["register__invoices"], change), ["invoices"]))
        == {}
    )


def test_a_corrected_row_in_another_file_is_no_repetition(tmp_path: Path) -> None:
    change = "update delivery.register__invoices set invoice_id = 'same', source_file_id = 'f' || row_number"
    results = check_delivery(deliver(tmp_path / "d.duckdb", ["register__invoices"], change), ["invoices"])
    assert bad(results) == {}


@pytest.mark.parametrize(("refused", "status"), [(0, "passed"), (40, "passed"), (41, "failed")])
def test_share_of_refused_rows(tmp_path: Path, refused: int, status: str) -> None:
    path = deliver(tmp_path / "d.duckdb", ["register__invoices"])
    found = check_delivery(path, ["register__invoices"], {"invoices": refused})[0]
    assert (found.check_name, found.subject, found.status) == ("refused_share", "register__invoices", status)


def test_a_few_refused_rows_say_nothing_of_the_file(tmp_path: Path) -> None:
    path = deliver(
        tmp_path / "d.duckdb",
        ["register__invoices"],
        "delete from delivery.register__invoices where row_number > 1",
    )
    assert check_delivery(path, ["invoices"], {"invoices": 10})[0].status == "passed"


def test_the_message_names_value_and_row(tmp_path: Path) -> None:
    change = "update delivery.register__invoices set total = 5000000000000 where row_number = 7"
    results = check_delivery(deliver(tmp_path / "d.duckdb", ["register__invoices"], change), ["invoices"])
    message = next(r.message for r in results if r.status == "failed")
    assert message.startswith("1 fila de facturas")
    assert "total 5000000000000.000000 (fila 7)" in message
