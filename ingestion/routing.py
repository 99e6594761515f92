"""Where each content goes: the listing opened, ZIPs walked, every content sent to its reader, all of it counted.

Readers are pure; this module only routes bytes and writes what they return into the delivery file.
One process writes; CFDI batches may be read by others.
"""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow as pa

from cartera.calendar import utc_now
from cartera.home import HomePaths
from cartera.progress import Reporter
from cartera.settings import Settings
from cartera.warehouse import first_row
from ingestion import archive, archives, inbox
from ingestion.cfdi.reader import CfdiBatch, read_cfdis
from ingestion.contracts import RAW_TABLES
from ingestion.detect import detect
from ingestion.intake import UNREADABLE, Intake
from ingestion.ledger import (
    FILES_ARROW,
    PLACES_ARROW,
    WITHDRAWN,
    FileRow,
    Ledger,
    QuarantineRow,
    arrow_of,
    content_id_of,
    file_id_of,
    quarantine_table,
)
from ingestion.reading import Reading, Refusal, refuse_file
from ingestion.sat.lists import read_list
from ingestion.sat.metadata import read_metadata, read_third_parties
from ingestion.statements import read_statement
from ingestion.tables.mapping import Mapping
from ingestion.tables.reader import read_table

BATCH_FILES = 1000
BATCH_BYTES = 32 << 20
POOL_FROM_FILES = 3000  # below this, starting workers costs more than it saves
MAX_TABLE_BYTES = 1 << 30
METADATA = {"sat_metadata": read_metadata, "sat_third_parties": read_third_parties}
STATEMENTS = ("ofx", "camt053")
READABLE_TABLES = ("table_text", "xlsx", "parquet")


TOUCHED_ARROW = pa.schema([("file_id", pa.string()), ("mtime_ns", pa.int64())])


