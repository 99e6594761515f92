"""The ledger: one row a file and ZIP member that ever came, the quarantine, and where bytes are archived.

Append-only in spirit: a row changes only when its content is read again. With the archive it is the
truth from which raw is derived. Nothing here knows what a file means.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cartera.home import HomePaths
from cartera.warehouse import attach, first_row, writable
from ingestion.archive import Place
from ingestion.inbox import InboxFile

SCHEMA = """
create table if not exists files (
  file_id varchar primary key, content_id varchar, path varchar, member varchar, sha256 varchar,
  size_bytes bigint, mtime_ns bigint, kind varchar, status varchar, reason varchar, flags varchar,
  rows_read bigint, rows_loaded bigint, rows_quarantined bigint, rows_duplicate bigint,
  delivery_date date, reader_key varchar, first_seen_at timestamp, last_seen_at timestamp);
create table if not exists quarantine (
  quarantine_id varchar, file_id varchar, row_number bigint, location varchar, code varchar,
  reason varchar, raw_text varchar, first_seen_at timestamp, status varchar);
create table if not exists places (
  sha256 varchar, pack varchar, frame_offset bigint, frame_bytes bigint, inner_offset bigint,
  size_bytes bigint);
create table if not exists runs (
  run_id varchar, as_of date, started_at timestamp, finished_at timestamp, status varchar,
  files_new bigint, rows_loaded bigint, rows_quarantined bigint, message varchar, accepted_reason varchar);
create table if not exists checks (
  run_id varchar, gate varchar, check_name varchar, subject varchar, status varchar, severity varchar,
  message varchar, observed varchar);
create table if not exists uuids (uuid varchar, sha256 varchar);
create index if not exists uuids_by_uuid on uuids (uuid);
create index if not exists places_by_sha256 on places (sha256);
create table if not exists identity (token varchar);
insert into identity select uuid()::varchar where not exists (from identity);
"""
FINAL = ("loaded", "quarantined", "duplicate")
WITHDRAWN = "withdrawn"  # a person took it back out; it stays out until undone


@dataclass
class FileRow:
    """One row of `files`. `content_id` is what raw rows carry as source_file_id."""

    path: str
    member: str
    sha256: str
    size_bytes: int
    mtime_ns: int
    kind: str
    status: str
    delivery_date: dt.date
    reader_key: str
    reason: str = ""
    flags: str = ""
    rows_read: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    file_id: str = ""
    content_id: str = ""

    def __post_init__(self) -> None:
        self.file_id = self.file_id or file_id_of(self.sha256, self.path, self.member)
        self.content_id = self.content_id or content_id_of(self.sha256)


@dataclass(frozen=True)
class QuarantineRow:
    """One row of `quarantine`, before it is stored."""

    file_id: str
    row_number: int | None
    location: str
    code: str
    reason: str
    raw_text: str

    @property
    def quarantine_id(self) -> str:
        """Stable: the same refusal of the same file has the same id."""
        text = f"{self.file_id}\0{self.row_number}\0{self.location}\0{self.code}\0{self.reason}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def content_id_of(sha256: str) -> str:
    """What raw rows carry: the first 16 hex digits of the content's sha256."""
    return sha256[:16]


def file_id_of(sha256: str, path: str, member: str) -> str:
    """The id of one content at one place."""
    return hashlib.sha256(f"{sha256}\0{path}\0{member}".encode()).hexdigest()[:16]


def arrow_of(rows: Sequence[Any], schema: pa.Schema) -> pa.Table:
    """Dataclass rows as an Arrow table."""
    return pa.table({f.name: pa.array(list(map(attrgetter(f.name), rows)), f.type) for f in schema})


_ARROW = {"str": pa.string(), "int": pa.int64(), "int | None": pa.int64(), "dt.date": pa.date32()}
FILES_ARROW = pa.schema([(f.name, _ARROW[str(f.type)]) for f in fields(FileRow)])
PLACES_ARROW = pa.schema([(f.name, _ARROW[str(f.type)]) for f in fields(Place)])
QUARANTINE_ARROW = pa.schema(
    [("quarantine_id", pa.string())] + [(f.name, _ARROW[str(f.type)]) for f in fields(QuarantineRow)]
)


def quarantine_table(rows: Sequence[QuarantineRow]) -> pa.Table:
    """Quarantine rows with their ids, as Arrow. Text that UTF-8 cannot hold is escaped, never dropped."""
    return pa.Table.from_pylist(
        [
            {k: _clean(v) for k, v in asdict(row).items()} | {"quarantine_id": row.quarantine_id}
            for row in rows
        ],
        schema=QUARANTINE_ARROW,
    )


def _clean(value: Any) -> Any:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


