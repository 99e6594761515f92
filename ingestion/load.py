"""The whole stretch from inbox to raw: `collect` reads what is new into a delivery file, `commit` keeps it.

Between the two stands gate 1, which may hold a kind back. Reading is done by pure readers; this module
only routes bytes, counts, and writes. One process writes; CFDI batches may be read by others.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow as pa

from cartera.calendar import utc_now
from cartera.home import HomePaths
from cartera.progress import Reporter
from cartera.settings import Settings
from cartera.warehouse import writable
from ingestion import archive, archives, inbox
from ingestion.cfdi.reader import CfdiBatch, read_cfdis
from ingestion.contracts import RAW_TABLES, REGISTERS
from ingestion.detect import detect
from ingestion.ledger import (
    FILES_ARROW,
    PLACES_ARROW,
    FileRow,
    Ledger,
    QuarantineRow,
    arrow_of,
    file_id_of,
    quarantine_table,
)
from ingestion.reading import Reading, Refusal, refuse_file
from ingestion.tables.mapping import Mapping, load_mappings
from ingestion.tables.reader import read_table

CFDI_READER_VERSION = "cfdi1"
TABLE_READER_VERSION = "table1"
BATCH_FILES = 1000
BATCH_BYTES = 32 << 20
POOL_FROM_FILES = 3000  # below this, starting workers costs more than it saves
MAX_TABLE_BYTES = 1 << 30
READABLE_TABLES = ("table_text", "xlsx", "parquet")
UNREADABLE = {
    "xls": "es un Excel antiguo (.xls); ábrelo y guárdalo como .xlsx o .csv",
    "pdf": "es un PDF; Cartera lee el XML, no su representación impresa",
    "html": "es una página web, no una tabla; descárgalo otra vez o expórtalo como .xlsx o .csv",
    "empty": "está vacío; vuelve a copiarlo",
    "sat_metadata": "es un archivo de metadatos del SAT; esta versión todavía no lo lee",
}


@dataclass
class Intake:
    """What `collect` found: counts for people, and what gate 1 needs to judge."""

    files_new: int = 0
    files_by_status: dict[str, int] = field(default_factory=dict)
    delivered_rows: dict[str, int] = field(default_factory=dict)  # raw table -> new rows
    refused_rows: dict[str, int] = field(default_factory=dict)  # kind -> rows set aside
    inbox_state: str = ""
    problems: list[str] = field(default_factory=list)  # the first refusals, in words


def reader_keys(mappings: Sequence[Mapping]) -> dict[str, str]:
    """The version of each reader: a file read by an older one is read again."""
    digest = hashlib.sha256("".join(sorted(m.content_hash for m in mappings)).encode()).hexdigest()[:12]
    table = f"{TABLE_READER_VERSION}:{digest}"
    return {"cfdi": CFDI_READER_VERSION, "table": table, "mixed": f"{CFDI_READER_VERSION}+{table}"}


def collect(
    paths: HomePaths,
    settings: Settings,
    reporter: Reporter,
    *,
    full_refresh: bool = False,
    scheduled: bool = False,
    settle: bool = True,
) -> Intake:
    """Read everything new of the inbox into `delivery.duckdb`. Raises only for the home's own faults."""
    mappings = load_mappings(paths.mappings)
    keys = reader_keys(mappings)
    reporter.step("Buscando archivos nuevos")
    listed = inbox.scan(paths.inbox)
    now = utc_now()
    paths.delivery_file.parent.mkdir(parents=True, exist_ok=True)
    paths.delivery_file.unlink(missing_ok=True)
    with Ledger.open(paths) as ledger:
        full_refresh = full_refresh or not _warehouse_matches(paths, ledger.token)
        unread = list(listed) if full_refresh else ledger.unread(listed, list(keys.values()))
        seconds = settings.ingest.settle_seconds if settle else 0
        unread, moving = _settled(unread, seconds, reporter, wait=not scheduled)
        ledger.mark_pending(unread, now)
        archive.delete_leftovers(paths.ledger_file.parent, {p.pack for p in ledger.places()})
        with writable(paths.delivery_file) as delivery:
            run = _Collector(paths, settings, mappings, keys, ledger, delivery, reporter)
            intake = run.read(unread, moving, full_refresh=full_refresh)
    intake.inbox_state = inbox.state_hash(listed) if not moving else ""
    return intake


