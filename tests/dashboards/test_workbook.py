"""The weekly workbook: figures against independent sums, formulas only ours, text stays text, same bytes."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from cartera.errors import InputError
from dashboards.reports.weekly import build_workbook
from dashboards.reports.workbook import FIRST_ROW
from tests.dashboards import fixture_snapshot
from tests.dashboards.fixture_company import AS_OF

SHEETS = ["Portada", "Movimientos", "Antigüedad por cliente", "Detalle", "Definiciones"]
OURS = re.compile(
    r"=SUM\([A-Z]+\d+:[A-Z]+\d+\)|=SUBTOTAL\(109,[A-Z]+\d+:[A-Z]+\d+\)|=ROUND\(B\d+-B\d+,2\)"
    r"|=ROUND\((SUM\('[^']+'![A-Z]+\d+:[A-Z]+\d+\)|Portada!B\d+)-SUM\('[^']+'![A-Z]+\d+:[A-Z]+\d+\),2\)"
)
BRIDGE = """
    insert into marts.weekly_bridge values
        ('2026-06-28', 'start', 1, 1000.10), ('2026-06-28', 'billed', 2, 500.00),
        ('2026-06-28', 'collected_applied', 3, -300.55), ('2026-06-28', 'credit_notes', 4, -20.00),
        ('2026-06-28', 'cancelled', 5, 0), ('2026-06-28', 'write_offs', 6, 0), ('2026-06-28', 'other', 7, 0),
        ('2026-06-28', 'fx', 8, -15.32), ('2026-06-28', 'rounding', 9, 0.01),
        ('2026-06-28', 'end', 10, 1164.24), ('2026-06-28', 'residual', 11, 0);
    insert into marts.weekly_movements values
        ('2026-06-28', 'collected_mxn', 320.55, ''), ('2026-06-21', 'collected_mxn', 200.00, '');
"""


def snapshot(
    folder: Path, *, change: str = "", empty: bool = False, hostile: bool = False
) -> duckdb.DuckDBPyConnection:
    path = folder / "snap.duckdb"
    fixture_snapshot.build(path, empty=empty, hostile=hostile)
    if change:
        with duckdb.connect(str(path)) as connection:
            connection.execute("delete from marts.weekly_bridge; delete from marts.weekly_movements")
            connection.execute(change)
    return duckdb.connect(str(path), read_only=True)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with snapshot(tmp_path_factory.mktemp("weekly"), change=BRIDGE) as found:
        yield found


def opened(data: bytes, *, values: bool = True) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def table(book: openpyxl.Workbook, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet's Excel Table."""
    page = book[sheet]
    reference = next(iter(page.tables.values())).ref
    rows = [[cell.value for cell in row] for row in page[reference]]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def figure(book: openpyxl.Workbook, name: str) -> Any:
    return next(row[1].value for row in book["Portada"].iter_rows() if row[0].value == name)


