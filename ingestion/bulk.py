"""A batch of sources, from bytes to what the ledger and raw need: hashed, told apart, read and compressed.

Runs in any process and shares nothing: it gets names and places, and gives back compact columns. The rows of CFDIs
go to Parquet parts beside the delivery file, and originals come back compressed. What only the one writer may
read (tables, statements, a ZIP to be walked) is named in `others`. A content that is already known is not read.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion import archive
from ingestion.archive import Packed
from ingestion.cfdi.reader import read_cfdis
from ingestion.intake import UNREADABLE, sentence
from ingestion.reading import Refusal
from ingestion.sources import Found, Source

SKIPPED, READ = "skipped", "read"
CFDI, TABLE, MIXED = "cfdi", "table", "mixed"  # which reader's version a row carries


class Arrived(NamedTuple):
    """One file or member that came, as `intake.arrived` holds it. `position` orders the members of a ZIP."""

    seq: int
    path: str
    member: str
    position: int
    sha256: str
    size_bytes: int
    mtime_ns: int
    delivery_date: dt.date
    kind: str
    reader: str
    outcome: str  # read, or skipped because its content is known
    part: int  # the Parquet part with its rows; -1 where there is none
    rows_read: int
    rows_quarantined: int
    reason: str
    flags: str


_ARROW = {int: pa.int64(), str: pa.string(), dt.date: pa.date32()}
ARRIVED = pa.schema([(name, _ARROW[kind]) for name, kind in get_type_hints(Arrived).items()])
REFUSED = pa.schema(
    [("seq", pa.int64()), ("row_number", pa.int64())]
    + [(name, pa.string()) for name in ("location", "code", "reason", "raw_text")]
)


class Task(NamedTuple):
    """Sources to read together. `parts` is where rows go, `known` the sorted ids of contents not to be read."""

    number: int
    sources: Sequence[Source]
    parts: Path
    known: Path
    files: int = 0  # of the listing: for the progress


@dataclass
class Batch:
    """What became of a task's sources."""

    arrived: pa.Table  # ARRIVED
    refused: pa.Table  # REFUSED
    packed: Packed
    others: list[Found]
    files: int
    mixed: set[str] = field(default_factory=set)  # ZIPs with more than CFDIs


def start() -> None:
    """What a worker does first: to find this function it has imported all that it needs."""


def read(task: Task) -> Batch:
    """Open, hash, tell apart, read and compress everything of a task."""
    everything = [found for source in task.sources for found in source.found()]
    here = [found for found in everything if found.source is None]
    hashes = [_sha256(found) for found in here]
    fresh = _fresh(here, hashes, known_ids(task.known))
    outcomes = _read_cfdis(task, [(i, here[i], hashes[i]) for i in fresh if here[i].kind == "cfdi_xml"])
    for i in fresh:
        if here[i].kind != "cfdi_xml":
            outcomes[i] = (here[i].kind, [not_read(here[i])], "")
    rows: list[Arrived] = []
    refused: list[tuple[int, Refusal]] = []
    for i, found in enumerate(here):
        kind, refusals, flags = outcomes.get(i, (found.kind, [], ""))
        seq = task.number << 20 | i
        counts, outcome = (0, 0, ""), READ
        if found.refusal is not None:
            refusals, reader = [found.refusal], CFDI if found.member else ""
            if (
                found.refusal.code == "zip_resource_fork"
            ):  # accounted for; nothing that a person should look at
                kind, refusals, counts = "system", [], (0, 0, found.refusal.reason)
        else:
            reader = CFDI if found.kind == "cfdi_xml" else TABLE
            counts, outcome = (1, 0, ""), READ if i in outcomes else SKIPPED
        if refusals:
            counts = (1, 1, refusals[0].reason)
            refused += [(seq, refusal) for refusal in refusals]
        part = task.number if found.kind == "cfdi_xml" and outcome == READ else -1
        rows.append(Arrived(seq, found.path, found.member, found.position, hashes[i], found.size_bytes,
                            found.mtime_ns, found.day, kind, reader, outcome, part, *counts, flags))  # fmt: skip
    originals = [(hashes[i], here[i].data or b"") for i in fresh if here[i].position >= 0]
    mixed = {f.path for f in everything if f.member and f.refusal is None and f.kind != "cfdi_xml"}
    others = [found for found in everything if found.source is not None]
    return Batch(table_of(rows), refused_of(refused), archive.pack(originals), others, task.files, mixed)


