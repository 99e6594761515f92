"""The common shape of every tabular file before typing: rows of text as they stand in the file.

A `Grid` is one sheet (or one text file): every physical row, the ones above the header included, so that row
numbers are those that a spreadsheet shows. Turning text into typed values is `values.py`; nothing here judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

MAX_COLUMNS = 2_000


class FileRefused(Exception):  # noqa: N818 - it is an outcome, not a fault of ours
    """The whole file is set aside: a stable code, and what happened, where and what to do in Spanish."""

    def __init__(self, code: str, reason: str, kind: str = "unknown", raw_text: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.kind = kind
        self.raw_text = raw_text


@dataclass(frozen=True)
class BrokenRow:
    """A physical row that could not even be cut into cells."""

    code: str
    reason: str
    raw_text: str


@dataclass
class Grid:
    """One sheet as text. Row `i` of `frame` is physical row `i + 1`; columns are named c0, c1, …"""

    frame: pl.DataFrame
    sheet: str = ""
    is_workbook: bool = False  # numbers come from binary floats, dates may be serial numbers
    date_1904: bool = False
    broken: dict[int, BrokenRow] = field(default_factory=dict)  # by physical row
    merged: list[tuple[int, int, int, int]] = field(
        default_factory=list
    )  # first row, last row, columns (0-based)
    flags: list[str] = field(default_factory=list)

    def top(self, rows: int) -> list[list[str | None]]:
        """The first physical rows, for the search of the header."""
        return [list(row) for row in self.frame.head(rows).iter_rows()]

    def row_text(self, row: int) -> str:
        """A physical row (1-based) as text, for the quarantine."""
        if row in self.broken:
            return self.broken[row].raw_text[:2000]
        cells = ["" if cell is None else cell for cell in self.frame.row(row - 1)]
        while cells and not cells[-1].strip():
            cells.pop()
        return " | ".join(cells)[:2000]


def column_letter(position: int) -> str:
    """The letter of a column as a spreadsheet shows it: 0 is A, 26 is AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
