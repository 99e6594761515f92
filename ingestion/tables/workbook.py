"""XLSX workbooks: from bytes to one `Grid` a sheet, through calamine (fastexcel).

Every cell comes as text: calamine writes numbers with Excel's 15 significant digits and real dates as ISO.
Formulas are never run: their saved values count. `package.py` has looked at the file first.
"""

from __future__ import annotations

import logging
import re

import fastexcel
import polars as pl

from ingestion.tables.grid import MAX_COLUMNS, Grid
from ingestion.tables.package import Package, damaged, inspect

_ERRORS = {
    "NA": "#N/A",
    "Ref": "#REF!",
    "Div0": "#DIV/0!",
    "Value": "#VALUE!",
    "Name": "#NAME?",
    "Num": "#NUM!",
    "Null": "#NULL!",
}


def to_grids(data: bytes) -> list[Grid]:
    """Every sheet of the workbook, in its order."""
    package = inspect(data)
    logging.getLogger("calamine").setLevel(logging.ERROR)  # it warns of every odd part on the screen
    try:
        book = fastexcel.read_excel(data)
        return [_grid(book, at, name, package) for at, name in enumerate(book.sheet_names)]
    except (MemoryError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic inside the parser arrives as a BaseException
        raise damaged(error) from error


def _grid(book: fastexcel.ExcelReader, at: int, name: str, package: Package) -> Grid:
    sheet = book.load_sheet(at, header_row=None, skip_rows=0, dtypes="string")
    flags = [] if sheet.visible == "visible" else [f"hidden_sheet:{name}"]
    if sheet.width == 0 or sheet.height == 0:
        return Grid(pl.DataFrame(schema={"c0": pl.String}), name, is_workbook=True, flags=flags)
    batch, errors = sheet.to_arrow_with_errors()
    frame = pl.DataFrame(pl.from_arrow(batch))
    frame = frame.select(frame.columns[:MAX_COLUMNS])
    frame = frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns)})
    if errors is not None and errors.errors:
        frame = _show_errors(frame, [(e.offset_position, e.detail) for e in errors.errors])
    return Grid(
        frame,
        name,
        is_workbook=True,
        date_1904=package.date_1904,
        merged=package.merged.get(name, []),
        flags=flags,
    )


def _show_errors(frame: pl.DataFrame, errors: list[tuple[tuple[int, int], str]]) -> pl.DataFrame:
    """Put `#N/A` and its like where the parser leaves blanks: an error is not an empty cell."""
    by_column: dict[int, list[tuple[int, str]]] = {}
    for (row, column), detail in errors:
        found = re.search(r"Error\((\w+)\)", detail)
        if found and row < frame.height and column < frame.width:
            by_column.setdefault(column, []).append((row, _ERRORS.get(found[1], "#ERROR!")))
    for column, cells in by_column.items():
        series = frame.get_column(f"c{column}").to_list()
        for row, text in cells:
            series[row] = text
        frame = frame.with_columns(pl.Series(f"c{column}", series, dtype=pl.String))
    return frame