class Collector:
    """Routes contents to readers and keeps the counts of one intake."""

    def __init__(
        self,
        paths: HomePaths,
        settings: Settings,
        mappings: list[Mapping],
        keys: dict[str, str],
        ledger: Ledger,
        delivery: duckdb.DuckDBPyConnection,
        reporter: Reporter,
    ) -> None:
        self.paths, self.settings, self.mappings, self.keys = paths, settings, mappings, keys
        self.ledger, self.delivery, self.reporter = ledger, delivery, reporter
        self.rows: list[FileRow] = []
        self.refused: list[QuarantineRow] = []
        self.intake = Intake()
        self.seen: dict[str, FileRow] = {}
        self.decided: set[str] = set()  # file_ids that have their row in this intake
        self.touched: list[dict[str, object]] = []  # known contents whose file has a new time
        self.read_contents: list[str] = []  # contents that a reader saw: their raw rows are replaced
        self.pool: ProcessPoolExecutor | None = None
        self.waiting: deque[tuple[list[FileRow], Future[CfdiBatch]]] = deque()
        self.archived = {p.sha256 for p in ledger.places()}
        self.pack = archive.PackWriter(paths.ledger_file.parent, utc_now().strftime("%Y%m%dT%H%M%S%f"))
        self.forget = False
        self.withdrawn = {row.file_id: row for row in ledger.withdrawn_rows()}
        self.withdrawn_contents = {row.sha256 for row in self.withdrawn.values()}

    def read(
        self, unread: list[inbox.InboxFile], moving: list[inbox.InboxFile], *, full_refresh: bool
    ) -> Intake:
        """Read all, write the delivery, return the intake."""
        self.forget = full_refresh
        self.delivery.execute("create schema delivery; create schema intake")
        for table in RAW_TABLES.values():
            self.delivery.execute(f"create table delivery.{table.name} ({table.create_sql})")
        schemas = {
            "files": FILES_ARROW,
            "quarantine": quarantine_table([]).schema,
            "places": PLACES_ARROW,
            "contents": pa.schema([("content_id", pa.string())]),
            "touched": TOUCHED_ARROW,
        }
        for name, schema in schemas.items():
            self.delivery.register("empty", schema.empty_table())
            self.delivery.execute(f"create table intake.{name} as select * from empty")
            self.delivery.unregister("empty")
        self.delivery.execute("begin")
        try:
            waiting = self.ledger.waiting_rows()
            if full_refresh or waiting:
                self._read_archive(waiting + (self.ledger.all_rows() if full_refresh else []))
            if len(unread) >= POOL_FROM_FILES and self.settings.ingest.workers > 1:
                self.pool = ProcessPoolExecutor(self.settings.ingest.workers, mp_context=get_context("spawn"))
            self.reporter.step("Leyendo archivos", len(unread) or None)
            for chunk in inbox.chunks(unread, BATCH_FILES, BATCH_BYTES):
                self._read_listed(chunk)
                self.reporter.advance(len(chunk))
                self._flush()
            self._drain(0)
            self._flush()
        finally:
            if self.pool:
                self.pool.shutdown(cancel_futures=True)
            places = self.pack.close()
        for file in moving:
            self._add(FileRow(file.path, "", "", file.size_bytes, file.mtime_ns, "", "pending",
                              inbox.delivery_date(file.path, file.mtime_ns), "",
                              reason="El archivo todavía está cambiando; la siguiente corrida lo toma"))  # fmt: skip
        self._flush()
        if places:
            self._insert("intake.places", arrow_of(places, PLACES_ARROW))
        self.delivery.execute("commit")
        return self._summary()

    def _read_listed(self, chunk: list[inbox.InboxFile]) -> None:
        """Open a chunk of the inbox; ZIPs are walked member by member."""
        items: list[tuple[FileRow, bytes]] = []
        for file in chunk:
            row = FileRow(file.path, "", "", file.size_bytes, file.mtime_ns, "unknown", "loaded",
                          inbox.delivery_date(file.path, file.mtime_ns), self.keys["table"])  # fmt: skip
            if file.problem:
                self._refuse(
                    row, Refusal(None, "archivo", "unreadable", _sentence(file.path, file.problem)), ""
                )
                continue
            try:
                with file.location.open("rb") as handle:
                    head = handle.read(4096)
                    if head.startswith(b"PK") and detect(file.path, head) == "zip":
                        self._route(items)
                        items = []
                        self._read_zip(row, file.location)
                        continue
                    if file.size_bytes > MAX_TABLE_BYTES:
                        problem = "pesa más de 1 GB; pártelo en varios"
                        self._refuse(
                            row, Refusal(None, "archivo", "too_large", _sentence(file.path, problem)), ""
                        )
                        continue
                    data = head + handle.read()
            except OSError as error:
                problem = f"no se puede leer ({error.strerror}); revisa sus permisos"
                self._refuse(row, Refusal(None, "archivo", "unreadable", _sentence(file.path, problem)), "")
                continue
            items.append((_identified(row, hashlib.sha256(data).hexdigest()), data))
        self._route(items)

    def _read_zip(self, row: FileRow, location: Path) -> None:
        with location.open("rb") as handle:
            row = _identified(row, hashlib.file_digest(handle, "sha256").hexdigest())
        known = (
            []
            if self.forget
            else self.ledger.known([row.sha256], list(self.keys.values())).get(row.sha256, [])
        )
        if self._is_repeat(row, known):
            return
        row.kind, row.reader_key = "zip", self.keys["cfdi"]
        names: dict[str, int] = {}
        items: list[tuple[FileRow, bytes]] = []
        waiting_bytes = 0
        only_cfdi = True
        for member in archives.members(location):
            names[member.name] = names.get(member.name, 0) + 1
            name = member.name if names[member.name] == 1 else f"{member.name}#{names[member.name]}"
            sha256 = "" if member.data is None else hashlib.sha256(member.data).hexdigest()
            size = 0 if member.data is None else len(member.data)
            delivered = inbox.date_in_name(name) or row.delivery_date
            inner = FileRow(row.path, name, sha256, size, row.mtime_ns, "unknown", "loaded", delivered,
                            self.keys["table"])  # fmt: skip
            if member.data is None or member.refusal is not None:
                refusal = member.refusal or Refusal(
                    None, "archivo", "unreadable", _sentence(name, "no se pudo leer")
                )
                if refusal.code == "zip_directory":
                    continue  # a folder is no file
                if refusal.code == "zip_resource_fork":
                    self._add(
                        replace(inner, kind="system", reader_key=self.keys["cfdi"], reason=refusal.reason)
                    )
                    continue  # accounted for; nothing that a person should look at
                if name == "":  # the archive itself
                    self._refuse(row, refusal, self.keys["mixed"])
                    return
                self._refuse(inner, refusal, self.keys["cfdi"])
                continue
            only_cfdi = only_cfdi and detect(name, member.data[:4096]) == "cfdi_xml"
            items.append((inner, member.data))
            waiting_bytes += size
            if len(items) >= BATCH_FILES or waiting_bytes >= BATCH_BYTES:
                self._route(items)
                self._flush()
                items, waiting_bytes = [], 0
        self._route(items)
        row.reader_key = self.keys["cfdi"] if only_cfdi else self.keys["mixed"]
        self._add(row)

    def _read_archive(self, known: list[FileRow]) -> None:
        """Read archived contents again, at every place they came to: all on a full refresh, else what waits."""
        rows: dict[str, list[FileRow]] = {}
        for row in known:
            if row.kind != "zip":
                rows.setdefault(row.sha256, []).append(row)
            else:
                self._add(replace(row, status="loaded", reason="", rows_read=0, rows_loaded=0,
                                  rows_quarantined=0, rows_duplicate=0))  # fmt: skip
        if rows:
            self.reporter.step("Releyendo el archivo histórico", len(rows))
        items: list[tuple[FileRow, bytes]] = []
        places = [p for p in self.ledger.places() if p.sha256 in rows]
        for sha256, data in archive.fetch_all(self.paths.ledger_file.parent, places):
            for row in rows[sha256]:
                fresh = FileRow(row.path, row.member, sha256, row.size_bytes, row.mtime_ns, "unknown", "loaded",
                                row.delivery_date, self.keys["table"])  # fmt: skip
                items.append((fresh, data))
            if len(items) >= BATCH_FILES:
                self._route(items)
                self._flush()
                items = []
            self.reporter.advance()
        self._route(items)

    def _route(self, items: list[tuple[FileRow, bytes]]) -> None:
        """Send each content to its reader; what is known or repeated goes no further."""
        if not items:
            return
        hashes = [row.sha256 for row, _ in items]
        known = {} if self.forget else self.ledger.known(hashes, list(self.keys.values()))
        cfdis: list[tuple[FileRow, bytes]] = []
        for row, data in items:
            if self._is_repeat(row, known.get(row.sha256, [])):
                continue
            self.seen[row.sha256] = row
            self.read_contents.append(row.content_id)
            if row.sha256 not in self.archived:
                self.archived.add(row.sha256)
                self.pack.add(row.sha256, data)
            kind = detect(row.member or row.path, data[:4096])
            if kind == "cfdi_xml":
                row.kind, row.reader_key, row.rows_read = "cfdi", self.keys["cfdi"], 1
                cfdis.append((row, data))
            elif kind in METADATA:
                name = row.member or row.path
                self._keep(row, METADATA[kind](name, data, row.content_id, row.delivery_date))
            elif kind in ("sat_69", "sat_69b"):
                name = row.member or row.path
                self._keep(row, read_list(kind, name, data, row.content_id, row.delivery_date))
            elif kind in STATEMENTS:
                name = row.member or row.path
                self._keep(row, read_statement(kind, name, data, row.content_id, row.delivery_date))
            elif kind in READABLE_TABLES:
                reading = read_table(
                    row.member or row.path, data, row.content_id, row.delivery_date, self.mappings
                )
                self._keep(row, reading)
            else:
                problem = UNREADABLE.get(kind, "no se reconoce qué es; se esperan CFDI (XML o ZIP) o tablas "
                                         "(CSV, XLSX) con encabezados conocidos")  # fmt: skip
                if kind == "zip":
                    problem = "es un ZIP dentro de otro; descomprímelo y copia su contenido a la bandeja"
                name = row.member or row.path
                self._keep(row, refuse_file(kind, f"not_read_{kind}", _sentence(name, problem)))
        if cfdis:
            self._read_cfdis(cfdis)

    def _is_repeat(self, row: FileRow, known: list[FileRow]) -> bool:
        """The same content at the same place keeps its row; at another place it is a duplicate."""
        if row.file_id in self.decided:
            return True  # it was read from the archive already
        if row.sha256 in self.withdrawn_contents:
            old = self.withdrawn.get(row.file_id)
            fresh = replace(
                row, status=WITHDRAWN, reason="Su contenido se retiró con «cartera files withdraw»"
            )
            self._add(fresh if old is None else replace(old, mtime_ns=row.mtime_ns))
            return True
        same = next((k for k in known if k.file_id == row.file_id), None)
        if same is not None:
            if row.member == "":
                self.touched.append({"file_id": same.file_id, "mtime_ns": row.mtime_ns})
                self.decided.add(same.file_id)
            else:
                self._add(same)
            return True
        first = next((k for k in known if k.status != "duplicate"), None) or self.seen.get(row.sha256)
        if first is None or first.file_id == row.file_id:
            return False
        where = first.path + (f" › {first.member}" if first.member else "")
        self._add(replace(row, kind=first.kind, status="duplicate", reader_key=first.reader_key,
                          reason=f"Es idéntico a {where}; ya cuenta una vez",
                          rows_read=first.rows_read, rows_duplicate=first.rows_read))  # fmt: skip
        return True

    def _read_cfdis(self, cfdis: list[tuple[FileRow, bytes]]) -> None:
        rows = [row for row, _ in cfdis]
        contents = [(row.content_id, data) for row, data in cfdis]
        dates = [row.delivery_date for row in rows]
        if self.pool is None:
            self._keep_batch(rows, read_cfdis(contents, dates))
            return
        self.waiting.append((rows, self.pool.submit(read_cfdis, contents, dates)))
        self._drain(2 * self.settings.ingest.workers)

    def _drain(self, most: int) -> None:
        while len(self.waiting) > most:
            rows, future = self.waiting.popleft()
            self._keep_batch(rows, future.result())

    def _keep_batch(self, rows: list[FileRow], batch: CfdiBatch) -> None:
        for name, table in batch.tables.items():
            self._insert(f"delivery.{name}", table)
        for row, outcome in zip(rows, batch.outcomes, strict=True):
            self._keep(
                row, Reading(outcome.kind, {}, outcome.refusals, 1, outcome.flags, bool(outcome.refusals))
            )

    def _keep(self, row: FileRow, reading: Reading) -> None:
        """Count a reading and store its rows and refusals."""
        row.kind = reading.kind
        row.flags = " ".join(reading.flags)
        row.rows_read = reading.rows_read
        row.rows_quarantined = reading.rows_read if reading.file_refused else len(reading.refusals)
        row.rows_loaded = row.rows_read - row.rows_quarantined
        if reading.file_refused or (row.rows_read and not row.rows_loaded):
            row.status = "quarantined"
            row.reason = reading.refusals[0].reason if reading.refusals else ""
        for name, table in reading.tables.items():
            self._insert(f"delivery.{name}", table)
        for refusal in reading.refusals:
            self._set_aside(row, refusal)
        self._add(row)

    def _refuse(self, row: FileRow, refusal: Refusal, reader_key: str) -> None:
        row.status, row.reason, row.reader_key = "quarantined", refusal.reason, reader_key
        row.rows_read = row.rows_quarantined = 1
        self._set_aside(row, refusal)
        self._add(row)

    def _set_aside(self, row: FileRow, refusal: Refusal) -> None:
        self.refused.append(QuarantineRow(row.file_id, refusal.row_number, refusal.location, refusal.code,
                                          refusal.reason, refusal.raw_text))  # fmt: skip
        self.intake.refused_rows[row.kind] = self.intake.refused_rows.get(row.kind, 0) + 1
        if len(self.intake.problems) < 5:
            name = f"{row.path} › {row.member}" if row.member else row.path
            place = "" if refusal.row_number is None else f", {refusal.location}"
            self.intake.problems.append(f"{name}{place}: {refusal.reason.removeprefix(name + ': ')}")

    def _add(self, row: FileRow) -> None:
        self.decided.add(row.file_id)
        self.rows.append(row)

    def _flush(self) -> None:
        """Write what is decided; CFDIs still being read are counted when they come back."""
        if self.rows:
            self._insert("intake.files", arrow_of(self.rows, FILES_ARROW))
            self.rows.clear()
        if self.touched:
            self._insert("intake.touched", pa.Table.from_pylist(self.touched, schema=TOUCHED_ARROW))
            self.touched.clear()
        if self.read_contents:
            self._insert("intake.contents", pa.table({"content_id": self.read_contents}))
            self.read_contents.clear()
        if self.refused:
            self._insert("intake.quarantine", quarantine_table(self.refused))
            self.refused.clear()

    def _insert(self, target: str, table: pa.Table) -> None:
        if table.num_rows:
            self.delivery.register("rows_to_insert", table)
            self.delivery.execute(f"insert into {target} by name select * from rows_to_insert")
            self.delivery.unregister("rows_to_insert")

    def _summary(self) -> Intake:
        counts = self.delivery.execute("select status, count(*) from intake.files group by 1").fetchall()
        self.intake.files_by_status = dict(counts)
        self.intake.files_new = sum(n for _, n in counts)
        for name, table in RAW_TABLES.items():
            found = first_row(self.delivery, f"select count(*) from delivery.{name}")
            if found and found[0]:
                self.intake.delivered_rows[name] = found[0]
                amount = next((c.name for c in table.columns if c.name in {"total", "amount", "monto"}), None)
                total = (
                    first_row(self.delivery, f"select sum({amount}) from delivery.{name}") if amount else None
                )
                self.intake.delivered_totals[name] = str(total[0]) if total else ""
        return self.intake


def _sentence(name: str, problem: str) -> str:
    return f"{name}: {problem}. Se guardó en cuarentena."


def _identified(row: FileRow, sha256: str) -> FileRow:
    row.sha256 = sha256
    row.file_id, row.content_id = file_id_of(sha256, row.path, row.member), content_id_of(sha256)
    return row
