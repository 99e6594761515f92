"""Which rows of a sheet a mapping takes: `only` and `except`, values by header. No other value is read here.

Exports of gateways and ERPs mix what is wanted with what is not: refunds, payouts, fees, failed attempts. A row left
out is counted, not lost; where a mapping says both lists, a value in neither is refused: nobody has said what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

Values = dict[str, tuple[str, ...]]  # header → the values that count, as `plain` writes them
_NUMBERS = {
    "<0": r"^[-(][^0-9]*[0-9]",
    "=0": r"^[-$ ]*0*(?:[.,]0*)?$",
}  # values that stand for many; «» is a zero too


def plain(text: str | None) -> str:
    """A value as it is compared: blanks around it and case do not matter; an empty cell is «»."""
    return (text or "").strip().casefold()


@dataclass(frozen=True)
class Selection:
    """The two lists of a mapping."""

    only: Values = field(default_factory=dict)
    leave_out: Values = field(default_factory=dict)  # `except` in the file

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that the lists look at."""
        return (*self.only, *self.leave_out)

    def judge(
        self, body: pl.DataFrame, places: Mapping[str, int]
    ) -> tuple[pl.Series, dict[int, tuple[str, str]]]:
        """Which rows are taken, and those of a value that nobody listed: row → (header, value)."""
        taken = pl.Series([True] * len(body), dtype=pl.Boolean)
        unlisted: dict[int, tuple[str, str]] = {}
        for header in dict.fromkeys(self.headers):
            cells = body.get_column(f"c{places[header]}")
            texts = cells.fill_null("").str.strip_chars().str.to_lowercase()
            wanted = _listed(texts, self.only.get(header, ()))
            unwanted = _listed(texts, self.leave_out.get(header, ()))
            if header in self.only and header in self.leave_out:
                for row in (~wanted & ~unwanted).arg_true().to_list():
                    unlisted.setdefault(int(row), (header, cells[row] or ""))
            taken = taken & (wanted if header in self.only else ~unwanted)
        return taken, unlisted


def _listed(texts: pl.Series, values: tuple[str, ...]) -> pl.Series:
    found = texts.is_in(pl.Series(values, dtype=pl.String).implode())
    for value, pattern in _NUMBERS.items():
        found = found | texts.str.contains(pattern) if value in values else found
    return found
