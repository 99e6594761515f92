"""A look at an XLSX package before any parser sees it: what it is, how big it really is, how far its sheets go.

A hostile workbook must not fill the memory: parts are inflated here under a budget (declared sizes prove nothing),
and a sheet whose few cells stand at opposite corners is refused, because it would be allocated whole.
"""

from __future__ import annotations

import html
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingestion.tables.grid import FileRefused

MAX_INFLATED = 600 << 20
MAX_CELLS = 40_000_000
_SPARSE_CELLS = 2_000_000  # a sheet of more cells than this must hold one value at least in `_MIN_FILL`
_MIN_FILL = 60
_CHUNK = 1 << 20
SAVE_AS_XLSX = "Ábrelo en Excel y guárdalo como Libro de Excel (.xlsx)"

_REFERENCE = re.compile(rb"""r=["']([A-Z]+[0-9]+)["']""")
_ANY_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]+[0-9]+)["']""")
_FILLED = re.compile(
    rb"""<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*["']([A-Z]+[0-9]+)["'](?:[^>]*[^>/])?>(?!</(?:\w+:)?c>)"""
)
_PREFIXED = re.compile(rb"<\w+:c[\s>]")
_SPACED = re.compile(rb"""r(?:\s+=|=\s)""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br\s*=\s*["']([0-9]+)["']""")
_MERGE = re.compile(rb"""mergeCell\s[^>]*?ref\s*=\s*["']\$?([A-Z]+)\$?([0-9]+):\$?([A-Z]+)\$?([0-9]+)["']""")
_DATE_1904 = re.compile(rb"""\bdate1904\s*=\s*["'](?:1|true)["']""")
_SHEET_TAG = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION_TAG = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_SHEET_PART = re.compile(r"^/?xl/worksheets/[^/]+\.xml$", re.IGNORECASE)

Region = tuple[int, int, int, int]  # first row, last row, first column, last column; from 0


@dataclass
class Package:
    """What the package says of the workbook."""

    date_1904: bool = False
    merged: dict[str, list[Region]] = field(default_factory=dict)  # by sheet name


@dataclass
class _Extent:
    """How far one sheet goes, and how many values it holds."""

    rows: int = 0
    columns: int = 0
    values: int = 0
    merged: list[Region] = field(default_factory=list)


def damaged(detail: object) -> FileRefused:
    """The refusal of a workbook that cannot be opened."""
    return FileRefused(
        "xlsx_damaged",
        f"El libro de Excel está dañado y no se puede abrir. {SAVE_AS_XLSX} de nuevo, o vuelve a exportarlo.",
        raw_text=str(detail)[:300],
    )


