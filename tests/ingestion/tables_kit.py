"""Helpers of the register tests: files made by code, and readings in plain Python."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import openpyxl

from ingestion.contracts import RAW_TABLES
from ingestion.reading import Reading
from ingestion.tables.mapping import Mapping, load_mappings
from ingestion.tables.reader import read_table

FILE_ID = "0123456789abcdef"
DELIVERED = date(2026, 6, 30)
SHIPPED = load_mappings(None)
INVOICE = "invoice_id,customer_id,currency,total,issue_date"


def read(name: str, data: str | bytes, mappings: Sequence[Mapping] = ()) -> Reading:
    """Read with the home's `mappings` before the shipped ones, and check what must always hold."""
    content = data if isinstance(data, bytes) else data.encode()
    reading = read_table(name, content, FILE_ID, DELIVERED, [*mappings, *SHIPPED])
    check(reading)
    return reading


def check(reading: Reading) -> None:
    """Law L3 and the contract: loaded + refused = delivered, exact schemas, a reason for every refusal."""
    loaded = sum(table.num_rows for table in reading.tables.values())
    assert reading.rows_read == loaded + len(reading.refusals)
    for name, table in reading.tables.items():
        assert table.schema == RAW_TABLES[name].arrow_schema
        for column in RAW_TABLES[name].columns:
            assert not column.required or table.column(column.name).null_count == 0
    if reading.file_refused:
        assert not reading.tables
        assert len(reading.refusals) == 1
    for refusal in reading.refusals:
        assert refusal.code
        assert refusal.location
        assert refusal.reason.endswith(".")


def rows(reading: Reading, kind: str | None = None) -> list[dict[str, Any]]:
    """The rows of one kind."""
    found: list[dict[str, Any]] = reading.tables[f"register__{kind or reading.kind}"].to_pylist()
    return found


def column(reading: Reading, name: str, kind: str | None = None) -> list[Any]:
    """One column of one kind."""
    return [row[name] for row in rows(reading, kind)]


def codes(reading: Reading) -> list[tuple[int | None, str]]:
    """Row number and code of every refusal."""
    return [(refusal.row_number, refusal.code) for refusal in reading.refusals]


def refused(reading: Reading) -> str:
    """The code of a refused file."""
    assert reading.file_refused, reading
    return reading.refusals[0].code


def xlsx(sheets: dict[str, list[list[Any]]], edit: Any = None) -> bytes:
    """A workbook; `edit(workbook)` may merge cells, hide sheets, change the epoch."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, cells in sheets.items():
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
    if edit is not None:
        edit(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
