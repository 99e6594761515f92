"""The archive: every file's original bytes, by sha256, in append-only packs of zstd frames.

About 64 files share a frame, so similar XML compresses well and one can still be had back quickly.
Where each content lies is kept by the ledger; a pack that the ledger does not name is a leftover of
a killed run and is deleted.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import zstandard

from cartera.errors import WarehouseError

FILES_PER_FRAME = 64
BYTES_PER_FRAME = 4 << 20
LEVEL = 6
FRAMES_AHEAD = 4  # compressed beside the reading (zstd lets other threads run), written in order


@dataclass(frozen=True)
class Place:
    """Where a content lies: pack file, its frame's offset and length, and its slice once expanded."""

    sha256: str
    pack: str
    frame_offset: int
    frame_bytes: int
    inner_offset: int
    size_bytes: int


class PackWriter:
    """Writes one new pack. `add` contents, then `close` for their places (fsynced)."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.pack"
        self._name = self._path.name
        self._handle = None if not folder.is_dir() else self._path.open("xb")
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._waiting: list[tuple[str, bytes]] = []
        self._waiting_bytes = 0
        self._places: list[Place] = []
        self._beside = ThreadPoolExecutor(1)
        self._frames: deque[tuple[list[tuple[str, int]], Future[bytes]]] = deque()

    def add(self, sha256: str, data: bytes) -> None:
        """Keep a content; the caller gives each sha256 once."""
        self._waiting.append((sha256, data))
        self._waiting_bytes += len(data)
        if len(self._waiting) >= FILES_PER_FRAME or self._waiting_bytes >= BYTES_PER_FRAME:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        if self._handle is None:
            raise WarehouseError("falta la carpeta del archivo histórico", str(self._path.parent), "Créala")
        whole = b"".join(data for _, data in self._waiting)
        sizes = [(sha256, len(data)) for sha256, data in self._waiting]
        self._frames.append((sizes, self._beside.submit(self._compressor.compress, whole)))
        self._waiting.clear()
        self._waiting_bytes = 0
        self._write(FRAMES_AHEAD)

    def _write(self, most: int) -> None:
        """Write the oldest frames until `most` are still being compressed."""
        while self._handle is not None and len(self._frames) > most:
            sizes, compressed = self._frames.popleft()
            frame = compressed.result()
            offset = self._handle.tell()
            self._handle.write(frame)
            inner = 0
            for sha256, size in sizes:
                self._places.append(Place(sha256, self._name, offset, len(frame), inner, size))
                inner += size

    def close(self) -> list[Place]:
        """Flush, fsync and close; an empty pack leaves no file."""
        self._flush()
        self._write(0)
        self._beside.shutdown()
        if self._handle is not None:
            self._handle.flush()
            os.fsync(self._handle.fileno())
            self._handle.close()
            if not self._places:
                self._path.unlink()
        return self._places


def fetch(folder: Path, place: Place) -> bytes:
    """One content back. Raises WarehouseError where the pack is missing or damaged."""
    return next(iter(fetch_all(folder, [place])))[1]


def fetch_all(folder: Path, places: Iterable[Place]) -> Iterator[tuple[str, bytes]]:
    """Contents in pack order, each frame expanded once: (sha256, bytes)."""
    expander = zstandard.ZstdDecompressor()
    key: tuple[str, int] | None = None
    expanded = b""
    for place in sorted(places, key=lambda p: (p.pack, p.frame_offset, p.inner_offset)):
        if (place.pack, place.frame_offset) != key:
            try:
                with (folder / place.pack).open("rb") as handle:
                    handle.seek(place.frame_offset)
                    expanded = expander.decompress(handle.read(place.frame_bytes))
            except (OSError, zstandard.ZstdError) as error:
                raise WarehouseError(
                    f"no se pudo leer el archivo histórico ({error})",
                    str(folder / place.pack),
                    "Recupéralo de tu respaldo",
                ) from error
            key = (place.pack, place.frame_offset)
        yield place.sha256, expanded[place.inner_offset : place.inner_offset + place.size_bytes]


def delete_leftovers(folder: Path, known_packs: set[str]) -> None:
    """Remove packs that no ledger row names."""
    for pack in folder.glob("*.pack"):
        if pack.name not in known_packs:
            pack.unlink()
