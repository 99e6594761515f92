"""What lies in the inbox: a listing that never changes a thing, its state hash, and delivery dates.

Only names, sizes and times are read here; contents belong to `load`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from cartera.calendar import local_date_of_mtime
from cartera.errors import HomeError

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_YEAR_FIRST = re.compile(
    r"(?<![0-9A-Za-z])(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?![0-9A-Za-z])"
)
_DAY_FIRST = re.compile(
    r"(?<![0-9A-Za-z])(0[1-9]|[12]\d|3[01])([-_.])(0[1-9]|1[0-2])\2(20\d\d)(?![0-9A-Za-z])"
)


Row = tuple[str, int, int, str]  # name, size, mtime_ns, and why it cannot be read, in words
LISTING = pa.schema(
    [("path", pa.string()), ("size_bytes", pa.int64()), ("mtime_ns", pa.int64()), ("problem", pa.string())]
)
_MANY = 50_000


@dataclass(frozen=True)
class Listing:
    """The inbox as it stands. A `path` is relative, with `/`, always printable; `real` has those that are not."""

    files: pa.Table  # LISTING
    state: str
    real: dict[str, str]


def scan(inbox: Path, so_far: Callable[[int, int], None] = lambda *_: None) -> Listing:
    """Every file below `inbox`; `so_far` hears how many there are, and their bytes, while it goes on. Links are
    listed and never followed. Raises HomeError.
    """
    digest = hashlib.sha256()
    parts: list[pa.Table] = []
    real: dict[str, str] = {}
    columns: tuple[list[str], list[int], list[int], list[str]] = ([], [], [], [])
    seen = weight = 0
    for prefix, rows in _folders(inbox, digest):
        seen += len(rows)
        weight += sum(row[1] for row in rows)
        so_far(seen, weight)
        paths, sizes, times, problems = columns
        names = [prefix + row[0] for row in rows]
        if not "".join(names).isascii():
            names = [_printable(name, real) for name in names]
        paths += names
        sizes += [row[1] for row in rows]
        times += [row[2] for row in rows]
        problems += [row[3] for row in rows]
        if len(paths) >= _MANY:
            parts.append(pa.table(columns, schema=LISTING))
            columns = ([], [], [], [])
    parts.append(pa.table(columns, schema=LISTING))
    return Listing(pa.concat_tables(parts), digest.hexdigest(), real)


def state(inbox: Path) -> str:
    """A hash of names, sizes and times: equal means that nothing in the inbox was touched. Raises HomeError."""
    digest = hashlib.sha256()
    for _ in _folders(inbox, digest):
        pass
    return digest.hexdigest()


def _folders(inbox: Path, digest: hashlib._Hash) -> Iterator[tuple[str, list[Row]]]:
    """Each folder's files, sorted; `digest` takes in all that was seen."""
    folders = [""]
    while folders:
        prefix = folders.pop()
        rows: list[Row] = []
        below: list[str] = []
        try:
            _list(f"{inbox}/{prefix}", rows, below)
        except OSError as error:
            if not prefix:
                raise HomeError(
                    f"no se puede leer la bandeja ({error.strerror})", str(inbox), "Revisa sus permisos"
                ) from error
            problem = f"no se puede leer la carpeta ({error.strerror}); revisa sus permisos"
            rows.append(("", 0, 0, problem))
        rows.sort()
        folders += [f"{prefix}{name}/" for name in sorted(below, reverse=True)]
        text = "\n".join([f"{name}\0{size}\0{mtime_ns}" for name, size, mtime_ns, _ in rows])
        digest.update(f"{prefix}\0{len(rows)}\0{text}\n".encode("utf-8", "backslashreplace"))
        if rows:
            yield prefix, rows


def _list(folder: str, rows: list[Row], below: list[str]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below.append(entry.name)
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # taken away meanwhile
            problem = ""
            if entry.is_symlink():
                problem = "es un enlace a otro lugar; copia el archivo mismo a la bandeja"
            elif not entry.is_file(follow_symlinks=False):
                problem = "no es un archivo común; quítalo de la bandeja"
            rows.append((entry.name, status.st_size, status.st_mtime_ns, problem))


def _printable(path: str, real: dict[str, str]) -> str:
    shown = path.encode("utf-8", "backslashreplace").decode("utf-8")
    if shown != path:
        real[shown] = path
    return shown


def delivery_date(name: str, mtime_ns: int) -> dt.date:
    """The date in the file's own name (2026-06-30, 20260630, 30-06-2026), else its mtime's local date."""
    return date_in_name(name) or _day_of_hour(mtime_ns // 3_600_000_000_000)


@lru_cache(maxsize=4096)
def _day_of_hour(hour: int) -> dt.date:
    """The local date of an hour since 1970: Mexico City's offsets are whole hours."""
    return local_date_of_mtime(hour * 3600)


def date_in_name(name: str) -> dt.date | None:
    """The last date written in a file's base name; digits inside a UUID are no date."""
    base = name.rsplit("/", 1)[-1]
    if "20" not in base:
        return None  # nearly every XML of a large inbox
    base = _UUID.sub(" ", base)
    found = [(m.start(), m[1], m[3], m[4]) for m in _YEAR_FIRST.finditer(base)]
    found += [(m.start(), m[4], m[3], m[1]) for m in _DAY_FIRST.finditer(base)]
    for _, year, month, day in sorted(found, reverse=True):
        try:
            return dt.date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None
