"""The files that tables give: the rows on screen, harmless in a spreadsheet, with where they come from."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest

from dashboards.ui import files
from dashboards.ui.files import Column, Origin

ORIGIN = Origin(dt.date(2026, 6, 30), "20260630T131200", "Sucursal: Norte")
COLUMNS = [
    Column("name", "Cliente"), Column("amount", "Saldo", "money"), Column("days", "Días", "int"),
    Column("due", "Vence", "date"), Column("pct", "%", "pct"), Column("folio", "Folio"),
]  # fmt: skip
NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\0=1",
    '=HYPERLINK("http://192.0.2.1")',
    "-cmd|' /C calc'!A0",
]
ROWS = [
    {"name": text, "amount": Decimal("-1234567.89"), "days": 3, "due": dt.date(2026, 7, 1), "pct": Decimal("12.3456"),
     "folio": "000123"}
    for text in [*NASTY, "Árbol, S.A. \"de\" C.V.", None]
]  # fmt: skip


def _csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_csv_gives_the_rows_exactly_and_their_origin() -> None:
    head, *lines = _csv(files.csv_bytes(ROWS, COLUMNS, ORIGIN))
    assert head == ["Cliente", "Saldo", "Días", "Vence", "%", "Folio", "corte", "publicacion", "filtros"]
    assert len(lines) == len(ROWS)
    assert lines[-2] == [
        'Árbol, S.A. "de" C.V.', "-1234567.89", "3", "2026-07-01", "12.3456", "000123", "2026-06-30",
        "20260630T131200", "Sucursal: Norte",
    ]  # fmt: skip


@pytest.mark.parametrize("position", range(len(NASTY)))
def test_csv_text_that_begins_like_a_formula_gets_an_apostrophe(position: int) -> None:
    cell = _csv(files.csv_bytes(ROWS, COLUMNS, ORIGIN))[position + 1][0]
    assert cell.startswith("'")
    assert "\0" not in cell


def test_csv_guards_the_names_of_filters_too() -> None:
    origin = Origin(ORIGIN.cut, ORIGIN.run_id, "=cmd")
    assert _csv(files.csv_bytes(ROWS[:1], COLUMNS, origin))[1][-1] == "'=cmd"


def test_xlsx_has_no_formula_no_link_and_real_numbers_and_dates() -> None:
    data = files.xlsx_bytes(ROWS, COLUMNS, ORIGIN, "prueba")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        text = "".join(package.read(name).decode("utf-8", "replace") for name in package.namelist())
    assert "<f>" not in text
    assert "<hyperlink " not in text
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book["Datos"]
    assert sheet.max_row == len(ROWS) + 1
    assert [sheet.cell(row + 2, 1).value for row in range(4)] == NASTY[:4]
    assert float(sheet["B2"].value) == -1234567.89
    assert sheet["D2"].value.date() == dt.date(2026, 7, 1)
    assert sheet["F2"].value == "000123"
    origin = {row[0].value: row[1].value for row in book["Origen"].iter_rows()}
    assert origin["publicacion"] == "20260630T131200"
    assert origin["corte"] == "2026-06-30"
    assert origin["renglones"] == str(len(ROWS))


def test_the_same_rows_give_the_same_workbook() -> None:
    assert files.xlsx_bytes(ROWS, COLUMNS, ORIGIN, "x") == files.xlsx_bytes(ROWS, COLUMNS, ORIGIN, "x")
