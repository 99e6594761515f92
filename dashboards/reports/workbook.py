"""How our Excel files are written: formats, sheets with a table, text that stays text, the same bytes twice.

Nothing about receivables stands here: weekly_sheets.py says what goes into each sheet. Amounts arrive as
Decimal and become the file format's own number in `Sheet.put`, the very last step.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_range

NAVY, INK, QUIET, LINE, ALERT, PALE = "#023858", "#1F2933", "#6B7280", "#D5DAE1", "#C2410C", "#F3F5F8"
NUMBER_FORMATS = {
    "money": "#,##0.00;[Red]-#,##0.00;-",
    "pct": '0.0" %";[Red]-0.0" %";-',
    "days": "#,##0;-#,##0;0",
    "count": "#,##0;[Red]-#,##0;-",
    "rate": "0.0000",
    "date": "dd/mm/yyyy",
    "text": "@",
}
RIGHT = {"money", "pct", "days", "count", "rate"}
LONGEST_TEXT = 32_000  # a cell holds 32,767
FIRST_ROW = 6  # of a table's rows: title, subtitle, blank, totals, blank, header stand above
MOST_ROWS = 1_000_000
LETTER, TABLOID = 1, 3  # Excel's paper numbers

Value = str | Decimal | int | dt.date | None


@dataclass(frozen=True)
class Column:
    """One column of a table: its header, kind (a key of NUMBER_FORMATS), width, and whether it is totalled."""

    header: str
    kind: str = "text"
    width: float = 14
    total: bool = False


class Book:
    """One workbook in memory. `created` comes from the data, never from the clock."""

    def __init__(self, title: str, company: str, created: dt.datetime, footer: str) -> None:
        self._buffer = io.BytesIO()
        self._book = xlsxwriter.Workbook(
            self._buffer,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._book.set_properties(
            {"title": title, "company": company, "author": "Cartera", "created": created}
        )
        self._book.set_calc_mode("auto")
        self._footer = footer.replace("&", "&&")
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def sheet(
        self, name: str, *, fixed_rows: int = 0, fixed_columns: int = 0, is_wide: bool = False
    ) -> Sheet:
        """Add a sheet: landscape, one page wide, its header repeated on every page; wide ones on tabloid."""
        page = self._book.add_worksheet(name)
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(TABLOID if is_wide else LETTER)
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.set_footer(f"&L&8{self._footer}&R&8Página &P de &N")
        if fixed_rows or fixed_columns:
            page.freeze_panes(fixed_rows, fixed_columns)
        if fixed_rows:
            page.repeat_rows(fixed_rows - 1)
        return Sheet(self, self._book, page, name)

    def style(self, kind: str = "text", **options: Any) -> Any:
        """A cell format, made once: its number format by kind, the house's font, then `options`."""
        properties = {"font_name": "Calibri", "font_size": 10, "font_color": INK, "valign": "vcenter"}
        properties |= {"num_format": NUMBER_FORMATS[kind]} | options
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]

    def finish(self) -> bytes:
        """Close the workbook; it opens on the first sheet, cell A1."""
        self._book.worksheets()[0].activate()
        self._book.close()
        return self._buffer.getvalue()


