"""ZIP archives as files to read: member by member, from memory, under caps, with nothing trusted.

Nothing is ever extracted to disk, and a member's name is only a label. Every entry is accounted for: it comes
as bytes, or as a refusal that says why not. The index is walked in spans, never held whole, so a ZIP of the SAT
with hundreds of thousands of members takes no more memory than a small one. A ZIP inside a ZIP is set aside.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from isal import isal_zlib  # expands in two thirds of the time that zlib takes

from ingestion.detect import detect
from ingestion.reading import Refusal

MAX_ENTRIES = 2_000_000
MAX_MEMBER = 20 << 20  # an XML, or what nobody reads
MAX_TABLE = 1 << 30  # a table: the SAT's metadata of a year is far larger than any XML
LARGE = ("table_text", "sat_metadata", "sat_third_parties", "sat_69", "sat_69b", "xlsx", "parquet", "ofx")
MAX_RATIO = 200
RATIO_FROM = 1 << 20
MAX_TOTAL = 64 << 30
HEAD = 4096

_AGAIN = "Se guardó en cuarentena: vuelve a descargar o a copiar el ZIP completo."
_UNZIP = "Se guardó en cuarentena: descomprímelo tú y deja los archivos en la bandeja."
_KEEP = "No hay nada que corregir."
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_ExpandError: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub says an instance
_STORED, _DEFLATED = 0, 8  # only these expand step by step under a limit
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_WINDOW = 1 << 20
_LONGEST = _ENTRY.size + 3 * 0xFFFF

Read = Callable[[int, int], bytes]  # (offset, length) -> bytes, fewer at the end


class DamagedError(Exception):
    """The archive, or one entry of it, is not what a ZIP says."""


class Member(NamedTuple):
    """One entry: its name as shown, and its bytes or the reason why there are none.

    The archive itself, when it cannot be read on, comes as a member of empty name.
    """

    name: str
    data: bytes | None
    refusal: Refusal | None


class Span(NamedTuple):
    """Some entries that follow one another: their bytes in the index, and the position of the first."""

    start: int
    end: int
    shift: int  # what the file's own offsets are moved by, where something stands before the ZIP
    first: int
    entries: int
    size_bytes: int  # once expanded
    too_much: bool  # what came before is already all that a ZIP may expand to


class Entry(NamedTuple):
    """One entry of the index, as declared."""

    raw_name: bytes
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    mode: int
    offset: int
    at: int  # where its line of the index stands

    @property
    def name(self) -> str:
        """The name as written."""
        return self.raw_name.decode("utf-8" if self.flags & 0x800 else "cp437", "replace")

    @property
    def shown(self) -> str:
        """The name as a label: printable, and short."""
        clean = self.name
        if not clean.isprintable():
            clean = "".join(c if c.isprintable() else "\ufffd" for c in clean)
        if not clean:
            return "(sin nombre)"
        return clean if len(clean) <= 500 else clean[:240] + "…" + clean[-240:]


def reader_of(descriptor: int) -> Read:
    """Read an open file at any place: a file cut while it is read ends early, and no more."""
    return lambda offset, length: os.pread(descriptor, length, offset)


def members(data: bytes | Path) -> Iterator[Member]:
    """Every entry of a ZIP given as bytes or as a file, which is opened for reading only."""
    if isinstance(data, Path):
        descriptor = os.open(data, os.O_RDONLY)
        try:
            yield from _members(reader_of(descriptor), os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)
    else:
        yield from _members(lambda offset, length: data[offset : offset + length], len(data))


def _members(read: Read, size: int) -> Iterator[Member]:
    found = spans(read, size, MAX_ENTRIES, MAX_TOTAL)
    if isinstance(found, Member):
        yield found
        return
    for span in found:
        for entry in entries(read, span):
            yield member(read, entry, span, MAX_TABLE)


def spans(read: Read, size: int, most_entries: int, most_bytes: int) -> list[Span] | Member:
    """The index of a ZIP of `size` bytes in spans of so many entries or expanded bytes, or the ZIP's own refusal."""
    try:
        start, end, shift, declared = _index(read, size)
        if declared > MAX_ENTRIES:
            return _too_many(declared)
        return _spans(read, (start, end, shift), most_entries, most_bytes)
    except (DamagedError, struct.error):
        if read(0, 4).startswith(_ZIP_STARTS):
            what = "El ZIP está incompleto o dañado: no tiene su índice al final"
            return _refused("", "zip_truncated", what, _AGAIN)
        return _refused("", "zip_malformed", "El archivo no es un ZIP que se pueda abrir", _AGAIN)
    except OverflowError as error:
        return _too_many(int(str(error)))


