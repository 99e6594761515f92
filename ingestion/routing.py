"""Where each content goes: the listing cut into tasks, ZIPs walked, tables sent to their readers, all of it counted.

CFDIs are read in bulk by `ingestion.bulk`, here or in other processes; this one plans, writes and reads what is
no CFDI. What each thing counts as is settled at the end by `ingestion.decide`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cartera.calendar import utc_now
from cartera.home import HomePaths
from cartera.progress import Reporter
from ingestion import archive, archives, bulk, delivery, inbox
from ingestion.bulk import Arrived, Batch, Task
from ingestion.delivery import insert
from ingestion.intake import sentence
from ingestion.ledger import Ledger
from ingestion.readers import Readers
from ingestion.reading import Reading, Refusal, refuse_file
from ingestion.sat.lists import read_list
from ingestion.sat.metadata import read_metadata, read_third_parties
from ingestion.sources import Archived, Found, Listed, Loose, Source, Zipped, first_of
from ingestion.statements import read_statement
from ingestion.tables.mapping import Mapping
from ingestion.tables.reader import read_table

TASK_FILES, TASK_BYTES = 2000, 32 << 20
LISTED_FILES = 500  # of one source; a task takes several
INSERT_ROWS = 50_000
METADATA = {"sat_metadata": read_metadata, "sat_third_parties": read_third_parties}
STATEMENTS = ("ofx", "camt053")
TABLES = ("table_text", "xlsx", "parquet")


class Collector:
    """Routes contents to readers and keeps the counts of one intake."""

    def __init__(
        self,
        paths: HomePaths,
        readers: Readers,
        mappings: list[Mapping],
        keys: dict[str, str],
        ledger: Ledger,
        delivered: duckdb.DuckDBPyConnection,
        reporter: Reporter,
    ) -> None:
        self.paths, self.readers, self.mappings, self.keys = paths, readers, mappings, keys
        self.ledger, self.delivery, self.reporter = ledger, delivered, reporter
        self.parts = delivery.parts_folder(paths)
        stamp = utc_now().strftime("%Y%m%dT%H%M%S%f")
        self.known_file = self.parts / f"known_{stamp}.npy"  # its name is its key in every process
        self.pack = archive.PackWriter(paths.ledger_file.parent, stamp)
        self.numbers = iter(range(1, 1 << 40))
        self.planned: deque[Source] = deque()  # found while reading: the members of ZIPs
        self.others: list[Found] = []  # for the readers of tables, by path
        self.rows: dict[str, list[pa.Table]] = {}  # rows on their way to the delivery, by table
        self.zips: dict[str, Arrived] = {}
        self.seen: set[str] = set()

    def read(self, unread: pa.Table, real: dict[str, str], *, full_refresh: bool) -> None:
        """Read all, into the delivery and the archive."""
        again, archived = self.ledger.to_read_again(everything=full_refresh)
        self.readers.expect(max(len(unread), again), pc.sum(unread["size_bytes"]).as_py() or 0)
        try:
            delivery.prepare(self.delivery, self.parts)
            if again or len(unread):
                np.save(self.known_file, self.ledger.known_ids(list(self.keys.values()), again=full_refresh))
            if again:
                self.reporter.step("Releyendo el archivo histórico", again)
                self._read(self._archived(archived))
            self.reporter.step("Leyendo archivos", len(unread) or None)
            self._read(self._listed(unread, real))
            self._read_others()
        finally:
            self.pack.close()
        self._insert("intake.arrived", bulk.table_of(list(self.zips.values())))
        self._flush(0)

    def _read(self, sources: Iterator[tuple[Source, int]]) -> None:
        """Read all sources and what they lead to, some tasks ahead."""
        ahead: deque[Future[Batch]] = deque()
        while True:
            task = self._task(sources)
            if task.sources:
                ahead.append(self.readers.read(task))
            elif not ahead:
                return
            if ahead and (not task.sources or len(ahead) > self.readers.ahead):
                self._take(ahead.popleft().result())

    def _task(self, sources: Iterator[tuple[Source, int]]) -> Task:
        """The next sources, as many as one task should have."""
        chosen: list[Source] = []
        size = count = files = 0
        while count < TASK_FILES and size < TASK_BYTES:
            if self.planned:
                source = self.planned.popleft()
            else:
                source, units = next(sources, (None, 0))  # type: ignore[assignment]
                if source is None:
                    break
                files += units
            chosen.append(source)
            count, size = count + source.entries, size + source.weight
        return Task(next(self.numbers), chosen, self.parts, self.known_file, files)

    def _take(self, batch: Batch) -> None:
        """Keep what a task gave back."""
        self._insert("intake.arrived", batch.arrived)
        self._insert("intake.refused", batch.refused)
        if batch.packed.frames:
            self._insert("intake.places", self.pack.add(batch.packed))
        for path in batch.mixed & self.zips.keys():
            self.zips[path] = self.zips[path]._replace(reader=bulk.MIXED)
        for found in batch.others:
            if found.kind == "zip" and isinstance(found.source, Loose):
                self._plan_zip(found, found.source)
            else:
                self.others.append(found)
        self._flush(INSERT_ROWS)
        self.reporter.advance(batch.files)

    def _listed(self, unread: pa.Table, real: dict[str, str]) -> Iterator[tuple[Source, int]]:
        """The listing, some hundreds of files a source: workers make of each name what reading it needs."""
        for part in unread.to_batches(max_chunksize=min(LISTED_FILES, TASK_FILES)):
            files: list[tuple[str, int, int]] = []
            weight = 0
            for path, size, mtime_ns, problem in zip(*(c.to_pylist() for c in part.columns), strict=True):
                if problem:
                    day = inbox.delivery_date(path, mtime_ns)
                    found = Found(path, "", 0, size, mtime_ns, day, "unknown", None)
                    self._refuse(found, Refusal(None, "archivo", "unreadable", sentence(path, problem)), "")
                    continue
                files.append((path, size, mtime_ns))
                weight += min(size, archives.MAX_MEMBER)
                if weight >= TASK_BYTES // 4:
                    yield Listed(str(self.paths.inbox), files, _named(files, real), weight), len(files)
                    files, weight = [], 0
            if files:
                yield Listed(str(self.paths.inbox), files, _named(files, real), weight), len(files)

    def _archived(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Source, int]]:
        """The frames of the archive with what is to be read again of each."""
        folder = self.paths.ledger_file.parent
        frame: tuple[Any, ...] = ()
        contents: list[tuple[int, int, str, str, str, int, dt.date]] = []
        last = ""
        for (
            kind,
            key,
            sha256,
            path,
            member,
            size,
            mtime_ns,
            day,
            pack,
            offset,
            length,
            inner,
            inner_size,
        ) in rows:
            found = Found(path, member, -1, size, mtime_ns, day, kind, None)
            if kind == "zip":  # its own row only sums its members
                self._arrived(found, sha256, bulk.MIXED if "+" in key else bulk.CFDI)
            elif sha256 == last:
                self._arrived(found, sha256, "", outcome=bulk.SKIPPED)
            else:
                if (pack, offset, length) != frame and contents:
                    yield Archived(f"{folder}/{frame[0]}", frame[1], frame[2], contents), len(contents)
                    contents = []
                last, frame = sha256, (pack, offset, length)
                contents.append((inner, inner_size, sha256, path, member, mtime_ns, day))
        if contents:
            yield Archived(f"{folder}/{frame[0]}", frame[1], frame[2], contents), len(contents)

    def _plan_zip(self, found: Found, source: Loose) -> None:
        """Walk a ZIP's index; its members are read next."""
        if self._is_known(found.sha256):
            self._arrived(found, found.sha256, "", outcome=bulk.SKIPPED)
            return
        self.seen.add(found.sha256)
        with Path(source.location).open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            spans = archives.spans(archives.reader_of(file.fileno()), size, TASK_FILES, TASK_BYTES)
        if isinstance(spans, archives.Member):
            self._refuse(found, spans.refusal, bulk.MIXED)
            return
        self.zips[found.path] = self._row(found, found.sha256, bulk.CFDI)
        self.planned += [
            Zipped(found.path, source.location, found.mtime_ns, found.day, span) for span in spans
        ]

    def _read_others(self) -> None:
        """Read what is no CFDI: first what comes from the archive, then by path, so that the first one counts."""
        for named in sorted(self.others, key=lambda f: (f.position >= 0, f.path, f.position)):
            if (
                named.kind == "cfdi_xml" and named.source is not None
            ):  # larger than any XML: its reader says so
                self._take(bulk.read(Task(next(self.numbers), [named.source], self.parts, self.known_file)))
                continue
            if named.size_bytes > archives.MAX_TABLE:
                problem = "pesa más de 1 GB; pártelo en varios"
                self._refuse(named, Refusal(None, "archivo", "too_large", sentence(named.name, problem)), "")
                continue
            found = first_of(named)
            if found.data is None:
                self._refuse(found, found.refusal, bulk.CFDI if found.member else "")
                continue
            sha256 = found.sha256 or hashlib.sha256(found.data).hexdigest()
            if found.position >= 0 and self._is_known(sha256):
                self._arrived(found, sha256, "", outcome=bulk.SKIPPED)
                continue
            self.seen.add(sha256)
            if found.position >= 0:
                self._insert("intake.places", self.pack.add(archive.pack([(sha256, found.data)])))
            self._keep(found, sha256, self._reading(found, found.data, sha256[:16]))

    def _reading(self, found: Found, data: bytes, content_id: str) -> Reading:
        """Send a content to its reader."""
        if found.kind in METADATA:
            return METADATA[found.kind](found.name, data, content_id, found.day)
        if found.kind in ("sat_69", "sat_69b"):
            return read_list(found.kind, found.name, data, content_id, found.day)
        if found.kind in STATEMENTS:
            return read_statement(found.kind, found.name, data, content_id, found.day)
        if found.kind in TABLES:
            return read_table(found.name, data, content_id, found.day, self.mappings)
        refusal = bulk.not_read(found)
        return refuse_file(found.kind, refusal.code, refusal.reason)

    def _keep(self, found: Found, sha256: str, reading: Reading) -> None:
        """Count a reading and store its rows and refusals."""
        refused = reading.rows_read if reading.file_refused else len(reading.refusals)
        whole = reading.file_refused or (reading.rows_read and refused == reading.rows_read)
        row = self._row(found, sha256, bulk.TABLE)._replace(
            kind=reading.kind,
            rows_read=reading.rows_read,
            rows_quarantined=refused,
            reason=reading.refusals[0].reason if whole and reading.refusals else "",
            flags=" ".join(reading.flags),
        )
        for name, table in reading.tables.items():
            self._insert(f"delivery.{name}", table)
        self._add(row, reading.refusals)

    def _refuse(self, found: Found, refusal: Refusal | None, reader: str) -> None:
        """Set aside what has no bytes to read."""
        reason = refusal.reason if refusal else ""
        row = self._row(found, found.sha256, reader)._replace(rows_read=1, rows_quarantined=1, reason=reason)
        self._add(row, [refusal] if refusal else [])

    def _row(self, found: Found, sha256: str, reader: str) -> Arrived:
        return Arrived(next(self.numbers) << 20, found.path, found.member, found.position, sha256, found.size_bytes,
                       found.mtime_ns, found.day, found.kind, reader, bulk.READ, -1, 0, 0, "", "")  # fmt: skip

    def _arrived(self, found: Found, sha256: str, reader: str, **more: Any) -> None:
        self._add(self._row(found, sha256, reader)._replace(**more), [])

    def _add(self, row: Arrived, refusals: list[Refusal]) -> None:
        self._insert("intake.arrived", bulk.table_of([row]))
        self._insert("intake.refused", bulk.refused_of([(row.seq, refusal) for refusal in refusals]))

    def _is_known(self, sha256: str) -> bool:
        known = bulk.known_ids(self.known_file)
        return sha256 in self.seen or bulk.is_known(known, [bulk.id_of(sha256)])[0]

    def _insert(self, target: str, table: pa.Table) -> None:
        """Keep rows for the delivery; they are written many at a time."""
        if table.num_rows:
            self.rows.setdefault(target, []).append(table)

    def _flush(self, most: int) -> None:
        for target, tables in self.rows.items():
            if sum(map(len, tables)) > most:
                insert(self.delivery, target, pa.concat_tables(tables))
                tables.clear()


def _named(files: list[tuple[str, int, int]], real: dict[str, str]) -> dict[str, str]:
    """The names that are not as they are shown; nearly always none."""
    return {path: real[path] for path, _, _ in files if path in real} if real else {}
