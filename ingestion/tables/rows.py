"""From a recognised sheet to a raw table: every row loaded, or refused with its number, its column and a reason.

Rows that are wholly blank do not count. Everything else does: total rows and repeated headers are refusals too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl
import pyarrow as pa

from ingestion.contracts import REGISTERS, Column
from ingestion.reading import Refusal
from ingestion.tables.assemble import assemble
from ingestion.tables.grid import Grid, column_letter
from ingestion.tables.names import normalise
from ingestion.tables.recognise import PAYMENT_LINKS, Match
from ingestion.tables.values import CURRENCY_COLUMNS, Reader, Typed, clean, convert

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_TOTAL = r"(?i)^\W*(?:(?:gran|sub)[\s-]*)?total(?:es)?\b|^\W*sumas?\b|^\W*(?:saldo|importe|monto)\s+total\b"
_NO_MEND = "No hace falta corregir nada."
_MEND = "Corrige la celda y vuelve a dejar el archivo; las filas buenas sí se cargaron."
_MENDS = {
    "total_row": _NO_MEND,
    "repeated_header": _NO_MEND,
    "unlisted_value": "Copia el mapeo a mappings/ y pon ese valor en «only» si cuenta o en «except» si no.",
}
_EXTRA_CELLS = (
    "tiene más celdas que el encabezado; quizá un importe o un texto lleva el separador sin comillas"
)
_ROW = "__row"
_MERGED_MONEY = "la celda está combinada con las de abajo y no se sabe a qué fila corresponde el importe"


@dataclass
class SheetReading:
    """What one sheet gave."""

    table: pa.Table
    refusals: list[Refusal]
    flags: list[str]
    left_out: frozenset[int] = frozenset()  # rows that the mapping leaves out: its `only` and `except`


@dataclass
class _Fault:
    """What is wrong with one row: the first thing tells the code, all are told."""

    code: str
    column: str
    texts: list[str] = field(default_factory=list)


class SheetReader:
    """Reads one recognised sheet. `file` is the name that reasons show.

    `is_beside`: another mapping reads the same sheet first and has told what is wrong with its rows as rows.
    """

    def __init__(
        self, grid: Grid, match: Match, header_row: int, file: str, *, is_beside: bool = False
    ) -> None:
        self.is_beside = is_beside
        self.left_out: frozenset[int] = frozenset()
        self.grid = grid
        self.match = match
        self.file = file
        self.first_row = header_row + 2  # physical number of the first row below the header
        self.headers = [_CONTROL.sub(" ", cell or "") for cell in grid.frame.row(header_row)]
        self.columns = REGISTERS[match.kind].columns
        self.flags = list(grid.flags)
        self.body = clean(grid.frame.slice(header_row + 1))
        self.faults: dict[int, _Fault] = {}  # by row of `body`
        places = match.columns.get(self.columns[0].name, ())
        self.key_place = places[-1] if places else None

    def read(self, source_file_id: str, delivery_date: date) -> SheetReading:
        """The sheet's table, its refusals and its flags."""
        self._fill_merged()
        body = self.body.with_row_index(_ROW).filter(self._data_rows())
        positions = body.get_column(_ROW)
        body = body.drop(_ROW)
        self.body = self.body.clear()  # large files: no more copies in memory than are needed
        self._refuse_cells_beyond(body, positions)
        typed, extra = self._typed(body), self._extra(body)
        self._settle_currencies(typed)
        self._judge(typed, positions)
        values = {name: found.values for name, found in typed.items()}
        del body, typed
        good = ~positions.is_in(pl.Series(list(self.faults), dtype=positions.dtype).implode())
        table = assemble(
            self.match.kind,
            {name: series.filter(good) for name, series in values.items()},
            extra.filter(good) if extra is not None else None,
            positions.filter(good).cast(pl.Int64) + self.first_row,
            source_file_id,
            delivery_date,
        )
        refusals = [self._refusal(row, fault) for row, fault in sorted(self.faults.items())]
        return SheetReading(table, refusals, list(dict.fromkeys(self.flags)), self.left_out)

    # --- rows that are no data -------------------------------------------------------------------------

    def _data_rows(self) -> pl.Series:
        """Which rows are data. Total rows, repeated headers and broken rows become faults."""
        blank = self.body.select(pl.all_horizontal(pl.all().is_null())).to_series()
        for number, broken in self.grid.broken.items():
            if number >= self.first_row:
                self._fault(number - self.first_row, broken.code, "", broken.reason)
        for row in self._suspects():
            if row in self.faults or blank[row]:
                continue
            cells = self.body.row(row)
            if self._repeats_header(cells):
                self._fault(row, "repeated_header", "", "es el encabezado repetido, no un dato")
            elif self._is_total(cells):
                self._fault(row, "total_row", "", "es un renglón de totales, no un dato")
        aside = pl.Series(list(self.faults), dtype=pl.UInt32)
        index = pl.int_range(len(self.body), dtype=pl.UInt32, eager=True)
        data = ~blank & ~index.is_in(aside.implode())
        if self.is_beside:
            self.faults.clear()
        return self._selected(data) if self.match.mapping.rows.headers else data

    def _selected(self, data: pl.Series) -> pl.Series:
        """The data rows that the mapping takes. A value that it does not know refuses its row: it may be money."""
        mapping = self.match.mapping
        taken, unlisted = mapping.rows.judge(self.body, self.match.telling)
        for row, (header, value) in unlisted.items():
            if data[row] and not self.is_beside:
                why = f"columna «{header}»: el mapeo «{mapping.name}» no dice qué hacer con «{value[:60]}»"
                self._fault(row, "unlisted_value", header, why)
        left = data & ~taken
        self.left_out = frozenset(set(left.arg_true().to_list()) - unlisted.keys())
        return data & taken

    def _suspects(self) -> list[int]:
        """Rows that may be a total or a repeated header: few, found by whole columns."""
        if self.key_place is None:
            return []
        key = self.body.get_column(f"c{self.key_place}")
        header = self.headers[self.key_place].strip().lower()
        mask = key.is_null() | key.str.contains(_TOTAL) | (key.str.to_lowercase() == header)
        return [int(row) for row in mask.fill_null(value=False).arg_true().to_list()]

    def _repeats_header(self, cells: Sequence[str | None]) -> bool:
        pairs = [(normalise(c), normalise(h)) for c, h in zip(cells, self.headers, strict=True) if c]
        return len(pairs) >= 2 and all(cell == header for cell, header in pairs)

    def _is_total(self, cells: Sequence[str | None]) -> bool:
        """The key is blank and some cell says total; or the key itself says it and another required cell is blank."""
        if self.key_place is None or cells[self.key_place] is None:
            texts = pl.Series([cell for cell in cells if cell], dtype=pl.String)
            return bool(texts.str.contains(_TOTAL).any())
        required = [self.match.columns.get(c.name, ())[:1] for c in self.columns[1:] if c.required]
        return any(place and cells[place[0]] is None for place in required)

    def _fill_merged(self) -> None:
        """A cell merged downwards holds for all of its rows, amounts aside: those belong to no one row."""
        by_position = {p: c for c in self.columns for p in self.match.columns.get(c.name, ())}
        for first, last, column, _ in self.grid.merged:
            top, bottom = first - self.first_row + 1, min(last - self.first_row + 1, len(self.body) - 1)
            if top < 0 or bottom <= top or column >= self.body.width:
                continue
            target = by_position.get(column)
            if target is not None and target.type in {"money", "rate"}:
                for row in range(top, bottom + 1):
                    self._fault(row, "merged_amount", self._label(target), _MERGED_MONEY)
                continue
            cells = self.body.get_column(f"c{column}").to_list()
            cells[top + 1 : bottom + 1] = [cells[top]] * (bottom - top)
            self.body = self.body.with_columns(pl.Series(f"c{column}", cells, dtype=pl.String))

    # --- values ----------------------------------------------------------------------------------------

    def _typed(self, body: pl.DataFrame) -> dict[str, Typed]:
        typed = {}
        for column in self.columns:
            if column.name in self.match.columns:
                typed[column.name] = convert(self._source(body, column), column, self._reader(column))
                self.flags.extend(typed[column.name].flags)
        return typed

    def _source(self, body: pl.DataFrame, column: Column) -> pl.Series:
        places = self.match.columns[column.name]
        spec = self.match.mapping.columns.get(column.name)
        if not places:
            return pl.Series([spec.const if spec else None] * len(body), dtype=pl.String)
        if len(places) == 1 or spec is None:
            return body.get_column(f"c{places[0]}")
        parts = [pl.col(f"c{p}") for p in places]
        joined = pl.concat_str(parts, separator=spec.separator, ignore_nulls=True)
        return body.select(
            pl.when(parts[-1].is_null()).then(None).otherwise(joined).alias("joined")
        ).to_series()

    def _reader(self, column: Column) -> Reader:
        mapping = self.match.mapping
        spec = mapping.columns.get(column.name)
        is_const = not self.match.columns[column.name]
        return Reader(
            header=self._label(column),
            decimal="." if is_const else mapping.decimal,
            thousands=mapping.thousands,
            date_format=spec.format if spec else None,
            zone=spec.zone if spec else None,
            is_workbook=self.grid.is_workbook and not is_const,
            date_1904=self.grid.date_1904,
        )

    def _label(self, column: Column) -> str:
        """The column as the person's file calls it."""
        places = self.match.columns.get(column.name, ())
        return " + ".join(self.headers[p].strip() for p in places) or column.name

    def _extra(self, body: pl.DataFrame) -> pl.Series | None:
        """Columns that no one knows, as JSON, flagged; in a text file, cells beyond the header refuse their row."""
        if self.match.mapping.ignore_rest:
            return None
        used = self.match.explained
        found: dict[str, int] = {}
        for position in range(body.width):
            header = self.headers[position].strip()
            is_known = position in used or normalise(header) in self.match.mapping.ignored
            if is_known or (not header and not body.get_column(f"c{position}").is_not_null().any()):
                continue
            if position in self._beyond():
                continue
            name = header or f"columna {column_letter(position)}"
            found[name if name not in found else f"{name} ({column_letter(position)})"] = position
        if not found:
            return None
        self.flags.append("extra_columns:" + ",".join(found))
        columns = [pl.col(f"c{found[name]}").alias(name) for name in sorted(found)]
        cells = body.select(columns)
        filled = cells.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
        rows = [
            json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False) if has else None
            for row, has in zip(cells.iter_rows(named=True), filled, strict=True)
        ]
        return pl.Series("extra", rows, dtype=pl.String)

    def _beyond(self) -> range:
        """Columns after the last header of a text file: a cell there means that the row was cut wrongly."""
        last = max(i for i, header in enumerate(self.headers) if normalise(header))
        return range(0) if self.grid.is_workbook else range(last + 1, self.body.width)

    def _refuse_cells_beyond(self, body: pl.DataFrame, positions: pl.Series) -> None:
        beyond = [f"c{i}" for i in self._beyond()]
        if not beyond:
            return
        mask = body.select(pl.any_horizontal(pl.col(beyond).is_not_null())).to_series()
        for at in mask.arg_true().to_list():
            self._fault(positions[at], "extra_cells", "", _EXTRA_CELLS)

    def _settle_currencies(self, typed: dict[str, Typed]) -> None:
        """A currency written beside an amount fills a blank one, and must not contradict the row's."""
        own = next(
            (typed[c.name] for c in self.columns if c.name in CURRENCY_COLUMNS and c.name in typed), None
        )
        if own is None:
            return
        for column in self.columns:
            amount = typed.get(column.name) if column.type == "money" else None
            if amount is None or amount.currencies is None:
                continue
            blank = own.values.is_null() & ~own.bad
            own.values = pl.select(pl.when(blank).then(amount.currencies).otherwise(own.values)).to_series()
            against = (own.values != amount.currencies).fill_null(value=False) & ~own.bad
            for text in amount.source.filter(against).unique().to_list():
                amount.reasons.setdefault(text, f"«{text}» está en otra moneda que la de la fila")
            amount.bad = amount.bad | against

    # --- verdicts --------------------------------------------------------------------------------------

    def _judge(self, typed: dict[str, Typed], positions: pl.Series) -> None:
        """Mark the rows with a cell that cannot be read or a required one that is blank."""
        for column in sorted(self.columns, key=lambda c: not c.required):
            found = typed.get(column.name)
            if found is None:
                continue
            for at in found.bad.arg_true().to_list():
                text = found.source[at]
                why = f"columna «{self._label(column)}»: {found.reasons.get(text, 'no se puede leer')}"
                self._fault(positions[at], found.code, self._label(column), why)
            if column.required:
                for at in (found.values.is_null() & ~found.bad).arg_true().to_list():
                    why = f"columna «{self._label(column)}»: está vacía y es obligatoria"
                    self._fault(positions[at], "blank_required", self._label(column), why)
        if self.match.kind == "payments":
            self._judge_payment_links(typed, positions)

    def _judge_payment_links(self, typed: dict[str, Typed], positions: pl.Series) -> None:
        links = [typed[name] for name in PAYMENT_LINKS if name in typed]
        none = pl.select(pl.all_horizontal([link.values.is_null() & ~link.bad for link in links])).to_series()
        for at in none.arg_true().to_list():
            why = "no dice de quién es el pago: falta el cliente, la factura o el UUID de la factura"
            self._fault(positions[at], "blank_required", "customer_id", why)

    def _fault(self, row: int, code: str, column: str, text: str) -> None:
        self.faults.setdefault(row, _Fault(code, column)).texts.append(text)

    def _refusal(self, row: int, fault: _Fault) -> Refusal:
        number = row + self.first_row
        sheet = f"hoja «{self.grid.sheet}», " if self.grid.sheet else ""
        place = f"{sheet}fila {number}" + (f", columna «{fault.column}»" if fault.column else "")
        more = f" (y {len(fault.texts) - 3} más)" if len(fault.texts) > 3 else ""
        what = "; ".join(fault.texts[:3]) + more
        mend = _MENDS.get(fault.code, _MEND)
        where = f"Fila {number} de {self.file}" + (f" (hoja «{self.grid.sheet}»)" if self.grid.sheet else "")
        return Refusal(number, place, fault.code, f"{where}: {what}. {mend}", self.grid.row_text(number))
