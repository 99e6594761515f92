"""The reader of registers: a file's bytes → a `Reading`. Pure: no database, no clock, no path of this machine.

What it is comes first (text, workbook, Parquet, or none of ours), then which register and which columns, then the
rows. Whatever cannot be read is refused with its reason; nothing that was delivered goes missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from ingestion.contracts import REGISTERS
from ingestion.reading import Reading, Refusal, refuse_file
from ingestion.tables import columnar, delimited, workbook
from ingestion.tables.grid import FileRefused, Grid
from ingestion.tables.mapping import Mapping
from ingestion.tables.names import file_stem
from ingestion.tables.package import SAVE_AS_XLSX
from ingestion.tables.recognise import Verdict, candidates, judge, match_beside
from ingestion.tables.rows import SheetReader

_ZIP, _OLE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<table", b"<meta", b"<?xml", b"<style", b"<script")


def read_table(
    name: str, data: bytes, source_file_id: str, delivery_date: date, mappings: Sequence[Mapping]
) -> Reading:
    """Read one register file. `name` settles ties between kinds and stands in the reasons."""
    file = name.replace("\\", "/").rpartition("/")[2]
    try:
        sheets = recognise(name, data, mappings)
        beside = {mapping.name: mapping for mapping in mappings}
        return _read(file, sheets, beside, source_file_id, delivery_date)
    except FileRefused as refused:
        return refuse_file(refused.kind, refused.code, f"{file}: {refused.reason}", refused.raw_text)


def recognise(name: str, data: bytes, mappings: Sequence[Mapping]) -> list[tuple[Grid, Verdict]]:
    """The sheets of a file with what each of them is, before any value is read."""
    usable = candidates(mappings)
    stem = file_stem(name)
    if data.startswith(_ZIP):
        return [(grid, judge(grid.top(60), usable, stem, grid.sheet)) for grid in workbook.to_grids(data)]
    if data.startswith(_PARQUET):
        grid = columnar.to_grid(data)
        return [(grid, judge(grid.top(1), usable, stem))]
    _refuse_others(data)
    return [_recognise_text(data, usable, stem)]


def _refuse_others(data: bytes) -> None:
    """What is not a table of ours, told by its first bytes."""
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise FileRefused("empty", "El archivo está vacío. Vuelve a exportarlo.")
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise FileRefused(
                "encrypted", "El libro de Excel tiene contraseña. Quítala y vuelve a guardarlo."
            )
        raise FileRefused("xls", f"El archivo es de Excel 97-2003 (.xls), que no se lee. {SAVE_AS_XLSX}.")
    head = data[:1024].lstrip(b"\xef\xbb\xbf\x00 \t\r\n").lower()
    if head.startswith(b"mime-version:") or head.startswith(_MARKUP):
        raise FileRefused(
            "html", f"El archivo es una página web (HTML o XML) con nombre de tabla. {SAVE_AS_XLSX}."
        )
    if head.startswith(b"%pdf"):
        raise FileRefused("pdf", "El archivo es un PDF. Exporta la tabla como CSV o Excel.")


def _recognise_text(data: bytes, mappings: Sequence[Mapping], stem: str) -> tuple[Grid, Verdict]:
    """Try the encodings and delimiters that the mappings name beside our own guess; the best understood wins."""
    best: tuple[tuple[int, ...], str, str, list[Mapping]] | None = None
    problem: FileRefused | None = None
    for encoding in dict.fromkeys([None, *(m.encoding for m in mappings)]):
        try:
            text = delimited.decode(data, encoding)
        except FileRefused as refused:
            problem = problem or refused
            continue
        fixed = delimited.declared_delimiter(text)
        options = dict.fromkeys([*delimited.DELIMITERS, *(m.delimiter for m in mappings if m.delimiter)])
        for delimiter in [fixed] if fixed else options:
            usable = [m for m in mappings if m.encoding == encoding and m.delimiter in {None, delimiter}]
            rows = delimited.head_rows(text, delimiter)
            verdict = judge(rows, usable, stem)
            rank = (*verdict.rank, max((len(row) for row in rows), default=0))
            if best is None or rank > best[0]:
                best = (rank, text, delimiter, usable)
    if best is None:
        raise problem or FileRefused("empty", "El archivo está vacío. Vuelve a exportarlo.")
    _, text, delimiter, usable = best
    grid = delimited.to_grid(text, delimiter)
    return grid, judge(grid.top(60), usable, stem)


def _read(
    file: str,
    sheets: Sequence[tuple[Grid, Verdict]],
    mappings: dict[str, Mapping],
    source_file_id: str,
    delivery_date: date,
) -> Reading:
    matched = [(grid, verdict) for grid, verdict in sheets if verdict.match is not None]
    named = {id(g) for g, v in matched if g.sheet and v.match and v.match.mapping.sheet}
    if not matched:
        raise _no_match([verdict for _, verdict in sheets])
    reading = Reading("unknown")
    tables: dict[str, list[pa.Table]] = {}
    for grid, verdict in sheets:
        if verdict.match is None or (named and id(grid) not in named):
            _pass_over(reading, file, grid, verdict, is_wanted=not named)
            continue
        reading.kind = verdict.match.kind if reading.kind == "unknown" else reading.kind
        header = grid.top(verdict.header_row + 1)[verdict.header_row]
        beside = [
            match_beside(header, mappings[name], verdict.header_row)
            for name in verdict.match.mapping.also
            if name in mappings
        ]
        left_out: list[frozenset[int]] = []
        for match in (verdict.match, *beside):
            reader = SheetReader(grid, match, verdict.header_row, file, is_beside=match is not verdict.match)
            try:
                found = reader.read(source_file_id, delivery_date)
            except FileRefused as refused:  # its headers said what it is, whatever its cells hold
                refused.kind = verdict.match.kind
                raise
            tables.setdefault(REGISTERS[match.kind].name, []).append(found.table)
            reading.refusals.extend(found.refusals)
            reading.flags.extend(found.flags)
            left_out.append(found.left_out)
            if match.mapping.delivery == "full":
                reading.flags.append(f"delivery_full:{match.kind}")
        ignored = len(frozenset.intersection(*left_out))  # by every mapping that reads the sheet
        if ignored:
            reading.flags.append(f"rows_left_out:{ignored}")
    reading.tables = {name: pa.concat_tables(parts).combine_chunks() for name, parts in tables.items()}
    reading.rows_read = sum(t.num_rows for t in reading.tables.values()) + len(reading.refusals)
    if reading.rows_read == 0:
        reading.flags.append("no_rows")
    reading.flags = list(dict.fromkeys(reading.flags))
    return reading


def _no_match(verdicts: Sequence[Verdict]) -> FileRefused:
    """Why no sheet could be read: the most telling of the problems."""
    problems = [verdict.problem for verdict in verdicts if verdict.problem is not None]
    telling = [p for p in problems if p.code != "unknown_headers"]
    if not problems:
        return FileRefused("empty", "El archivo no trae ninguna fila. Vuelve a exportarlo.")
    return (telling or problems)[0]


def _pass_over(reading: Reading, file: str, grid: Grid, verdict: Verdict, is_wanted: bool) -> None:
    """A sheet beside the ones that are read: flagged, and refused in words where it nearly was a register."""
    if verdict.problem is None and verdict.match is None:
        return
    problem = verdict.problem
    if is_wanted and problem is not None and problem.code != "unknown_headers":
        reason = f"{file}, hoja «{grid.sheet}»: {problem.reason}"
        reading.refusals.append(Refusal(None, f"hoja «{grid.sheet}»", problem.code, reason, problem.raw_text))
        return
    reading.flags.append(f"unknown_sheet:{grid.sheet}")