def inspect(data: bytes) -> Package:
    """Check the package; refuse what is not a plain XLSX or would not fit."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, struct.error) as error:
        raise damaged(error) from error
    names = {part.filename.lower().lstrip("/") for part in parts}
    _check_kind(names)
    budget = MAX_INFLATED
    small: dict[str, bytes] = {}
    merged: dict[str, list[Region]] = {}
    for part in parts:
        name = part.filename.lower().lstrip("/")
        if _SHEET_PART.match(name):
            extent, size = _sheet_extent(data, part, budget, _REFERENCE)
            if extent.rows * extent.columns > _SPARSE_CELLS and not _fits(extent):
                # Styled empty cells reach far in honest workbooks: look again at the filled ones only.
                extent, size = _sheet_extent(data, part, budget, _FILLED)
            if not _fits(extent):
                raise _too_wide(part.filename)
            merged[name] = extent.merged
        else:
            size = 0
            for piece in _inflate(data, part, budget):
                size += len(piece)
                if name in {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"}:
                    small[name] = small.get(name, b"") + piece
        budget -= size
    book = small.get("xl/workbook.xml", b"")
    relations = small.get("xl/_rels/workbook.xml.rels", b"")
    return Package(bool(_DATE_1904.search(book)), _by_sheet_name(book, relations, merged))


def _check_kind(names: set[str]) -> None:
    if "xl/workbook.bin" in names:
        raise FileRefused("xlsb", f"El archivo es un libro binario (.xlsb), que no se lee. {SAVE_AS_XLSX}.")
    if "mimetype" in names and "content.xml" in names:
        raise FileRefused("ods", f"El archivo es de OpenDocument (.ods), que no se lee. {SAVE_AS_XLSX}.")
    if "xl/workbook.xml" not in names:
        raise FileRefused("not_xlsx", f"El archivo es un ZIP y no un libro de Excel. {SAVE_AS_XLSX}.")


def _fits(extent: _Extent) -> bool:
    cells = extent.rows * extent.columns
    return cells <= _SPARSE_CELLS or (cells <= MAX_CELLS and extent.values * _MIN_FILL >= cells)


def _too_wide(part: str) -> FileRefused:
    return FileRefused(
        "sheet_too_wide",
        f"La hoja «{part}» declara un área enorme y casi vacía, o más de {MAX_CELLS:,} celdas. "
        "Copia solo la tabla a un libro nuevo y guárdalo.",
    )


def _inflate(data: bytes, part: zipfile.ZipInfo, budget: int) -> Iterator[bytes]:
    """The real bytes of a part, in pieces, under the budget."""
    if part.flag_bits & 1:
        raise FileRefused("encrypted", "El libro de Excel tiene contraseña. Quítala y vuelve a guardarlo.")
    at = part.header_offset
    if data[at : at + 4] != b"PK\x03\x04" or len(data) < at + 30:
        raise damaged("local header")
    name_length, extra_length = struct.unpack_from("<HH", data, at + 26)
    start = at + 30 + name_length + extra_length
    packed = data[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        pieces: Iterator[bytes] = (packed[i : i + _CHUNK] for i in range(0, len(packed), _CHUNK))
    elif part.compress_type == zipfile.ZIP_DEFLATED:
        pieces = _deflated(packed)
    else:
        raise damaged(f"compression {part.compress_type}")
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > budget:
            raise FileRefused(
                "too_big",
                f"El libro de Excel ocupa más de {MAX_INFLATED >> 20} MB al descomprimirse. Divídelo en varios.",
            )
        yield piece


def _deflated(packed: bytes) -> Iterator[bytes]:
    engine = zlib.decompressobj(-15)
    try:
        while packed and not engine.eof:
            yield engine.decompress(packed, _CHUNK)
            packed = engine.unconsumed_tail
        yield engine.flush()
    except zlib.error as error:
        raise damaged(error) from error


def _sheet_extent(
    data: bytes, part: zipfile.ZipInfo, budget: int, reference: re.Pattern[bytes]
) -> tuple[_Extent, int]:
    """Read a sheet's XML piece by piece: its last row and column, its values, its merged regions."""
    extent = _Extent()
    columns: set[bytes] = set()
    rows: set[bytes] = set()
    size = 0
    rest = b""
    for piece in _inflate(data, part, budget):
        if size == 0 and b"\x00" in piece[:64]:
            raise damaged("the sheet is not UTF-8")
        size += len(piece)
        text = rest + piece
        cut = max(text.rfind(b"<c "), text.rfind(b"<", len(text) - 200))
        text, rest = (text[:cut], text[cut:]) if cut >= 0 and len(text) - cut < _CHUNK else (text, b"")
        _note(text, reference, columns, rows, extent)
    _note(rest, reference, columns, rows, extent)
    extent.rows = max((int(row[:9]) for row in rows if row), default=0)
    extent.columns = max((_column(letters) for letters in columns), default=0)
    return extent, size


def _note(
    text: bytes, reference: re.Pattern[bytes], columns: set[bytes], rows: set[bytes], extent: _Extent
) -> None:
    cells = text.count(b"<c ") + text.count(b"<c>")
    found = reference.findall(text)
    if reference is _REFERENCE and (len(found) < cells or b":c " in text or _SPACED.search(text)):
        # Not as spreadsheets write it: names with a prefix, blanks inside tags, or cells without a reference.
        found = _ANY_REFERENCE.findall(text)
        rows.update(_ROW.findall(text))
    elif reference is _FILLED and len(_ANY_REFERENCE.findall(text)) < cells + len(_PREFIXED.findall(text)):
        rows.update(_ROW.findall(text))
    joined = b",".join(found)
    columns.update(joined.translate(None, b"0123456789").split(b","))
    rows.update(joined.translate(None, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ").split(b","))
    extent.values += len(found)
    for first_column, first_row, last_column, last_row in (
        _MERGE.findall(text) if b"mergeCell" in text else ()
    ):
        if len(extent.merged) < 100_000 and max(len(first_row), len(last_row)) < 8:
            extent.merged.append(
                (int(first_row) - 1, int(last_row) - 1, _column(first_column) - 1, _column(last_column) - 1)
            )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters[:4]:
        number = number * 26 + letter - 64
    return number


def _attributes(tag: str) -> dict[str, str]:
    return {
        name.rpartition(":")[2].lower(): html.unescape(double or single)
        for name, double, single in _ATTRIBUTE.findall(tag)
    }


def _by_sheet_name(book: bytes, relations: bytes, merged: dict[str, list[Region]]) -> dict[str, list[Region]]:
    """Merged regions by the name that the sheet's tab shows."""
    targets: dict[str, str] = {}
    for tag in _RELATION_TAG.findall(relations.decode("utf-8", "replace")):
        found = _attributes(tag)
        target = found.get("target", "").lower().lstrip("/")
        targets[found.get("id", "")] = target if target.startswith("xl/") else f"xl/{target}"
    named: dict[str, list[Region]] = {}
    for tag in _SHEET_TAG.findall(book.decode("utf-8", "replace")):
        regions = {key: value for key, value in _attributes(tag).items() if key in {"name", "id"}}
        named[regions.get("name", "")] = merged.get(targets.get(regions.get("id", ""), ""), [])
    return named
