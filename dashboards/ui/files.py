"""The files that a table gives: the rows on screen, as CSV or Excel, with where they came from.

Text that a spreadsheet would take for a formula gets a leading apostrophe in CSV and stays text in Excel.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from dashboards.queries.access import Row

Kind = Literal["text", "money", "int", "pct", "days", "date", "moment"]
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


@dataclass(frozen=True)
class Column:
    """One column of a table: its name in the rows, its words, and how it reads."""

    name: str
    label: str
    kind: Kind = "text"
    width: int | Literal["small", "medium", "large"] | None = None
    help: str | None = None
    pinned: bool = False
    quiet_zero: bool = False  # on screen a zero is left blank; the files keep it


@dataclass(frozen=True)
class Origin:
    """Where a file's rows come from: what stands on every one of them."""

    cut: dt.date
    run_id: str
    filters: str

    def pairs(self) -> list[tuple[str, str]]:
        """The columns that a CSV row carries at its end."""
        return [("corte", self.cut.isoformat()), ("publicacion", self.run_id), ("filtros", self.filters)]


def harmless(value: object) -> object:
    """A text that begins like a formula, with a leading apostrophe; anything else as it is."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return "'" + value
    return value


def _cell(value: Any) -> object:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return harmless(value)


def csv_bytes(rows: Sequence[Row], columns: Sequence[Column], origin: Origin) -> bytes:
    """UTF-8 with BOM (Excel reads the accents), one header row, exact amounts, ISO dates."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    extra = [(name, harmless(value)) for name, value in origin.pairs()]
    writer.writerow([column.label for column in columns] + [name for name, _ in extra])
    for row in rows:
        writer.writerow([_cell(row.get(c.name)) for c in columns] + [value for _, value in extra])
    return out.getvalue().replace("\0", "").encode("utf-8-sig")


FORMATS = {
    "money": "#,##0.00;[Red]-#,##0.00;-", "int": "#,##0", "pct": "0.0", "days": "0.0", "date": "dd/mm/yyyy",
    "moment": "dd/mm/yyyy hh:mm", "text": "@",
}  # fmt: skip


def xlsx_bytes(rows: Sequence[Row], columns: Sequence[Column], origin: Origin, title: str) -> bytes:
    """A sheet with real numbers and dates, and a second one that says where it came from."""
    import xlsxwriter

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        made = dt.datetime.combine(origin.cut, dt.time())
        book.set_properties({"title": title, "created": made})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        styles = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
        sheet = book.add_worksheet("Datos")
        for position, column in enumerate(columns):
            sheet.write_string(0, position, column.label, head)
            sheet.set_column(position, position, 34 if column.width in {"medium", "large"} else 16)
            for line, row in enumerate(rows, start=1):
                _write(sheet, (line, position), row.get(column.name), styles[column.kind])
        sheet.freeze_panes(1, 1)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(columns) - 1)
        source = book.add_worksheet("Origen")
        for line, (name, value) in enumerate(
            [("tabla", title), *origin.pairs(), ("renglones", str(len(rows)))]
        ):
            source.write_string(line, 0, name, head)
            source.write_string(line, 1, value)
        source.set_column(0, 1, 28)
    return out.getvalue()


def _write(sheet: Any, place: tuple[int, int], value: Any, style: Any) -> None:
    line, position = place
    if value is None:
        sheet.write_blank(line, position, None, style)
    elif isinstance(value, bool):
        sheet.write_string(line, position, "sí" if value else "no")
    elif isinstance(value, (Decimal, int)):
        sheet.write_number(line, position, value, style)
    elif isinstance(value, (dt.date, dt.datetime)):
        sheet.write_datetime(line, position, value, style)
    else:
        sheet.write_string(line, position, str(value)[:32_000], style)
