"""Excel workbooks: types, sheets, merged cells, errors, both epochs, and packages meant to do harm."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from ingestion.tables.mapping import parse_mappings
from tests.ingestion.tables_kit import INVOICE, codes, column, read, refused, rows, xlsx

HEAD = INVOICE.split(",")
DAY = date(2026, 1, 31)


def test_types_of_cells() -> None:
    data = xlsx(
        {
            "Hoja1": [
                HEAD,
                [123.0, "0045", "mxn", 1160.5, DAY],
                ["0001", 7, "MXN", "$1,160.50", datetime.fromisoformat("2026-01-31T18:30:00")],
                [True, "C", "MXN", 0.1 + 0.2, 46053],
                ["x", "C", "MXN", 1160 * 1.16 / 3, "31/01/2026"],
            ]
        }
    )
    reading = read("ventas.xlsx", data)
    assert column(reading, "invoice_id") == ["123", "0001", "true", "x"]
    assert column(reading, "customer_id") == ["0045", "7", "C", "C"]
    assert column(reading, "total")[:3] == [Decimal("1160.5"), Decimal("1160.5"), Decimal("0.3")]
    assert column(reading, "total")[3] == Decimal("448.533333")
    assert column(reading, "issue_date") == [DAY] * 4
    assert reading.flags == ["rounded_numbers:total"]


@pytest.mark.parametrize("serial", [True, False])
def test_workbooks_of_1904(serial: bool) -> None:
    def edit(book: Any) -> None:
        book.epoch = CALENDAR_MAC_1904
        sheet = book["A"]
        sheet["E2"] = (DAY - date(1904, 1, 1)).days if serial else DAY

    assert column(read("x.xlsx", xlsx({"A": [HEAD, ["1", "C", "MXN", 5, None]]}, edit)), "issue_date") == [
        DAY
    ]


def test_titles_merged_cells_and_totals() -> None:
    def edit(book: Any) -> None:
        sheet = book["Facturas"]
        sheet.merge_cells("A1:E1")
        sheet.merge_cells("B4:B6")

    data = xlsx(
        {
            "Facturas": [
                ["Relación de facturas al 31 de enero"],
                [],
                ["Factura", "Cliente", "Moneda", "Total", "Fecha de emisión"],
                ["1", "C", "MXN", 5, DAY],
                ["2", None, "MXN", 6, DAY],
                ["3", None, "MXN", 7, DAY],
                [],
                ["Total", None, None, 18, None],
            ]
        },
        edit,
    )
    reading = read("x.xlsx", data)
    assert column(reading, "customer_id") == ["C", "C", "C"]
    assert column(reading, "row_number") == [4, 5, 6]
    assert codes(reading) == [(8, "total_row")]
    assert reading.refusals[0].location == "hoja «Facturas», fila 8"


def test_a_merged_amount_belongs_to_no_row() -> None:
    def edit(book: Any) -> None:
        book["A"].merge_cells("D2:D3")

    data = xlsx(
        {"A": [HEAD, ["1", "C", "MXN", 9, DAY], ["2", "C", "MXN", None, DAY], ["3", "C", "MXN", 5, DAY]]},
        edit,
    )
    reading = read("x.xlsx", data)
    assert column(reading, "invoice_id") == ["3"]
    assert codes(reading) == [(2, "merged_amount"), (3, "merged_amount")]


def test_error_cells_are_no_blanks() -> None:
    head = [*HEAD, "salesperson", "due_date"]
    first, second = ["1", "C", "MXN", 5, DAY, "#N/A", None], ["2", "C", "MXN", 5, DAY, "Ana", "#REF!"]
    data = xlsx({"A": [head, first, second, ["3", "C", "MXN", "#DIV/0!", DAY, None, None]]})
    reading = read("x.xlsx", data)
    assert [(r["invoice_id"], r["salesperson"]) for r in rows(reading)] == [("1", None)]
    assert codes(reading) == [(3, "bad_date"), (4, "bad_amount")]
    assert "cell_errors:salesperson" in reading.flags


def test_formulas_without_a_saved_value_are_blank() -> None:
    data = xlsx({"A": [HEAD, ["1", "C", "MXN", "=1+1", DAY]]})
    assert codes(read("x.xlsx", data)) == [(2, "blank_required")]


def test_a_text_that_excel_made_a_date_stays_a_text() -> None:
    data = xlsx({"A": [["kpi", "period", "target"], ["dso", DAY, 45]]})
    assert column(read("metas.xlsx", data), "period") == ["2026-01-31"]


def test_an_american_excel_that_turned_some_dates_round_is_flagged() -> None:
    data = xlsx({"A": [HEAD, ["1", "C", "MXN", 5, date(2026, 4, 3)], ["2", "C", "MXN", 5, "13/04/2026"]]})
    reading = read("x.xlsx", data)
    assert reading.flags == ["mixed_dates:issue_date"]
    assert column(reading, "issue_date") == [date(2026, 4, 3), date(2026, 4, 13)]


def test_several_sheets() -> None:
    def edit(book: Any) -> None:
        book["Febrero"].sheet_state = "hidden"

    data = xlsx(
        {
            "Portada": [["Cartera 2026"]],
            "Enero": [HEAD, ["1", "C", "MXN", 5, DAY]],
            "Vacía": [],
            "Febrero": [HEAD[::-1], [DAY, 6, "MXN", "C", "2"], [DAY, "N/A", "MXN", "C", "3"]],
            "Clientes": [["Clave cliente", "Razón social"], ["C", "Uno"]],
            "Marzo": [HEAD[:-1], ["4", "C", "MXN", 5]],
        },
        edit,
    )
    reading = read("facturas.xlsx", data)
    assert reading.kind == "invoices"
    assert column(reading, "invoice_id", "invoices") == ["1", "2"]
    assert column(reading, "name", "customers") == ["Uno"]
    assert codes(reading) == [(3, "bad_amount"), (None, "missing_column")]
    assert [r.location for r in reading.refusals] == [
        "hoja «Febrero», fila 3, columna «total»",
        "hoja «Marzo»",
    ]
    assert reading.flags == ["unknown_sheet:Portada", "hidden_sheet:Febrero"]
    assert reading.rows_read == 5


def test_the_mapping_names_the_sheet() -> None:
    mapping = parse_mappings(
        b"{name: m, kind: fx_rates, match: [Dia, Valor], sheet: Dos, header_row: 2, "
        b"columns: {date: Dia, currency: {const: USD}, mxn_per_unit: Valor}}",
        "m.yml",
    )
    sheet = [["Dia", "Valor"], ["Dia", "Valor"], [DAY, 17.5]]
    reading = read(
        "x.xlsx", xlsx({"Uno": sheet, "Dos": sheet, "Tres": [HEAD, ["1", "C", "MXN", 5, DAY]]}), mapping
    )
    assert list(reading.tables) == ["register__fx_rates"]
    assert column(reading, "row_number") == [3]
    assert reading.flags == ["unknown_sheet:Uno", "unknown_sheet:Tres"]


def test_decimal_comma_texts_beside_numbers() -> None:
    mapping = parse_mappings(
        b'{name: m, kind: fx_rates, match: [Dia, Valor], decimal: ",", '
        b"columns: {date: Dia, currency: {const: USD}, mxn_per_unit: Valor}}",
        "m.yml",
    )
    cells = [["Dia", "Valor"], [DAY, 17.5], [DAY, "17,5"], [DAY, 17.125], [DAY, 17.1234]]
    reading = read("x.xlsx", xlsx({"A": cells}), mapping)
    assert column(reading, "mxn_per_unit") == [Decimal("17.5"), Decimal("17.5"), Decimal("17.1234")]
    assert codes(reading) == [(4, "bad_amount")]  # 17.125 may be a number or 17125 as a text


def repack(data: bytes, change: dict[str, bytes | None], extra: dict[str, bytes] | None = None) -> bytes:
    """The same package with some parts changed, dropped or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return buffer.getvalue()