def commit(paths: HomePaths, held_kinds: dict[str, str], reporter: Reporter) -> dict[str, int]:
    """Move the delivery into raw and the ledger, but for the kinds that gate 1 holds (kind -> reason).

    Returns the files by status of this intake. Safe to repeat: raw rows are replaced by content.
    """
    reporter.step("Guardando lo leído")
    with Ledger.open(paths) as ledger:
        token = ledger.token
    with writable(paths.delivery_file) as delivery:
        for kind, reason in held_kinds.items():
            _hold(delivery, kind, reason)
    with writable(paths.warehouse_file) as warehouse:
        duplicates = _into_raw(warehouse, paths.delivery_file, token)
    with writable(paths.delivery_file) as delivery:
        for content_id, rows in duplicates:
            delivery.execute(
                "update intake.files set rows_duplicate = least(?, rows_loaded), rows_loaded = "
                "greatest(rows_loaded - ?, 0), status = case when rows_loaded - ? <= 0 and rows_quarantined = 0 "
                "then 'duplicate' else status end, reason = case when rows_loaded - ? <= 0 and "
                "rows_quarantined = 0 then 'Todas sus filas ya estaban cargadas' else reason end "
                "where content_id = ? and status = 'loaded'",
                [rows, rows, rows, rows, content_id],
            )
        _sum_archives(delivery)
        counts = dict(
            delivery.execute("select status, count(*) from intake.files group by 1 order by 1").fetchall()
        )
    with Ledger.open(paths) as ledger:
        ledger.merge(paths.delivery_file, utc_now())
    paths.delivery_file.unlink(missing_ok=True)
    return counts


