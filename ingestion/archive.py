"""The archive: every file's original bytes, by sha256, in append-only packs of zstd frames.

About 64 files share a frame, so similar XML compresses well and one can still be had back quickly.
Where each content lies is kept by the ledger; a pack that the ledger does not name is a leftover of
a killed run and is deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import zstandard

from cartera.errors import WarehouseError

FILES_PER_FRAME = 64
BYTES_PER_FRAME = 4 << 20
LEVEL = 1  # of CFDIs it leaves 14.8 % where level 6 leaves 14.6 %, in a quarter of the time
PACKED = pa.schema(
    [("sha256", pa.string()), ("frame", pa.int64()), ("inner_offset", pa.int64()), ("size_bytes", pa.int64())]
)
PLACES = pa.schema(
    [("sha256", pa.string()), ("pack", pa.string())]
    + [(name, pa.int64()) for name in ("frame_offset", "frame_bytes", "inner_offset", "size_bytes")]
)


@dataclass(frozen=True)
class Place:
    """Where a content lies: pack file, its frame's offset and length, and its slice once expanded."""

    sha256: str
    pack: str
    frame_offset: int
    frame_bytes: int
    inner_offset: int
    size_bytes: int


class Packed(NamedTuple):
    """Contents compressed into frames, not yet in a pack: anyone may make these, one process writes them."""

    frames: list[bytes]
    contents: pa.Table  # PACKED, in the order of the frames


def pack(contents: Sequence[tuple[str, bytes]]) -> Packed:
    """Compress contents given as (sha256, bytes), each sha256 once."""
    frames: list[bytes] = []
    numbers: list[int] = []
    inner: list[int] = []
    compressor = zstandard.ZstdCompressor(level=LEVEL)
    waiting: list[bytes] = []
    size = 0
    for _, data in contents:
        if waiting and (len(waiting) >= FILES_PER_FRAME or size + len(data) > BYTES_PER_FRAME):
            frames.append(compressor.compress(b"".join(waiting)))
            waiting, size = [], 0
        numbers.append(len(frames))
        inner.append(size)
        waiting.append(data)
        size += len(data)
    if waiting:
        frames.append(compressor.compress(b"".join(waiting)))
    columns = ([sha256 for sha256, _ in contents], numbers, inner, [len(data) for _, data in contents])
    return Packed(frames, pa.table(columns, schema=PACKED))


class PackWriter:
    """Writes one new pack. `add` what is packed, for its places; `close` makes it last (fsync)."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.pack"
        try:
            self._handle = self._path.open("xb")
        except OSError as error:
            raise WarehouseError(
                f"no se puede escribir en el archivo histórico ({error.strerror})",
                str(folder),
                "Créalo o revísalo",
            ) from error

    def add(self, packed: Packed) -> pa.Table:
        """Write the frames. Returns the contents' places, as `intake.places` holds them."""
        numbers = packed.contents["frame"].to_numpy()
        lengths = np.array([len(frame) for frame in packed.frames], np.int64)
        starts = self._handle.tell() + np.concatenate((np.zeros(1, np.int64), lengths.cumsum()))
        self._handle.writelines(packed.frames)
        own, packs = packed.contents, pa.repeat(self._path.name, len(numbers))
        columns = (
            own["sha256"],
            packs,
            starts[numbers],
            lengths[numbers],
            own["inner_offset"],
            own["size_bytes"],
        )
        return pa.table(columns, schema=PLACES)

    def close(self) -> None:
        """Flush, fsync and close; an empty pack leaves no file."""
        self._handle.flush()
        os.fsync(self._handle.fileno())
        empty = not self._handle.tell()
        self._handle.close()
        if empty:
            self._path.unlink()


def fetch(folder: Path, place: Place) -> bytes:
    """One content back. Raises WarehouseError where the pack is missing or damaged."""
    return next(iter(fetch_all(folder, [place])))[1]


def fetch_all(folder: Path, places: Iterable[Place]) -> Iterator[tuple[str, bytes]]:
    """Contents in pack order, each frame expanded once: (sha256, bytes)."""
    key: tuple[str, int] | None = None
    expanded = b""
    for place in sorted(places, key=lambda p: (p.pack, p.frame_offset, p.inner_offset)):
        if (place.pack, place.frame_offset) != key:
            key = (place.pack, place.frame_offset)
            expanded = frame(folder / place.pack, place.frame_offset, place.frame_bytes)
        yield place.sha256, expanded[place.inner_offset : place.inner_offset + place.size_bytes]


def frame(pack_file: Path, offset: int, length: int) -> bytes:
    """One frame, expanded. Raises WarehouseError where the pack is missing or damaged."""
    try:
        with pack_file.open("rb") as handle:
            handle.seek(offset)
            return zstandard.ZstdDecompressor().decompress(handle.read(length))
    except (OSError, zstandard.ZstdError) as error:
        raise WarehouseError(
            f"no se pudo leer el archivo histórico ({error})", str(pack_file), "Recupéralo de tu respaldo"
        ) from error


def delete_leftovers(folder: Path, known_packs: set[str]) -> None:
    """Remove packs that no ledger row names."""
    for pack in folder.glob("*.pack"):
        if pack.name not in known_packs:
            pack.unlink()
