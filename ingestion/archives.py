"""ZIP archives as files to read: member by member, from memory, under caps, with nothing trusted.

Nothing is ever extracted to disk, and a member's name is only a label. Every entry is accounted for: it comes
as bytes, or as a refusal that says why not. Directories and macOS resource forks carry no data of their own
and are reported as such. A ZIP inside a ZIP is set aside, not opened.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ingestion.reading import Refusal

MAX_ENTRIES = 500_000
MAX_MEMBER = 20 * 1024 * 1024
MAX_RATIO = 200
RATIO_FROM = 1024 * 1024
MAX_TOTAL = 8 * 1024 * 1024 * 1024

_AGAIN = "Se guardó en cuarentena: vuelve a descargar o a copiar el ZIP completo."
_UNZIP = "Se guardó en cuarentena: descomprímelo tú y deja los archivos en la bandeja."
_KEEP = "No hay nada que corregir."
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
# Only these expand step by step under a limit; bzip2 and LZMA give a whole block at a time.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_MAX_INDEX = MAX_ENTRIES * 300  # bytes of central directory
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Member:
    """One entry: its name as shown, and its bytes or the reason why there are none.

    The archive itself, when it cannot be read on, comes as a member of empty name.
    """

    name: str
    data: bytes | None
    refusal: Refusal | None


def members(data: bytes | Path) -> Iterator[Member]:
    """Every entry of a ZIP given as bytes or as a file, which is opened for reading only."""
    if isinstance(data, Path):
        with data.open("rb") as file:
            yield from _members(file)
    else:
        yield from _members(io.BytesIO(data))


def _members(file: IO[bytes]) -> Iterator[Member]:
    try:
        entries_declared, index_size = _declared(file)
        if entries_declared > MAX_ENTRIES or index_size > _MAX_INDEX:
            yield _too_many(entries_declared)
            return
        archive = zipfile.ZipFile(file)
    except _FAULTS as error:
        yield _refused("", *_unreadable(file, error))
        return
    with archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            yield _too_many(len(entries))
            return
        expanded = 0
        for entry in entries:
            if expanded >= MAX_TOTAL:
                what = f"El ZIP se expande a más de {MAX_TOTAL // 1024**3} GB"
                yield _refused(_shown(entry), "zip_too_large", what, _UNZIP)
                continue
            member = _member(archive, entry)
            expanded += len(member.data or b"")
            yield member


def _declared(file: IO[bytes]) -> tuple[int, int]:
    """How many entries the ZIP says it has, and the size of its index, before anything builds them."""
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(max(0, size - _END.size - 0xFFFF - _LOCATOR.size))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("no end record")
    _, _, _, _, entries, index_size, _, _ = _END.unpack_from(tail, at)
    if at >= _LOCATOR.size and tail[at - _LOCATOR.size :].startswith(b"PK\x06\x07"):
        file.seek(_LOCATOR.unpack_from(tail, at - _LOCATOR.size)[2])
        record = file.read(_END64.size)
        if len(record) == _END64.size and record.startswith(b"PK\x06\x06"):
            fields = _END64.unpack(record)
            entries, index_size = max(entries % 0xFFFF, fields[7]), fields[8]
    return entries, index_size


def _too_many(count: int) -> Member:
    what = f"El ZIP trae demasiados archivos ({count:,}); el máximo es {MAX_ENTRIES:,}"
    return _refused("", "zip_too_many_entries", what, _UNZIP)


def _unreadable(file: IO[bytes], error: BaseException) -> tuple[str, str, str]:
    """Why the archive does not open: cut short, or not a ZIP."""
    file.seek(0)
    if file.read(4).startswith(_ZIP_STARTS):
        return "zip_truncated", "El ZIP está incompleto o dañado: no tiene su índice al final", _AGAIN
    return "zip_malformed", f"El archivo no es un ZIP que se pueda abrir ({type(error).__name__})", _AGAIN


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    """Read one entry, or say why not."""
    name = _shown(entry)
    refusal = _unwanted(entry) or _over_caps(entry)
    if refusal is not None:
        return _refused(name, *refusal)
    try:
        with archive.open(entry) as stream:
            # One byte more than allowed: the size that the index declares is not believed.
            data = stream.read(MAX_MEMBER + 1)
    except _FAULTS as error:
        what = f"El archivo está dañado dentro del ZIP ({type(error).__name__})"
        return _refused(name, "zip_member_damaged", what, _AGAIN)
    if len(data) > MAX_MEMBER or _ratio(len(data), entry.compress_size) > MAX_RATIO:
        return _refused(name, *_bomb(len(data), entry.compress_size))
    if not data:
        return _refused(name, "empty", "El archivo está vacío", _AGAIN)
    if data.startswith(_ZIP_STARTS) and not _is_workbook(data):
        return _refused(name, "zip_nested", "Es un ZIP dentro de otro ZIP y no se abre", _UNZIP)
    return Member(name, data, None)


def _unwanted(entry: zipfile.ZipInfo) -> tuple[str, str, str] | None:
    """Entries that hold nothing to read, or that must not be read."""
    mode = entry.external_attr >> 16
    parts = entry.filename.split("/")
    if entry.filename.endswith("/"):
        return "zip_directory", "Es una carpeta, sin datos propios", _KEEP
    if "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1] == ".DS_Store":
        return "zip_resource_fork", "Es un archivo auxiliar de macOS, sin datos de la empresa", _KEEP
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "zip_symlink", "Es un enlace o un archivo especial, que no se sigue", _UNZIP
    if entry.flag_bits & 0x1:
        return "zip_encrypted", "El archivo está cifrado con contraseña", _UNZIP
    if entry.compress_type not in _METHODS:
        return "zip_method", "El archivo usa una compresión que no se conoce", _UNZIP
    return None


def _over_caps(entry: zipfile.ZipInfo) -> tuple[str, str, str] | None:
    """What the index itself declares to be too much."""
    if entry.file_size > MAX_MEMBER or _ratio(entry.file_size, entry.compress_size) > MAX_RATIO:
        return _bomb(entry.file_size, entry.compress_size)
    return None


def _ratio(size: int, compressed: int) -> float:
    return size / max(compressed, 1) if size > RATIO_FROM else 0.0


def _bomb(size: int, compressed: int) -> tuple[str, str, str]:
    if size > MAX_MEMBER:
        what = f"El archivo se expande a más de {MAX_MEMBER // 1024**2} MB"
        return "zip_member_too_large", what, _UNZIP
    times = round(_ratio(size, compressed))
    return "zip_ratio", f"El archivo se expande {times:,} veces y el máximo es {MAX_RATIO}", _UNZIP


def _is_workbook(data: bytes) -> bool:
    """A workbook is a ZIP by format, and is read as a table."""
    return b"xl/workbook" in data or b"[Content_Types].xml" in data[:200]


def _shown(entry: zipfile.ZipInfo) -> str:
    """The name as a label: printable, and short."""
    clean = "".join(c if c.isprintable() else "\ufffd" for c in entry.filename)
    if not clean:
        return "(sin nombre)"
    return clean if len(clean) <= 500 else clean[:240] + "…" + clean[-240:]


def _refused(name: str, code: str, what: str, action: str) -> Member:
    where = f" en «{name}»" if name else ""
    return Member(name, None, Refusal(None, "archivo", code, f"{what}{where}. {action}", name))
