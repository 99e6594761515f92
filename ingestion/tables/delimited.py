"""Text tables: from bytes to a `Grid`. Encodings, delimiters, quotes; nothing about what the columns mean.

The quick way is polars over the whole text. Text that it refuses (ragged rows, broken quotes) goes through a
careful reader, one record at a time, which sets the broken rows aside and keeps the rest.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

import polars as pl

from ingestion.tables.grid import MAX_COLUMNS, BrokenRow, FileRefused, Grid

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "coma", ";": "punto y coma", "\t": "tabulador", "|": "barra"}
HEAD_ROWS = 60
_HEAD_CHARS = 1 << 18
_MAX_RECORD_LINES = 200
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes, encoding: str | None = None) -> str:
    """The text of a file, with plain line ends. Without an encoding it is told from the bytes."""
    text = _decode_as(data, encoding) if encoding else decode_guessed(data)
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _decode_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise FileRefused(
            "bad_encoding",
            f"El archivo no está en la codificación {encoding} que dice el mapeo. "
            "Corrige «encoding» en el mapeo o guarda el archivo en esa codificación.",
        ) from error


def decode_guessed(data: bytes) -> str:
    """UTF-8 (with or without BOM), UTF-16, else Windows-1252; a damaged UTF-8 is refused, not misread."""
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), None) or _bare_utf16(data)
    damaged = FileRefused(
        "bad_encoding",
        "El texto del archivo está dañado: no se puede leer como UTF-8, UTF-16 ni Windows-1252. "
        "Vuelve a exportarlo como CSV UTF-8.",
    )
    try:
        return data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding:
            raise damaged from error
    loose = data.decode("utf-8", errors="replace")
    if sum(1 for c in loose if ord(c) > 127 and c != "\ufffd") > loose.count("\ufffd"):
        raise damaged
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise damaged from error


def _bare_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of the beginning is zero."""
    head = data[:2000]
    if len(head) < 4 or head.count(0) * 3 < len(head):
        return None
    return "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"


def declared_delimiter(text: str) -> str | None:
    """The delimiter of Excel's first line `sep=;`, if the text has one."""
    first = text[:20].split("\n", 1)[0].strip('" ')
    return first[4] if first.lower().startswith("sep=") and len(first) == 5 else None


def head_rows(text: str, delimiter: str) -> list[list[str]]:
    """The first records, leniently, to look for a header."""
    head = text[:_HEAD_CHARS]
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            rows.append(row)
            if len(rows) >= HEAD_ROWS:
                break
    except csv.Error:
        pass
    return rows


def to_grid(text: str, delimiter: str) -> Grid:
    """Cut the whole text into rows and cells."""
    width = max((len(row) for row in head_rows(text, delimiter)), default=0)
    if width > MAX_COLUMNS:
        raise FileRefused(
            "too_many_columns",
            f"El archivo tiene {width} columnas y el máximo es {MAX_COLUMNS}. Deja solo las que hacen falta.",
        )
    grid = _quick(text, delimiter, max(width, 1)) or _careful(text, delimiter)
    if text and not text.endswith("\n"):
        _refuse_cut_end(grid, text, delimiter)
    return grid


def _quick(text: str, delimiter: str, width: int) -> Grid | None:
    """All at once, or None where a row has more cells than the header or its quotes are broken."""
    try:
        frame = pl.read_csv(
            io.BytesIO(text.encode("utf-8", errors="replace")),
            has_header=False,
            separator=delimiter,
            schema={f"c{i}": pl.String for i in range(width)},
            infer_schema=False,
            missing_columns="insert",
        )
    except pl.exceptions.NoDataError:
        return Grid(pl.DataFrame(schema={"c0": pl.String}))
    except pl.exceptions.PolarsError:
        return None
    return Grid(frame)


def _careful(text: str, delimiter: str) -> Grid:
    """Record by record; a record whose quotes are broken is set aside and the next line starts anew."""
    rows: list[list[str]] = []
    broken: dict[int, BrokenRow] = {}
    for number, (cells, raw) in enumerate(_records(text.split("\n"), delimiter), start=1):
        if cells is None:
            broken[number] = BrokenRow(
                "bad_quotes",
                "las comillas del renglón no cierran o están a la mitad de una celda. "
                "Duplica las comillas que son parte del texto",
                raw,
            )
        rows.append(cells or [])
    width = min(max((len(row) for row in rows), default=1) or 1, MAX_COLUMNS)
    columns = {
        f"c{i}": pl.Series([row[i] if i < len(row) else None for row in rows], dtype=pl.String)
        for i in range(width)
    }
    return Grid(pl.DataFrame(columns), broken=broken)


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[list[str] | None, str]]:
    """Cells of each record (None when broken) and its raw text."""
    if lines and not lines[-1]:
        lines.pop()
    at = 0
    while at < len(lines):
        end = at + 1
        record = lines[at]
        cells = _cut(record, delimiter)
        while cells is None and record.count('"') % 2 and end < min(len(lines), at + _MAX_RECORD_LINES):
            record += "\n" + lines[end]
            end += 1
            if lines[end - 1].count('"') % 2:
                cells = _cut(record, delimiter)
        if cells is None:
            record, end = lines[at], at + 1
        yield cells, record
        at = end


def _cut(record: str, delimiter: str) -> list[str] | None:
    """The cells of one record, or None if its quotes do not balance."""
    if not record:
        return []
    if '"' not in record:
        return record.split(delimiter)
    try:
        found = list(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None


def _refuse_cut_end(grid: Grid, text: str, delimiter: str) -> None:
    """A last row without a line end and with fewer cells than the one above was cut while being copied."""
    tail = text[-_HEAD_CHARS:].split("\n")
    if len(tail) < 2 or '"' in tail[-1] or '"' in tail[-2] or not tail[-1].strip():
        return
    if tail[-1].count(delimiter) < tail[-2].count(delimiter):
        grid.broken[grid.frame.height] = BrokenRow(
            "truncated_row",
            "el archivo termina a la mitad del renglón; parece una copia incompleta. "
            "Vuelve a exportarlo completo",
            tail[-1],
        )