class Sheet:
    """One sheet, with the few ways of writing that we use."""

    def __init__(self, book: Book, workbook: Any, page: Any, name: str) -> None:
        self.book, self.page, self.name = book, page, name
        self._workbook = workbook

    def put(self, row: int, column: int, value: Value, kind: str = "text", **options: Any) -> None:
        """Write one value by its own type. Text is text, whatever it begins with; None is blank."""
        if value is None:
            self.page.write_blank(row, column, None, self.book.style(kind, **options))
        elif isinstance(value, str):
            if value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
                options["quote_prefix"] = True  # stays text when a person edits the cell
            self.page.write_string(row, column, value[:LONGEST_TEXT], self.book.style("text", **options))
        elif isinstance(value, dt.date):
            self.page.write_datetime(row, column, value, self.book.style(kind, **options))
        else:
            self.page.write_number(row, column, float(value), self.book.style(kind, **options))

    def formula(
        self, row: int, column: int, formula: str, value: Decimal | int | None, kind: str, **options: Any
    ) -> None:
        """Write a formula of ours, with its value for readers that do not calculate."""
        shown = 0.0 if value is None else float(value)
        self.page.write_formula(row, column, formula, self.book.style(kind, **options), shown)

    def heading(self, title: str, subtitle: str) -> None:
        """Title and subtitle in the first two rows."""
        self.page.set_row(0, 24)
        self.put(0, 0, title, font_size=16, bold=True, font_color=NAVY)
        self.put(1, 0, subtitle, font_color=QUIET)

    def header(
        self,
        row: int,
        column: int,
        labels: Sequence[str],
        kinds: Sequence[str] | None = None,
        height: int = 18,
    ) -> None:
        """A header row of a small table without filters."""
        self.page.set_row(row, height)
        for offset, label in enumerate(labels):
            align = "right" if kinds and kinds[offset] in RIGHT else "left"
            self.put(
                row, column + offset, label, bold=True, font_color="#FFFFFF", bg_color=NAVY, align=align,
                text_wrap=True, indent=0 if align == "right" or offset == 0 else 1,
            )  # fmt: skip

    def widths(self, widths: Iterable[float]) -> None:
        """Column widths, from the first column on."""
        for column, width in enumerate(widths):
            self.page.set_column(column, column, width)

    def table(self, name: str, columns: Sequence[Column], rows: Sequence[Sequence[Value]]) -> None:
        """An Excel Table with filters from FIRST_ROW on, its totals above, following the filter."""
        self.widths(column.width for column in columns)
        self.page.set_row(FIRST_ROW - 1, 30)
        rows = rows[:MOST_ROWS]
        last = FIRST_ROW + max(len(rows), 1) - 1
        headers: list[dict[str, Any]] = []
        for column in columns:
            align = "right" if column.kind in RIGHT else "left"
            indent = 1 if headers and align == "left" else 0
            style = self.book.style(
                bold=True, font_color="#FFFFFF", bg_color=NAVY, align=align, text_wrap=True, indent=indent
            )
            headers.append({"header": column.header, "header_format": style})
        self.page.add_table(
            FIRST_ROW - 1, 0, last, len(columns) - 1,
            {"name": name, "columns": headers, "style": "Table Style Light 1", "autofilter": True},
        )  # fmt: skip
        for number, row in enumerate(rows, start=FIRST_ROW):
            for position, (column, value) in enumerate(zip(columns, row, strict=True)):
                is_left = position > 0 and column.kind not in RIGHT
                look: dict[str, Any] = {"align": "left", "indent": 1} if is_left else {}
                self.put(number, position, value, column.kind, **look)
        self._totals(columns, rows)

    def bars(self, name: str, row: int, column: int, first: int, last: int, colours: Sequence[str]) -> None:
        """A column chart of B`first`:B`last`, labelled by column A, each bar with its colour."""
        chart = self._workbook.add_chart({"type": "column"})
        chart.add_series(
            {
                "categories": [name, first, 0, last, 0],
                "values": [name, first, 1, last, 1],
                "points": [{"fill": {"color": colour}, "border": {"color": QUIET}} for colour in colours],
                "gap": 60,
                "data_labels": {"value": True, "num_format": '0.0,," mdp"', "font": {"size": 8}},
            }
        )
        chart.set_legend({"none": True})
        chart.set_title(
            {"name": "Saldo por rango, millones de pesos", "name_font": {"size": 10, "bold": False}}
        )
        chart.set_y_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
        chart.set_x_axis({"num_font": {"size": 8}, "line": {"color": LINE}})
        chart.set_chartarea({"border": {"none": True}})
        chart.set_size({"width": 560, "height": 200})
        self.page.insert_chart(row, column, chart, {"x_offset": 20, "object_position": 1})

    def column_of(self, page: str, columns: Sequence[tuple[str, Column]], name: str, rows: int) -> str:
        """The range of a table's column on another sheet, for a formula."""
        position = next(number for number, (key, _) in enumerate(columns) if key == name)
        return f"'{page}'!{xl_range(FIRST_ROW, position, FIRST_ROW + max(rows, 1) - 1, position)}"

    def _totals(self, columns: Sequence[Column], rows: Sequence[Sequence[Value]]) -> None:
        row = FIRST_ROW - 3
        look: dict[str, Any] = {
            "bold": True,
            "top": 1,
            "bottom": 1,
            "top_color": LINE,
            "bottom_color": LINE,
            "bg_color": PALE,
        }
        self.put(row, 0, "Total de lo que se ve", **look)
        for position, column in enumerate(columns[1:], start=1):
            if not column.total:
                self.put(row, position, None, **look)
                continue
            total = sum((Decimal(str(r[position])) for r in rows if r[position] is not None), Decimal(0))
            last = FIRST_ROW + max(len(rows), 1) - 1
            formula = f"=SUBTOTAL(109,{xl_range(FIRST_ROW, position, last, position)})"
            self.formula(row, position, formula, total, column.kind, **look)