def money(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


def test_name_sheets_and_excel_habits(connection: duckdb.DuckDBPyConnection) -> None:
    name, data = build_workbook(connection)
    assert name == f"revision_semanal_{AS_OF:%Y-%m-%d}.xlsx"
    book = opened(data)
    assert book.sheetnames == SHEETS
    assert book.active.title == "Portada"
    assert book.active.sheet_view.selection[0].activeCell == "A1"
    for page in book.worksheets:
        assert not page.merged_cells.ranges
        assert page.page_setup.orientation == "landscape"
        assert page.sheet_properties.pageSetUpPr.fitToPage
        assert (page.page_setup.fitToWidth or 1, page.page_setup.fitToHeight) == (1, 0)
    for sheet, frozen in (("Antigüedad por cliente", "B7"), ("Detalle", "D7")):
        assert book[sheet].freeze_panes == frozen
        assert next(iter(book[sheet].tables.values())).autoFilter is not None
    assert "vbaProject" not in "".join(zipfile.ZipFile(io.BytesIO(data)).namelist())


def test_detail_is_the_open_invoices(connection: duckdb.DuckDBPyConnection) -> None:
    book = opened(build_workbook(connection)[1])
    rows = table(book, "Detalle")
    expected = connection.execute(
        "select count(*), sum(open_mxn_closing) from marts.fct_invoices where open_ccy > 0 and status = 'open'"
    ).fetchall()[0]
    assert (len(rows), sum(money(row["Saldo MXN"]) for row in rows)) == expected
    assert all(isinstance(row["Vence"], dt.datetime) and isinstance(row["Folio"], str) for row in rows)
    assert {type(row["RFC"]) for row in rows} <= {str, type(None)}
    page = book["Detalle"]
    assert page.cell(FIRST_ROW + 1, 5).number_format == "dd/mm/yyyy"
    assert page.cell(FIRST_ROW + 1, 11).number_format == "#,##0.00;[Red]-#,##0.00;-"


def test_customers_and_cover_tie_to_the_invoices(connection: duckdb.DuckDBPyConnection) -> None:
    book = opened(build_workbook(connection)[1])
    customers = table(book, "Antigüedad por cliente")
    by_customer = dict(connection.execute(
        "select customer_name, sum(open_mxn_closing) from marts.fct_invoices where status = 'open' group by 1"
    ).fetchall())  # fmt: skip
    assert {row["Cliente"]: money(row["Total"]) for row in customers} == by_customer
    for row in customers:
        buckets = ("Por vencer", "1 a 30", "31 a 60", "61 a 90", "91 a 120", "Más de 120")
        assert sum(money(row[name]) for name in buckets) == money(row["Total"])
    overdue = [money(row["Vencido"]) for row in customers]
    assert overdue == sorted(overdue, reverse=True)
    late = connection.execute(
        "select sum(open_mxn_closing) from marts.fct_invoices where status = 'open' and due_date < ?", [AS_OF]
    ).fetchall()[0][0]
    assert money(figure(book, "Cartera bruta")) == sum(by_customer.values())
    assert money(figure(book, "Cartera vencida")) == late
    assert round(figure(book, "Morosidad"), 6) == round(float(100 * late / sum(by_customer.values())), 6)
    assert money(figure(book, "Cobrado en la semana")) == Decimal("320.55")


def test_a_figure_without_data_is_blank(connection: duckdb.DuckDBPyConnection) -> None:
    assert figure(opened(build_workbook(connection)[1]), "Promesas cumplidas") is None


def test_bridge_checks_to_zero(connection: duckdb.DuckDBPyConnection) -> None:
    page = opened(build_workbook(connection)[1])["Movimientos"]
    found = {row[0].value: row[1].value for row in page.iter_rows() if row[0].value}
    assert money(found["Cartera bruta al final"]) == Decimal("1164.24")
    assert found["Comprobación (debe ser 0.00)"] == 0


def test_a_bridge_that_does_not_close_says_so(tmp_path: Path) -> None:
    broken = BRIDGE.replace("1164.24", "1164.00")
    with snapshot(tmp_path, change=broken) as connection:
        page = opened(build_workbook(connection)[1])["Movimientos"]
    found = {row[0].value: row[1] for row in page.iter_rows() if row[0].value}
    assert money(found["Comprobación (debe ser 0.00)"].value) == Decimal("0.24")


def test_migration_rows_add_up(connection: duckdb.DuckDBPyConnection) -> None:
    page = opened(build_workbook(connection)[1])["Movimientos"]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    start = next(n for n, row in enumerate(rows) if str(row[0]).startswith("Rango el"))
    body = rows[start + 1 : start + 9]
    for row in body[:6]:
        assert money(row[1]) == sum(money(value) for value in row[2:])
    for column in range(1, 9):
        assert money(body[7][column]) == sum(money(row[column]) for row in body[:7])


def test_formulas_are_only_ours_and_show_what_they_calculate(tmp_path: Path) -> None:
    with snapshot(tmp_path, change=BRIDGE, hostile=True) as connection:
        data = build_workbook(connection)[1]
    formulas, values = opened(data, values=False), opened(data)
    seen = 0
    for page in formulas.worksheets:
        for row in page.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                seen += 1
                assert OURS.fullmatch(cell.value), cell.value
                assert money(calculated(values, page.title, cell.value)) == money(
                    values[page.title][cell.coordinate].value
                )
    assert seen > 20


def calculated(book: openpyxl.Workbook, sheet: str, formula: str) -> Decimal:
    """Our three kinds of formula, calculated apart from Excel."""
    rounded = re.fullmatch(r"=ROUND\((.+)-(.+),2\)", formula)
    if rounded:
        left, right = (calculated(book, sheet, "=" + part) for part in rounded.groups())
        return left - right
    place = re.search(r"(?:'?([^'!(=]+)'?!)?([A-Z]+\d+(?::[A-Z]+\d+)?)\)?$", formula)
    assert place
    page = book[place[1] or sheet]
    left, top, right, bottom = range_boundaries(place[2])
    cells = page.iter_rows(min_row=top, max_row=bottom, min_col=left, max_col=right)
    return sum(
        (Decimal(str(cell.value)) for row in cells for cell in row if cell.value is not None), Decimal(0)
    )


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    with snapshot(tmp_path, hostile=True) as connection:
        data = build_workbook(connection)[1]
    page = opened(data, values=False)["Detalle"]
    hostile = [cell for row in page.iter_rows() for cell in row if str(cell.value).startswith("=HYPERLINK")]
    assert hostile
    assert {cell.data_type for cell in hostile} == {"s"}
    assert all(cell.quotePrefix for cell in hostile)
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert not [name for name in names if "externalLink" in name]
    assert not [row for sheet in opened(data).worksheets for row in sheet._hyperlinks]


def test_the_same_bytes_twice_and_no_clock(connection: duckdb.DuckDBPyConnection) -> None:
    first, second = build_workbook(connection)[1], build_workbook(connection)[1]
    assert first == second
    archive = zipfile.ZipFile(io.BytesIO(first))
    assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    assert fixture_snapshot.PUBLISHED.isoformat() in archive.read("docProps/core.xml").decode()


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (dt.date(2026, 5, 31), "conserva"),
        (dt.date(2026, 6, 10), "reconstruida"),
        (AS_OF, "última publicación"),
    ],
)
def test_a_past_date_says_where_it_comes_from(
    connection: duckdb.DuckDBPyConnection, day: dt.date, words: str
) -> None:
    name, data = build_workbook(connection, day)
    assert name == f"revision_semanal_{day:%Y-%m-%d}.xlsx"
    book = opened(data)
    assert words in figure(book, "Fecha de la revisión")
    open_then = connection.execute(
        "select sum(open_mxn_closing) from marts.open_items_as_of(?::date)", [day]
    ).fetchall()[0][0]
    assert money(figure(book, "Cartera bruta")) == open_then
    assert sum(money(row["Saldo MXN"]) for row in table(book, "Detalle")) == open_then
    latest = [row["Siguiente acción"] for row in table(book, "Antigüedad por cliente")]
    assert any(latest) == (day == AS_OF)


def test_a_later_date_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(InputError, match="posterior a los datos"):
        build_workbook(connection, AS_OF + dt.timedelta(1))


def test_an_empty_company_has_a_workbook_too(tmp_path: Path) -> None:
    with snapshot(tmp_path, empty=True) as connection:
        book = opened(build_workbook(connection)[1])
    assert book.sheetnames == SHEETS
    assert book["Portada"]["A5"].value == "No hay cartera abierta a este corte."
