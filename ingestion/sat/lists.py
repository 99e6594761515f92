"""The SAT's public lists of articles 69 and 69-B: CSV in Windows-1252 or UTF-8, titles above the header.

Only who is listed and as what is kept in columns; the offices and dates of publication stay in `extra`.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from datetime import date

from ingestion.contracts import SAT_TABLES
from ingestion.reading import Reading, refuse_file
from ingestion.sat.rows import RowError, Rows, clean_name
from ingestion.tables.delimited import DELIMITERS, decode_guessed
from ingestion.tables.grid import FileRefused

_TITLE_LINES = 12
# header, in plain letters -> column; the first that is there wins
_HEADERS: dict[str, dict[str, tuple[str, ...]]] = {
    "sat_69": {
        "rfc": ("rfc",),
        "nombre": ("razon social", "nombre", "nombre del contribuyente"),
        "tipo_persona": ("tipo persona", "tipo de persona"),
        "supuesto": ("supuesto",),
        "fecha_publicacion": ("fechas de primera publicacion", "fecha de primera publicacion"),
        "entidad_federativa": ("entidad federativa",),
    },
    "sat_69b": {
        "rfc": ("rfc",),
        "nombre": ("nombre del contribuyente", "nombre", "razon social"),
        "situacion": ("situacion del contribuyente", "situacion"),
    },
}
_RFC = re.compile(r"[A-ZÑ&]{3,4}[0-9]{6}[A-Z0-9]{3}|X{12,13}")  # X…: hidden by a judge's order


def read_list(kind: str, name: str, data: bytes, source_file_id: str, delivery_date: date) -> Reading:
    """Read one list; `kind` is sat_69 or sat_69b. `name` stands in the reasons."""
    file = name.replace("\\", "/").rpartition("/")[2]
    table = SAT_TABLES[kind]
    try:
        text = decode_guessed(data).removeprefix("\ufeff")
    except FileRefused as refused:
        return refuse_file(kind, refused.code, f"{file}: {refused.reason}")
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = Rows(table, file)
    header: list[str] | None = None
    places: dict[str, int] = {}
    try:
        for cells in reader:
            if header is None:
                places = _places(kind, cells)
                if all(c.name in places for c in table.columns if c.required):
                    header = [clean_name(cell) or f"columna_{i}" for i, cell in enumerate(cells, start=1)]
                elif reader.line_num > _TITLE_LINES:
                    break
            elif any(cell.strip() for cell in cells):
                _read_row(rows, reader.line_num, cells, header, places)
    except csv.Error:
        return _refused(kind, file, "broken_quotes", "unas comillas no cierran y las filas se confunden")
    if header is None:
        return _refused(kind, file, "missing_column", "no se encontró su encabezado")
    return rows.reading(kind, source_file_id, delivery_date)


def _refused(kind: str, file: str, code: str, problem: str) -> Reading:
    mend = "Se guardó en cuarentena: descarga de nuevo la lista del SAT, sin abrirla ni editarla."
    return refuse_file(kind, code, f"{file}: {problem}. {mend}")


def _delimiter(text: str) -> str:
    head = text[:4096]
    line = next((line for line in head.splitlines() if "RFC" in line.upper()), head)
    return max(DELIMITERS, key=line.count)


def _places(kind: str, cells: list[str]) -> dict[str, int]:
    """Where each column stands in a header."""
    plain = [_plain(cell) for cell in cells]
    found = {
        column: next((plain.index(name) for name in names if name in plain), -1)
        for column, names in _HEADERS[kind].items()
    }
    return {column: place for column, place in found.items() if place >= 0}


def _plain(text: str) -> str:
    """Lower case, no accents, one blank between words."""
    letters = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).casefold().split())


def _read_row(rows: Rows, number: int, cells: list[str], header: list[str], places: dict[str, int]) -> None:
    try:
        row: dict[str, str | None] = {
            c.name: clean_name(cells[places[c.name]]) if places.get(c.name, len(cells)) < len(cells) else None
            for c in rows.table.columns
        }
        row["rfc"] = (row["rfc"] or "").replace(" ", "").upper() or None
        missing = [c.name for c in rows.table.columns if c.required and row[c.name] is None]
        if missing:
            raise RowError("missing_value", f"falta «{header[places[missing[0]]]}»")
        if not _RFC.fullmatch(row["rfc"] or ""):
            raise RowError("bad_rfc", f"«{row['rfc']}» no es un RFC")
    except RowError as error:
        rows.refuse(number, error, " | ".join(cells))
        return
    taken = set(places.values())
    extra = {
        (header[i] if i < len(header) else f"columna_{i + 1}"): value
        for i, cell in enumerate(cells)
        if i not in taken and (value := clean_name(cell))
    }
    rows.add(number, row, extra)