def _index(read: Read, size: int) -> tuple[int, int, int, int]:
    """Where the list of entries starts and ends, what the file's own offsets are moved by, and how many it says."""
    begin = max(0, size - _END.size - 0xFFFF - _LOCATOR.size)
    tail = read(begin, size - begin)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise DamagedError
    _, _, _, _, count, length, offset, _ = _END.unpack_from(tail, at)
    end = begin + at
    if at >= _LOCATOR.size and tail[at - _LOCATOR.size :].startswith(b"PK\x06\x07"):
        end = _LOCATOR.unpack_from(tail, at - _LOCATOR.size)[2]
        record = read(end, _END64.size)
        if not record.startswith(b"PK\x06\x06"):
            raise DamagedError
        count, length, offset = _END64.unpack(record)[7:]
    if length > end or offset > end - length:
        raise DamagedError
    return end - length, end, end - length - offset, count


def _spans(read: Read, index: tuple[int, int, int], most_entries: int, most_bytes: int) -> list[Span]:
    at, end, shift = index
    found: list[Span] = []
    window, base = b"", at
    start, first, count, size, total = at, 0, 0, 0, 0
    while at < end:
        if at - base + _LONGEST > len(window) and base + len(window) < end:
            base, window = at, read(at, min(_WINDOW, end - at))
        entry, length = _entry(window, at - base, base)
        before, total = total, total + entry.size
        at, count, size = at + length, count + 1, size + entry.size
        if first + count > MAX_ENTRIES:
            raise OverflowError(first + count)
        if count >= most_entries or size >= most_bytes or before < MAX_TOTAL <= total:
            found.append(Span(start, at, shift, first, count, size, total - size >= MAX_TOTAL))
            start, first, count, size = at, first + count, 0, 0
    if count:
        found.append(Span(start, at, shift, first, count, size, total - size >= MAX_TOTAL))
    return found


def entries(read: Read, span: Span) -> Iterator[Entry]:
    """The entries of a span, in the order of the index."""
    window, at = read(span.start, span.end - span.start), 0
    for _ in range(span.entries):
        entry, length = _entry(window, at, span.start)
        at += length
        yield entry


def _entry(window: bytes, at: int, base: int) -> tuple[Entry, int]:
    """The entry at a place of a piece of the index (which begins at `base`), and its length. Raises DamagedError."""
    if window[at : at + 4] != b"PK\x01\x02":
        raise DamagedError
    (_, _, _, flags, method, _, _, crc, compressed, size, names, extras, comment, _, _, mode, offset
     ) = _ENTRY.unpack_from(window, at)  # fmt: skip
    start = at + _ENTRY.size
    raw_name = window[start : start + names]
    if 0xFFFFFFFF in (compressed, size, offset):
        extra = window[start + names : start + names + extras]
        size, compressed, offset = _wide(extra, [size, compressed, offset])
    entry = Entry(raw_name, flags, method, crc, compressed, size, mode >> 16, offset, base + at)
    return entry, _ENTRY.size + names + extras + comment


