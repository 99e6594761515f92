"""What lies in the inbox: a listing that never changes a thing, its state hash, and delivery dates.

Only names, sizes and times are read here; contents belong to `load`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cartera.calendar import local_date_of_mtime
from cartera.errors import HomeError

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_YEAR_FIRST = re.compile(
    r"(?<![0-9A-Za-z])(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?![0-9A-Za-z])"
)
_DAY_FIRST = re.compile(
    r"(?<![0-9A-Za-z])(0[1-9]|[12]\d|3[01])([-_.])(0[1-9]|1[0-2])\2(20\d\d)(?![0-9A-Za-z])"
)


@dataclass(frozen=True)
class InboxFile:
    """A file as listed. `path` is relative, with `/`, always printable; `location` opens it."""

    path: str
    location: Path
    size_bytes: int
    mtime_ns: int
    problem: str = ""  # why it cannot be read, in words


def scan(inbox: Path) -> list[InboxFile]:
    """Every file below `inbox`, sorted by path. Links are listed and never followed. Raises HomeError."""
    found: list[InboxFile] = []
    folders = [inbox]
    root = f"{inbox}/"
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    else:
                        found.append(_listed(entry, root))
        except OSError as error:
            if folder == inbox:
                raise HomeError(
                    f"no se puede leer la bandeja ({error.strerror})", str(inbox), "Revisa sus permisos"
                ) from error
            problem = f"no se puede leer la carpeta ({error.strerror}); revisa sus permisos"
            found.append(InboxFile(_printable(folder, inbox), folder, 0, 0, problem))
    found.sort(key=lambda file: file.path)
    return found


def _listed(entry: os.DirEntry[str], root: str) -> InboxFile:
    status = entry.stat(follow_symlinks=False)
    problem = ""
    if entry.is_symlink():
        problem = "es un enlace a otro lugar; copia el archivo mismo a la bandeja"
    elif not entry.is_file(follow_symlinks=False):
        problem = "no es un archivo común; quítalo de la bandeja"
    path = entry.path[len(root) :].encode("utf-8", "backslashreplace").decode("utf-8")
    return InboxFile(path, Path(entry.path), status.st_size, status.st_mtime_ns, problem)


def _printable(path: Path, inbox: Path) -> str:
    relative = path.relative_to(inbox).as_posix()
    return relative.encode("utf-8", "backslashreplace").decode("utf-8")


def chunks(files: Iterable[InboxFile], most_files: int, most_bytes: int) -> Iterator[list[InboxFile]]:
    """The listing in batches of so many files or bytes."""
    batch: list[InboxFile] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.size_bytes
        if len(batch) >= most_files or size >= most_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def state_hash(files: Iterable[InboxFile]) -> str:
    """A hash of names, sizes and times: equal means that nothing in the inbox was touched."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.path}\0{file.size_bytes}\0{file.mtime_ns}\n".encode())
    return digest.hexdigest()


def delivery_date(name: str, mtime_ns: int) -> dt.date:
    """The date in the file's own name (2026-06-30, 20260630, 30-06-2026), else its mtime's local date."""
    return date_in_name(name) or local_date_of_mtime(mtime_ns / 1e9)


def date_in_name(name: str) -> dt.date | None:
    """The last date written in a file's base name; digits inside a UUID are no date."""
    base = _UUID.sub(" ", name.rsplit("/", 1)[-1])
    found = [(m.start(), m[1], m[3], m[4]) for m in _YEAR_FIRST.finditer(base)]
    found += [(m.start(), m[4], m[3], m[1]) for m in _DAY_FIRST.finditer(base)]
    for _, year, month, day in sorted(found, reverse=True):
        try:
            return dt.date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None