def ensure_raw(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the raw tables, and add columns that a newer contract has."""
    connection.execute("create schema if not exists raw")
    have: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from information_schema.columns where table_schema = 'raw'"
    ).fetchall():
        have.setdefault(table, set()).add(column)
    for table in RAW_TABLES.values():
        if table.name not in have:
            connection.execute(f"create table raw.{table.name} ({table.create_sql})")
            continue
        for column, definition in zip(table.all_columns, table.create_sql.split(", "), strict=True):
            if column.name not in have[table.name]:
                connection.execute(f"alter table raw.{table.name} add column {definition}")


class _Collector:
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
        self.pool: ProcessPoolExecutor | None = None
        self.waiting: deque[tuple[list[FileRow], Future[CfdiBatch]]] = deque()
        self.archived = {p.sha256 for p in ledger.places()}
        self.pack = archive.PackWriter(paths.ledger_file.parent, utc_now().strftime("%Y%m%dT%H%M%S%f"))
        self.forget = False

    def read(
        self, unread: list[inbox.InboxFile], moving: list[inbox.InboxFile], *, full_refresh: bool
    ) -> Intake:
        """Read all, write the delivery, return the intake."""
        self.forget = full_refresh
        self.delivery.execute("create schema delivery; create schema intake")
        for table in RAW_TABLES.values():
            self.delivery.execute(f"create table delivery.{table.name} ({table.create_sql})")
        for name, schema in (("files", FILES_ARROW), ("quarantine", quarantine_table([]).schema),
                             ("places", PLACES_ARROW)):  # fmt: skip
            self.delivery.register("empty", schema.empty_table())
            self.delivery.execute(f"create table intake.{name} as select * from empty")
            self.delivery.unregister("empty")
        self.delivery.execute("begin")
        try:
            if full_refresh:
                self._read_archive()
            if len(unread) >= POOL_FROM_FILES and self.settings.ingest.workers > 1:
                self.pool = ProcessPoolExecutor(self.settings.ingest.workers, mp_context=get_context("spawn"))
            self.reporter.step("Leyendo archivos", len(unread) or None)
            for chunk in _chunks(unread):
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

    # -- sources -----------------------------------------------------------------------------------

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
                    if detect(file.path, head) == "zip":
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

    def _read_archive(self) -> None:
        """A full refresh reads the archive again: every content that ever came, at every place it came to."""
        rows: dict[str, list[FileRow]] = {}
        known = self.ledger.all_rows()
        for row in known:
            if row.kind != "zip":
                rows.setdefault(row.sha256, []).append(row)
            else:
                self._add(replace(row, status="loaded", reason="", rows_read=0, rows_loaded=0,
                                  rows_quarantined=0, rows_duplicate=0))  # fmt: skip
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

    # -- routing -----------------------------------------------------------------------------------

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
            if row.sha256 not in self.archived:
                self.archived.add(row.sha256)
                self.pack.add(row.sha256, data)
            kind = detect(row.member or row.path, data[:4096])
            if kind == "cfdi_xml":
                row.kind, row.reader_key = "cfdi", self.keys["cfdi"]
                cfdis.append((row, data))
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
        same = next((k for k in known if k.file_id == row.file_id), None)
        if same is not None:
            self._add(replace(same, mtime_ns=row.mtime_ns))
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
        for row in rows:
            row.rows_read = 1
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
            self.intake.problems.append(refusal.reason)

    # -- writing -----------------------------------------------------------------------------------

    def _add(self, row: FileRow) -> None:
        self.rows.append(row)

    def _flush(self) -> None:
        """Write what is decided; CFDIs still being read are counted when they come back."""
        if self.rows:
            self._insert("intake.files", arrow_of(self.rows, FILES_ARROW))
            self.rows.clear()
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
        for name in RAW_TABLES:
            found = self.delivery.execute(f"select count(*) from delivery.{name}").fetchone()
            if found and found[0]:
                self.intake.delivered_rows[name] = found[0]
        return self.intake


def _sentence(name: str, problem: str) -> str:
    return f"{name}: {problem}. Se guardó en cuarentena."


def _identified(row: FileRow, sha256: str) -> FileRow:
    return replace(
        row, sha256=sha256, file_id=file_id_of(sha256, row.path, row.member), content_id=sha256[:16]
    )


def _chunks(files: Iterable[inbox.InboxFile]) -> Iterator[list[inbox.InboxFile]]:
    chunk: list[inbox.InboxFile] = []
    size = 0
    for file in files:
        chunk.append(file)
        size += file.size_bytes
        if len(chunk) >= BATCH_FILES or size >= BATCH_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _settled(
    files: list[inbox.InboxFile], seconds: int, reporter: Reporter, *, wait: bool
) -> tuple[list[inbox.InboxFile], list[inbox.InboxFile]]:
    """Part files that rest from files that may still be being written."""
    now = time.time()
    young = {f.path: f for f in files if seconds and 0 <= now - f.mtime_ns / 1e9 < seconds}
    if not young:
        return files, []
    if wait:
        reporter.note(f"Hay archivos recién copiados: se espera {seconds} s a que terminen")
        time.sleep(max(seconds - (now - max(f.mtime_ns for f in young.values()) / 1e9), 0))
        young = {path: f for path, f in young.items() if _changed(f)}
    return [f for f in files if f.path not in young], list(young.values())


def _changed(file: inbox.InboxFile) -> bool:
    try:
        status = file.location.stat()
    except OSError:
        return True
    return (status.st_size, status.st_mtime_ns) != (file.size_bytes, file.mtime_ns)


def _warehouse_matches(paths: HomePaths, token: str) -> bool:
    """Whether raw was derived from this ledger; a lost or foreign warehouse is rebuilt from the archive."""
    with writable(paths.warehouse_file) as warehouse:
        warehouse.execute(
            "create schema if not exists raw; create table if not exists raw._derived_from (token varchar)"
        )
        found = warehouse.execute("select token from raw._derived_from").fetchone()
    return found is not None and found[0] == token


def _hold(delivery: duckdb.DuckDBPyConnection, kind: str, reason: str) -> None:
    """Keep a kind's rows out: its files wait as `pending` with the reason."""
    main = "cfdi__documents" if kind == "cfdi" else RAW_TABLES[REGISTERS[kind].name].name
    delivery.execute(
        f"create or replace temp table held as select distinct source_file_id from delivery.{main}"
    )
    for name in RAW_TABLES:
        delivery.execute(f"delete from delivery.{name} where source_file_id in (from held)")
    delivery.execute(
        "update intake.files set status = 'pending', reason = ?, rows_read = 0, rows_loaded = 0, "
        "rows_quarantined = 0, rows_duplicate = 0 where content_id in (from held)",
        [reason],
    )
    delivery.execute(
        "delete from intake.quarantine where file_id in (select file_id from intake.files where status = 'pending')"
    )


def _into_raw(warehouse: duckdb.DuckDBPyConnection, delivery_file: Path, token: str) -> list[tuple[str, int]]:
    """Replace raw rows by content, in one transaction. Returns rows already known, by content."""
    ensure_raw(warehouse)
    warehouse.execute("create table if not exists raw._derived_from (token varchar)")
    warehouse.execute(f"attach '{str(delivery_file).replace(chr(39), chr(39) * 2)}' as delivery (read_only)")
    duplicates: dict[str, int] = {}
    warehouse.execute("begin")
    try:
        for name, table in RAW_TABLES.items():
            warehouse.execute(
                f"delete from raw.{name} where source_file_id in (select content_id from delivery.intake.files "
                "where status <> 'duplicate')"
            )
            if table.name.startswith("register__"):
                for content_id, rows in warehouse.execute(
                    f"select source_file_id, count(*) from delivery.delivery.{name} d where exists "
                    f"(select 1 from raw.{name} r where r.row_hash = d.row_hash) group by 1"
                ).fetchall():
                    duplicates[content_id] = duplicates.get(content_id, 0) + rows
            warehouse.execute(f"insert into raw.{name} by name select * from delivery.delivery.{name}")
        warehouse.execute("delete from raw._derived_from")
        warehouse.execute("insert into raw._derived_from values (?)", [token])
        warehouse.execute("commit")
    except BaseException:
        warehouse.execute("rollback")
        raise
    warehouse.execute("detach delivery")
    return sorted(duplicates.items())


def _sum_archives(delivery: duckdb.DuckDBPyConnection) -> None:
    """A ZIP's own row sums its members."""
    delivery.execute(
        """update intake.files z set rows_read = s.rows_read, rows_loaded = s.rows_loaded,
             rows_quarantined = s.rows_quarantined, rows_duplicate = s.rows_duplicate,
             status = case when s.pending > 0 then 'pending' when s.rows_loaded > 0 or s.members = 0 then 'loaded'
                           when s.rows_duplicate > 0 then 'duplicate' else 'quarantined' end,
             reason = case when s.members = 0 then 'El ZIP no trae archivos' when s.rows_loaded = 0
                           then 'Ningún miembro se cargó; mira cada uno' else '' end
           from (select path, count(*) as members, sum(rows_read) as rows_read, sum(rows_loaded) as rows_loaded,
                        sum(rows_quarantined) as rows_quarantined, sum(rows_duplicate) as rows_duplicate,
                        count(*) filter (where status = 'pending') as pending
                 from intake.files where member <> '' group by path) s
           where z.member = '' and z.kind = 'zip' and z.path = s.path and z.status not in ('quarantined')"""
    )