def _wide(extra: bytes, values: list[int]) -> list[int]:
    """Sizes and offset that 32 bits cannot hold, from the entry's extra field."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            wide = iter(struct.unpack_from(f"<{length // 8}Q", extra, at + 4))
            return [next(wide, value) if value == 0xFFFFFFFF else value for value in values]
        at += 4 + length
    return values


def member(read: Read, entry: Entry, span: Span, most: int) -> Member:
    """Read one entry, or say why not. A table of more than `most` bytes comes with neither bytes nor refusal."""
    name = entry.shown
    refusal = _unwanted(entry) or _over_caps(entry, span)
    if refusal is not None:
        return _refused(name, *refusal)
    try:
        packed = _packed(read, entry, span.shift)
        if entry.size > MAX_MEMBER:
            if detect(name, _expanded(packed, entry, HEAD)) not in LARGE:
                return _refused(name, *_bomb(entry.size, entry.compressed, MAX_MEMBER))
            if entry.size > most:
                return Member(name, None, None)
        data = _expanded(packed, entry, None)
    except (DamagedError, struct.error, _ExpandError, OSError) as error:
        what = f"El archivo está dañado dentro del ZIP ({type(error).__name__})"
        return _refused(name, "zip_member_damaged", what, _AGAIN)
    if data.startswith(_ZIP_STARTS) and not _is_workbook(data):
        return _refused(name, "zip_nested", "Es un ZIP dentro de otro ZIP y no se abre", _UNZIP)
    return Member(name, data, None) if data else _refused(name, "empty", "El archivo está vacío", _AGAIN)


def _packed(read: Read, entry: Entry, shift: int) -> bytes:
    """The entry's own bytes as they stand in the ZIP."""
    place = entry.offset + shift
    guess = _LOCAL.size + len(entry.raw_name) + 64
    block = read(place, guess + entry.compressed)
    signature, _, flags, _, _, _, _, _, _, names, extras = _LOCAL.unpack_from(block)
    start = _LOCAL.size + names + extras
    if signature != b"PK\x03\x04" or flags & 1 or block[_LOCAL.size : _LOCAL.size + names] != entry.raw_name:
        raise DamagedError
    if start > guess:
        block = read(place, start + entry.compressed)
    packed = block[start : start + entry.compressed]
    if len(packed) != entry.compressed:
        raise DamagedError
    return packed


def _expanded(packed: bytes, entry: Entry, most: int | None) -> bytes:
    """Expanded, all of it and checked, or only so many bytes. The declared size is a limit, not believed."""
    if entry.method == _STORED:
        data, ended = packed, True
    else:
        expander = isal_zlib.decompressobj(-15)
        data = expander.decompress(packed, (most or entry.size) + 1)
        ended = expander.eof
    if most is not None:
        return data[:most]
    if len(data) != entry.size or not ended or isal_zlib.crc32(data) != entry.crc:
        raise DamagedError
    return data


def _too_many(count: int) -> Member:
    what = f"El ZIP trae demasiados archivos ({count:,}); el máximo es {MAX_ENTRIES:,}"
    return _refused("", "zip_too_many_entries", what, _UNZIP)


def _unwanted(entry: Entry) -> tuple[str, str, str] | None:
    """Entries that hold nothing to read, or that must not be read."""
    if entry.raw_name.endswith(b"/"):
        return "zip_directory", "Es una carpeta, sin datos propios", _KEEP
    if b"__MACOSX" in entry.raw_name or b"._" in entry.raw_name or entry.raw_name.endswith(b".DS_Store"):
        parts = entry.name.split("/")
        if "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1] == ".DS_Store":
            return "zip_resource_fork", "Es un archivo auxiliar de macOS, sin datos de la empresa", _KEEP
    if entry.mode and stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG):
        return "zip_symlink", "Es un enlace o un archivo especial, que no se sigue", _UNZIP
    if entry.flags & 0x1:
        return "zip_encrypted", "El archivo está cifrado con contraseña", _UNZIP
    if entry.method not in (_STORED, _DEFLATED):
        return "zip_method", "El archivo usa una compresión que no se conoce", _UNZIP
    return None


def _over_caps(entry: Entry, span: Span) -> tuple[str, str, str] | None:
    """What the index itself declares to be too much."""
    if span.too_much:
        return "zip_too_large", f"El ZIP se expande a más de {MAX_TOTAL >> 30} GB", _UNZIP
    if entry.size > MAX_TABLE or _ratio(entry.size, entry.compressed) > MAX_RATIO:
        return _bomb(entry.size, entry.compressed, MAX_TABLE)
    return None


def _ratio(size: int, compressed: int) -> float:
    return size / max(compressed, 1) if size > RATIO_FROM else 0.0


def _bomb(size: int, compressed: int, most: int) -> tuple[str, str, str]:
    if size > most:
        return "zip_member_too_large", f"El archivo se expande a más de {most >> 20} MB", _UNZIP
    times = round(_ratio(size, compressed))
    return "zip_ratio", f"El archivo se expande {times:,} veces y el máximo es {MAX_RATIO}", _UNZIP


def _is_workbook(data: bytes) -> bool:
    """A workbook is a ZIP by format, and is read as a table."""
    return b"xl/workbook" in data or b"[Content_Types].xml" in data[:200]


def _refused(name: str, code: str, what: str, action: str) -> Member:
    where = f" en «{name}»" if name else ""
    return Member(name, None, Refusal(None, "archivo", code, f"{what}{where}. {action}", name))
