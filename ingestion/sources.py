"""Where contents come from: a file of the inbox, members of a ZIP, a frame of the archive. Opening one gives `Found`.

Sources are small and go to other processes; bytes are read there. What only the one writer may read (tables,
statements, a ZIP to be walked) comes back without bytes and with a source of its own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ingestion import archive, archives, inbox
from ingestion.archives import MAX_MEMBER, Span
from ingestion.detect import detect
from ingestion.intake import UNREADABLE, sentence
from ingestion.reading import Refusal

NOT_TABLES = ("cfdi_xml", "unknown", *UNREADABLE)  # decided at once; the writer reads the rest
_SMALL = 1 << 16


class Found(NamedTuple):
    """One content as it was found, with its bytes, a refusal, or neither: then the writer opens it."""

    path: str
    member: str
    position: int
    size_bytes: int
    mtime_ns: int
    day: dt.date
    kind: str
    data: bytes | None
    refusal: Refusal | None = None
    sha256: str = ""  # where it is known already
    source: Source | None = None  # where the writer finds it

    @property
    def name(self) -> str:
        """What people know it by."""
        return self.member or self.path


class Loose(NamedTuple):
    """A file of the inbox. `whole`: read it whatever it is."""

    path: str
    location: str
    size_bytes: int
    mtime_ns: int
    whole: bool = False

    def found(self) -> Iterator[Found]:
        """The file itself."""
        day = inbox.delivery_date(self.path, self.mtime_ns)
        label = (self.path, "", 0, self.size_bytes, self.mtime_ns, day)
        try:
            descriptor = os.open(self.location, os.O_RDONLY)
        except OSError as error:
            yield Found(*label, "unknown", None, _unreadable(self.path, error))
            return
        try:
            data = os.read(descriptor, _SMALL)
            kind = detect(self.path, data[: archives.HEAD])
            if self.whole or (kind in NOT_TABLES and self.size_bytes <= MAX_MEMBER):
                if len(data) == _SMALL:
                    with open(descriptor, "rb", closefd=False) as rest:
                        data += rest.read()
                yield Found(*label, kind, data)
                return
            sha256 = ""
            if kind == "zip":
                with open(descriptor, "rb", closefd=False) as whole:
                    whole.seek(0)
                    sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
            yield Found(*label, kind, None, None, sha256, self._replace(whole=True))
        except OSError as error:
            yield Found(*label, "unknown", None, _unreadable(self.path, error))
        finally:
            os.close(descriptor)

    @property
    def weight(self) -> int:
        """Bytes that it may take to read it."""
        return min(self.size_bytes, MAX_MEMBER)

    @property
    def entries(self) -> int:
        """How many contents."""
        return 1


class Listed(NamedTuple):
    """Files of the inbox that follow one another in its listing: (path, size, mtime). `real`: names as they are."""

    inbox: str
    files: list[tuple[str, int, int]]
    real: dict[str, str]
    weight: int  # bytes that it may take to read them

    def found(self) -> Iterator[Found]:
        """Each file."""
        for path, size, mtime_ns in self.files:
            yield from Loose(path, f"{self.inbox}/{self.real.get(path, path)}", size, mtime_ns).found()

    @property
    def entries(self) -> int:
        """How many contents."""
        return len(self.files)


class Zipped(NamedTuple):
    """Some members of a ZIP. `whole`: only the first of them, read whatever it is."""

    path: str
    location: str
    mtime_ns: int
    day: dt.date
    span: Span
    whole: bool = False

    def found(self) -> Iterator[Found]:
        """The members, in the order of the index; folders are no files."""
        number = 0
        try:
            with Path(self.location).open("rb", buffering=0) as file:
                read = archives.reader_of(file.fileno())
                for number, entry in enumerate(archives.entries(read, self.span)):
                    found = self._member(read, number, entry)
                    if found is not None:
                        yield found
        except (OSError, archives.DamagedError):  # it was whole when its index was read
            name = f"(desde el miembro {self.span.first + number + 1})"
            refusal = Refusal(None, "archivo", "zip_changed", sentence(self.path, "cambió mientras se leía"))
            yield Found(self.path, name, self.span.first + number + 1, 0, self.mtime_ns, self.day, "unknown",
                        None, refusal)  # fmt: skip

    def _member(self, read: archives.Read, number: int, entry: archives.Entry) -> Found | None:
        most = archives.MAX_TABLE if self.whole else MAX_MEMBER
        name, data, refusal = archives.member(read, entry, self.span, most)
        if refusal is not None and refusal.code == "zip_directory":
            return None
        kind = "unknown" if data is None else detect(name, data[: archives.HEAD])
        size = 0 if data is None else len(data)
        label = (self.path, name, self.span.first + number + 1, size, self.mtime_ns)
        day = inbox.date_in_name(name) or self.day
        if refusal is not None or self.whole or (data is not None and kind in NOT_TABLES):
            return Found(*label, day, kind, data, refusal)
        alone = self.span._replace(start=entry.at, entries=1, first=self.span.first + number)
        return Found(*label, day, kind, None, None, "", self._replace(span=alone, whole=True))

    @property
    def weight(self) -> int:
        """Bytes that it may take to read it."""
        return self.span.size_bytes

    @property
    def entries(self) -> int:
        """How many contents."""
        return self.span.entries


class Archived(NamedTuple):
    """Contents of one frame of the archive, each with the place where it first came."""

    pack: str
    frame_offset: int
    frame_bytes: int
    contents: list[
        tuple[int, int, str, str, str, int, dt.date]
    ]  # inner, size, sha256, path, member, mtime, day
    whole: bool = False

    def found(self) -> Iterator[Found]:
        """The contents, read again."""
        frame = archive.frame(Path(self.pack), self.frame_offset, self.frame_bytes)
        for content in self.contents:
            inner, size, sha256, path, member, mtime_ns, day = content
            data: bytes | None = frame[inner : inner + size]
            kind = detect(member or path, frame[inner : inner + min(size, archives.HEAD)])
            source = None
            if kind not in NOT_TABLES and not self.whole:
                data, source = None, self._replace(contents=[content], whole=True)
            yield Found(path, member, -1, size, mtime_ns, day, kind, data, None, sha256, source)

    @property
    def weight(self) -> int:
        """Bytes that it may take to read it."""
        return sum(content[1] for content in self.contents)

    @property
    def entries(self) -> int:
        """How many contents."""
        return len(self.contents)


Source = Loose | Listed | Zipped | Archived


def first_of(found: Found) -> Found:
    """What the writer opens itself, now with its bytes or a refusal."""
    return next(found.source.found()) if found.source else found


def _unreadable(path: str, error: OSError) -> Refusal:
    problem = f"no se puede leer ({error.strerror}); revisa sus permisos"
    return Refusal(None, "archivo", "unreadable", sentence(path, problem))