class Ledger:
    """The open ledger of a home."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    @classmethod
    @contextmanager
    def open(cls, paths: HomePaths) -> Iterator[Ledger]:
        """Open for writing (inside the run lock); tables are made where missing."""
        with writable(paths.ledger_file) as connection:
            connection.execute(SCHEMA)
            yield cls(connection)

    @property
    def token(self) -> str:
        """Tells whether a warehouse was derived from this ledger."""
        found = first_row(self.connection, "select token from identity")
        return str(found[0]) if found else ""

    def unread(self, listed: Sequence[InboxFile], reader_keys: Sequence[str]) -> list[InboxFile]:
        """The listed files that no current reader has read as they are now."""
        if not listed:
            return []
        listing = pa.table(
            {
                "position": pa.array(range(len(listed)), pa.int64()),
                "path": pa.array([f.path for f in listed], pa.string()),
                "size_bytes": pa.array([f.size_bytes for f in listed], pa.int64()),
                "mtime_ns": pa.array([f.mtime_ns for f in listed], pa.int64()),
            }
        )
        self.connection.register("listing", listing)
        rows = self.connection.execute(
            "select position from listing l where not exists (select 1 from files f where f.path = l.path "
            "and f.member = '' and f.size_bytes = l.size_bytes and f.mtime_ns = l.mtime_ns "
            "and (f.status = 'withdrawn' or (f.status in ('loaded', 'quarantined', 'duplicate') "
            "and f.reader_key in ?))) order by 1",
            [list(reader_keys)],
        ).fetchall()
        self.connection.unregister("listing")
        return [listed[position] for (position,) in rows]

    def mark_pending(self, listed: Sequence[InboxFile], now: dt.datetime) -> None:
        """Write the row before the reading, so that a killed run leaves a trace."""
        listing = pa.table(
            {
                "file_id": pa.array([file_id_of("", f.path, "") for f in listed], pa.string()),
                "path": pa.array([f.path for f in listed], pa.string()),
                "size_bytes": pa.array([f.size_bytes for f in listed], pa.int64()),
                "mtime_ns": pa.array([f.mtime_ns for f in listed], pa.int64()),
            }
        )
        self.connection.register("new_rows", listing)
        self.connection.execute(
            "insert or ignore into files by name select *, '' as content_id, '' as member, '' as sha256, '' as kind, "
            "'pending' as status, 'lectura sin terminar; la siguiente corrida lo vuelve a leer' as reason, "
            "'' as flags, 0 as rows_read, 0 as rows_loaded, 0 as rows_quarantined, 0 as rows_duplicate, "
            "'' as reader_key, ?::timestamp as first_seen_at, ?::timestamp as last_seen_at from new_rows",
            [now, now],
        )
        self.connection.unregister("new_rows")

    def known(self, hashes: Sequence[str], reader_keys: Sequence[str]) -> dict[str, list[FileRow]]:
        """Rows that current readers finished, by sha256."""
        names = [f.name for f in fields(FileRow)]
        found: dict[str, list[FileRow]] = {}
        rows = self.connection.execute(
            f"select {', '.join(names)} from files where sha256 in ? and status in ? and reader_key in ?",
            [list(hashes), list(FINAL), list(reader_keys)],
        ).fetchall()
        for row in rows:
            entry = FileRow(**dict(zip(names, row, strict=True)))
            found.setdefault(entry.sha256, []).append(entry)
        return found

    def all_rows(self) -> list[FileRow]:
        """Every finished row, by path and member: what a full refresh reads again."""
        return self._rows("status in ?", [list(FINAL)])

    def waiting_rows(self) -> list[FileRow]:
        """Archived contents that wait to be read again: held by gate 1, released or put back by a person."""
        return self._rows(
            "status = 'pending' and kind <> 'zip' and sha256 in (select sha256 from places)", []
        )

    def withdrawn_rows(self) -> list[FileRow]:
        """What people took back out."""
        return self._rows("status = ?", [WITHDRAWN])

    def _rows(self, condition: str, parameters: list[Any]) -> list[FileRow]:
        names = [f.name for f in fields(FileRow)]
        rows = self.connection.execute(
            f"select {', '.join(names)} from files where {condition} order by path, member, sha256",
            parameters,
        ).fetchall()
        return [FileRow(**dict(zip(names, row, strict=True))) for row in rows]

    def places(self, hashes: Sequence[str] | None = None) -> list[Place]:
        """Where contents lie in the archive (all of them where `hashes` is None)."""
        names = ", ".join(f.name for f in fields(Place))
        sql = f"select {names} from places"
        rows = (
            self.connection.execute(sql)
            if hashes is None
            else self.connection.execute(sql + " where sha256 in ?", [list(hashes)])
        ).fetchall()
        return [Place(*row) for row in rows]

    def merge(self, delivery_file: Path, now: dt.datetime) -> None:
        """Take over a finished intake (`intake.*` of the delivery file) in one transaction."""
        c = self.connection
        attach(c, delivery_file, "delivery")
        try:
            c.execute("begin")
            c.execute(
                "create or replace temp table before as select file_id, first_seen_at from files "
                "where file_id in (select file_id from delivery.intake.files)"
            )
            c.execute("delete from files where status = 'pending' and sha256 = ''")
            c.execute("delete from quarantine where file_id in (select file_id from delivery.intake.files)")
            c.execute("delete from files where file_id in (select file_id from delivery.intake.files)")
            c.execute(
                "insert into files by name select i.*, coalesce(b.first_seen_at, ?::timestamp) as first_seen_at, "
                "?::timestamp as last_seen_at from delivery.intake.files i left join before b using (file_id)",
                [now, now],
            )
            c.execute(
                "insert into quarantine by name select *, ?::timestamp as first_seen_at, 'open' as status "
                "from delivery.intake.quarantine",
                [now],
            )
            c.execute(
                "update files set mtime_ns = t.mtime_ns from delivery.intake.touched t where files.file_id = t.file_id"
            )
            c.execute("insert into places by name select * from delivery.intake.places")
            c.execute(
                "insert into uuids select distinct d.uuid, f.sha256 from delivery.delivery.cfdi__documents d "
                "join delivery.intake.files f on f.content_id = d.source_file_id "
                "where not exists (from uuids u where u.uuid = d.uuid and u.sha256 = f.sha256)"
            )
            self.sum_archives(
                "path in (select path from delivery.intake.files where member <> '') "
                "and file_id not in (select file_id from delivery.intake.files)"
            )
            # a path that now holds a content that loaded repairs what was set aside under that path
            c.execute(
                "update quarantine set status = 'repaired' where status = 'open' and file_id in ("
                "select o.file_id from files o join delivery.intake.files n on n.path = o.path "
                "and n.member = o.member and n.sha256 <> o.sha256 and n.status in ('loaded', 'duplicate') "
                "where o.sha256 <> '' and o.file_id not in (select file_id from delivery.intake.files))"
            )
            c.execute("commit")
        except BaseException:
            c.execute("rollback")
            raise
        finally:
            c.execute("detach delivery")

    def sum_archives(self, condition: str, parameters: Sequence[Any] = ()) -> None:
        """The rows of ZIPs that meet the condition sum their members again (those still in)."""
        self.connection.execute(
            f"""update files set rows_read = s.rows_read, rows_loaded = s.rows_loaded,
                  rows_quarantined = s.rows_quarantined, rows_duplicate = s.rows_duplicate
                from (select path as zip_path, mtime_ns as zip_mtime, sum(rows_read) as rows_read,
                        sum(rows_loaded) as rows_loaded, sum(rows_quarantined) as rows_quarantined,
                        sum(rows_duplicate) as rows_duplicate from files where member <> '' group by all) s
                where member = '' and kind = 'zip' and status <> 'withdrawn' and path = s.zip_path
                  and mtime_ns = s.zip_mtime and {condition}""",
            list(parameters),
        )

    def settle_documents(self, outcomes: Sequence[tuple[str, str, str]]) -> None:
        """Give files the outcome that the models computed: (content_id, outcome, other content_id).

        `duplicate`: the same CFDI in other bytes. `conflict`: the same UUID with another seal or total.
        `counts`: what an earlier run set aside counts now.
        """
        c = self.connection
        for content_id, outcome, other in outcomes:
            where = "content_id = ? and kind = 'cfdi' and status in ('loaded', 'duplicate', 'quarantined')"
            if outcome == "counts":
                c.execute(
                    "update files set status = 'loaded', reason = '', rows_loaded = rows_read, rows_duplicate = 0, "
                    f"rows_quarantined = 0 where {where} and reason like 'El mismo %'",
                    [content_id],
                )
                c.execute("delete from quarantine where code = 'uuid_conflict' and file_id in "
                          "(select file_id from files where content_id = ?)", [content_id])  # fmt: skip
                continue
            other_path = first_row(
                c,
                "select path || case when member <> '' then ' › ' || member else '' end from files "
                "where content_id = ? order by 1 limit 1",
                [other],
            )
            beside = other_path[0] if other_path else other
            if outcome == "duplicate":
                c.execute(
                    "update files set status = 'duplicate', rows_duplicate = rows_read, rows_loaded = 0, "
                    f"rows_quarantined = 0, reason = ? where {where}",
                    [
                        f"El mismo CFDI ya cuenta por {beside}; este trae otros bytes y el mismo sello",
                        content_id,
                    ],
                )
            else:
                reason = (
                    f"El mismo UUID con otro sello o total que {beside}; cuenta el de timbrado más antiguo. "
                    "Verifica en el SAT cuál es el bueno y retira el otro"
                )
                c.execute(
                    "update files set status = 'quarantined', rows_quarantined = rows_read, rows_loaded = 0, "
                    f"rows_duplicate = 0, reason = ? where {where}",
                    [reason, content_id],
                )
                c.execute(
                    "insert into quarantine select substr(sha256(file_id || 'uuid_conflict'), 1, 12), file_id, null, "
                    "'archivo', 'uuid_conflict', ?, '', first_seen_at, 'open' from files where content_id = ? "
                    "and file_id not in (select file_id from quarantine where code = 'uuid_conflict')",
                    [reason, content_id],
                )  # fmt: skip