SMALL = xlsx({"A": [HEAD, ["1", "C", "MXN", 5, DAY]]})
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (repack(SMALL, {"xl/workbook.xml": None}, {"xl/workbook.bin": b"x"}), "xlsb"),
        (repack(SMALL, {"xl/workbook.xml": None}), "not_xlsx"),
        (repack(SMALL, {"xl/workbook.xml": None}, {"mimetype": b"", "content.xml": b""}), "ods"),
        (repack(SMALL, {SHEET: b"<worksheet><sheetData><row"}), "xlsx_damaged"),
        (repack(SMALL, {SHEET: "<worksheet/>".encode("utf-16")}), "xlsx_damaged"),
        (SMALL[: len(SMALL) // 2], "xlsx_damaged"),
    ],
)
def test_packages_that_are_refused(data: bytes, code: str) -> None:
    assert refused(read("x.xlsx", data)) == code


@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
        b"<row r='1'><c r='A1'><v>1</v></c></row><row r='1'><c r = 'XFD1048576'><v>2</v></c></row>",
        b'<row r="1"><c r="XFD1"><v>1</v></c></row><row r="1048576"><c><v>2</v></c></row>',
        b'<row r="1"><c r="A1"><v>1</v></c><c r="ZZ1"><v>1</v></c></row>'
        b'<row r="4000000"><c r="A4000000"><v>2</v></c></row>',
    ],
)
def test_two_far_cells_are_not_allocated(cells: bytes) -> None:
    xml = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    data = repack(SMALL, {SHEET: xml + cells + b"</sheetData></worksheet>"})
    assert refused(read("x.xlsx", data)) == "sheet_too_wide"


def test_styled_empty_cells_far_away_are_honest() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (HEAD, ["1", "C", "MXN", 5, DAY]):
        sheet.append(row)
    sheet["XFD90000"].number_format = "0.00"
    buffer = io.BytesIO()
    book.save(buffer)
    assert column(read("x.xlsx", buffer.getvalue()), "invoice_id") == ["1"]


def test_a_bomb_is_stopped_while_it_inflates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.tables.package.MAX_INFLATED", 3 << 20)
    assert refused(read("x.xlsx", repack(SMALL, {}, {"xl/media/zero.bin": bytes(8 << 20)}))) == "too_big"
    assert refused(read("x.xlsx", repack(SMALL, {SHEET: bytes([32]) * (8 << 20)}))) == "too_big"


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(SMALL)
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    assert refused(read("x.xlsx", bytes(data))) == "encrypted"