def table_of(rows: Sequence[Arrived]) -> pa.Table:
    """Rows as Arrow."""
    return pa.table(list(zip(*rows, strict=True)), schema=ARRIVED) if rows else ARRIVED.empty_table()


def refused_of(refusals: Sequence[tuple[int, Refusal]]) -> pa.Table:
    """Refusals by `seq` as Arrow. Text that UTF-8 cannot hold is escaped, never dropped."""
    rows = [
        (seq, r.row_number, *(text.encode("utf-8", "backslashreplace").decode() for text in
                              (r.location, r.code, r.reason, r.raw_text)))
        for seq, r in refusals
    ]  # fmt: skip
    return pa.table(list(zip(*rows, strict=True)), schema=REFUSED) if rows else REFUSED.empty_table()


def not_read(found: Found) -> Refusal:
    """Why a content of this kind is not read."""
    problem = UNREADABLE.get(found.kind, "no se reconoce qué es; se esperan CFDI (XML o ZIP) o tablas "
                             "(CSV, XLSX) con encabezados conocidos")  # fmt: skip
    if found.kind == "zip":
        problem = "es un ZIP dentro de otro; descomprímelo y copia su contenido a la bandeja"
    return Refusal(None, "archivo", f"not_read_{found.kind}", sentence(found.name, problem))


def id_of(sha256: str) -> int:
    """A content's id as a number: what `known` holds."""
    return int(sha256[:16], 16)


@lru_cache(maxsize=1)
def known_ids(file: Path) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """The ids that are not to be read, shared by all processes through the system's cache."""
    return np.load(file, mmap_mode="r")  # type: ignore[no-any-return]


def is_known(known: np.ndarray[tuple[int], np.dtype[np.uint64]], ids: Sequence[int]) -> list[bool]:
    """Which of the ids are known."""
    wanted = np.array(ids, np.uint64)
    at = np.searchsorted(known, wanted)
    at[at == len(known)] = 0
    return (known[at] == wanted).tolist() if len(known) else [False] * len(wanted)


def _sha256(found: Found) -> str:
    if found.sha256 or found.data is None:
        return found.sha256
    return hashlib.sha256(found.data).hexdigest()


def _fresh(
    here: list[Found], hashes: list[str], known: np.ndarray[tuple[int], np.dtype[np.uint64]]
) -> list[int]:
    """The contents to read: not known, and each once. What comes from the archive is always read."""
    skip = is_known(known, [id_of(sha256 or "0") for sha256 in hashes])
    seen: set[str] = set()
    fresh = []
    for i, found in enumerate(here):
        if found.data is not None and (found.position < 0 or not (skip[i] or hashes[i] in seen)):
            seen.add(hashes[i])
            fresh.append(i)
    return fresh


def _read_cfdis(task: Task, cfdis: list[tuple[int, Found, str]]) -> dict[int, tuple[str, list[Refusal], str]]:
    """Read the CFDIs of a task, their rows into parts: kind, refusals and flags of each."""
    items = [(sha256[:16], found.data or b"") for _, found, sha256 in cfdis]
    if not items:
        return {}
    batch = read_cfdis(items, [found.day for _, found, _ in cfdis])
    for name, table in batch.tables.items():
        if table.num_rows:
            pq.write_table(
                table,
                task.parts / f"{name}.{task.number}.parquet",
                compression="lz4",
                use_dictionary=False,
                write_statistics=False,
            )
    return {
        i: (outcome.kind, outcome.refusals, " ".join(outcome.flags))
        for (i, _, _), outcome in zip(cfdis, batch.outcomes, strict=True)
    }
