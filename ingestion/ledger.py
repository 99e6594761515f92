"""The ledger: one row a file and ZIP member that ever came, the quarantine, and where bytes are archived.

Append-only in spirit: a row changes only when its content is read again. With the archive it is the
truth from which raw is derived. Nothing here knows what a file means.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from cartera.home import HomePaths
from cartera.warehouse import attach, first_row, writable

# places are sorted by it, so that one is found without reading all of them
CONTENT_KEY = "('0x' || substr(sha256, 1, 16))::ubigint"
SCHEMA = """
create table if not exists files (
  file_id varchar, content_id varchar, path varchar, member varchar, sha256 varchar,
  size_bytes bigint, mtime_ns bigint, kind varchar, status varchar, reason varchar, flags varchar,
  rows_read bigint, rows_loaded bigint, rows_quarantined bigint, rows_duplicate bigint,
  delivery_date date, reader_key varchar, first_seen_at timestamp, last_seen_at timestamp);
create table if not exists quarantine (
  quarantine_id varchar, file_id varchar, row_number bigint, location varchar, code varchar,
  reason varchar, raw_text varchar, first_seen_at timestamp, status varchar);
create table if not exists places (
  content_key ubigint, sha256 varchar, pack varchar, frame_offset bigint, frame_bytes bigint,
  inner_offset bigint, size_bytes bigint);
create table if not exists runs (
  run_id varchar, as_of date, started_at timestamp, finished_at timestamp, status varchar,
  files_new bigint, rows_loaded bigint, rows_quarantined bigint, message varchar, accepted_reason varchar);
create table if not exists checks (
  run_id varchar, gate varchar, check_name varchar, subject varchar, status varchar, severity varchar,
  message varchar, observed varchar);
create table if not exists uuids (uuid uuid, sha256 varchar);
create table if not exists identity (token varchar);
insert into identity select uuid()::varchar where not exists (from identity);
"""
# A ledger of an older version: indexes cost more to keep up than sorted rows cost to search.
UPGRADE = f"""
begin;
drop index if exists uuids_by_uuid; drop index if exists places_by_sha256;
create table new_uuids as select try_cast(uuid as uuid) as uuid, sha256 from uuids order by 1;
create table new_places as select {CONTENT_KEY} as content_key, * from places order by 1;
create table new_files as from files;
drop table uuids; drop table places; drop table files;
alter table new_uuids rename to uuids; alter table new_places rename to places;
alter table new_files rename to files;
commit
"""
WITHDRAWN = "withdrawn"  # a person took it back out; it stays out until undone
FINAL = "('loaded', 'quarantined', 'duplicate')"
WAITING = "(status = 'pending' and kind <> 'zip' and sha256 in (select sha256 from places))"


def content_id_of(sha256: str) -> str:
    """What raw rows carry: the first 16 hex digits of the content's sha256."""
    return sha256[:16]


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
            if not first_row(connection, "select 1 from duckdb_columns() where column_name = 'content_key'"):
                connection.execute(UPGRADE)
            yield cls(connection)

    @property
    def token(self) -> str:
        """Tells whether a warehouse was derived from this ledger."""
        found = first_row(self.connection, "select token from identity")
        return str(found[0]) if found else ""

    def unread(self, listed: pa.Table, reader_keys: Sequence[str]) -> pa.Table:
        """The listed files that no current reader has read as they are now, by path."""
        self.connection.register("listing", listed)
        found = self.connection.sql(
            "select l.* from listing l where not exists (select 1 from files f where f.path = l.path "
            "and f.member = '' and f.size_bytes = l.size_bytes and f.mtime_ns = l.mtime_ns "
            f"and (f.status = '{WITHDRAWN}' or (f.status in {FINAL} and f.reader_key in ?))) order by l.path",
            params=[list(reader_keys)],
        ).to_arrow_table()
        self.connection.unregister("listing")
        return found

    def known_files(self) -> tuple[int, int]:
        """How many files of the inbox ever came, and their bytes."""
        found = first_row(
            self.connection, "select count(*), coalesce(sum(size_bytes), 0) from files where member = ''"
        )
        return (int(found[0]), int(found[1])) if found else (0, 0)

    def mark_pending(self, listed: pa.Table, now: dt.datetime) -> None:
        """Write the row before the reading, so that a killed run leaves a trace."""
        self.connection.register("listing", listed)
        self.connection.execute(
            "insert into files by name select substr(sha256(chr(0) || path || chr(0)), 1, 16) as file_id, "
            "path, size_bytes, mtime_ns, '' as content_id, '' as member, '' as sha256, '' as kind, "
            "'pending' as status, 'lectura sin terminar; la siguiente corrida lo vuelve a leer' as reason, "
            "'' as flags, 0 as rows_read, 0 as rows_loaded, 0 as rows_quarantined, 0 as rows_duplicate, "
            "'' as reader_key, $now::timestamp as first_seen_at, $now::timestamp as last_seen_at from listing l "
            "where not exists (from files f where f.path = l.path and f.member = '' and f.sha256 = '' "
            "and f.status = 'pending')",
            {"now": now},
        )
        self.connection.unregister("listing")

    def known_ids(
        self, reader_keys: Sequence[str], *, again: bool
    ) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        """The sorted ids of contents not to be read from the inbox: read by a current reader, withdrawn, or
        about to be read from the archive (`again`: all that it holds).
        """
        found = self.connection.execute(
            f"select distinct ('0x' || content_id)::ubigint as id from files where sha256 <> '' and "
            f"(status = '{WITHDRAWN}' or (status in {FINAL} and ($again or reader_key in $keys)) "
            f"or {WAITING}) order by 1",
            {"keys": list(reader_keys), "again": again},
        ).fetchnumpy()["id"]
        return np.asarray(found, np.uint64)

    def packs(self) -> set[str]:
        """The packs that hold something."""
        return {row[0] for row in self.connection.execute("select distinct pack from places").fetchall()}

    def to_read_again(self, *, everything: bool) -> tuple[int, Iterator[tuple[Any, ...]]]:
        """Archived contents to read again, in the order of the packs: what waits (held by gate 1, released, put back
        by a person) and, on a full refresh, everything. A content comes with each of its places, the one that
        counted first; a ZIP only as itself, without a place in a pack. Returns how many, and the rows.
        """
        condition = f"({WAITING}" + (f" or f.status in {FINAL})" if everything else ")")
        names = "f.kind, f.reader_key, f.sha256, f.path, f.member, f.size_bytes, f.mtime_ns, f.delivery_date"
        sql = f"""select {names}, p.pack, p.frame_offset, p.frame_bytes, p.inner_offset, p.size_bytes
            from files f left join (
                select distinct on (sha256) * from places order by sha256, pack, frame_offset) p using (sha256)
            where f.sha256 <> '' and (f.kind = 'zip' or p.sha256 is not null) and {condition}
            order by p.pack nulls first, p.frame_offset, p.inner_offset, f.sha256,
              f.status = 'duplicate', f.path, f.member"""
        count = first_row(self.connection, f"select count(*) from files f where {condition}")
        return (count[0] if count else 0), self._rows(sql)

    def _rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        cursor = self.connection.cursor()
        cursor.execute(sql)
        while rows := cursor.fetchmany(4096):
            yield from rows
        cursor.close()

    def withdrawn_contents(self) -> list[str]:
        """The content ids that people took back out."""
        sql = "select distinct content_id from files where status = ? order by 1"
        return [row[0] for row in self.connection.execute(sql, [WITHDRAWN]).fetchall()]

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
            c.execute(
                f"insert into places by name select distinct on (sha256) {CONTENT_KEY} as content_key, * "
                "from delivery.intake.places n where not exists (from places p where p.sha256 = n.sha256) "
                "order by content_key"
            )
            c.execute(
                "insert into uuids select distinct d.uuid::uuid, f.sha256 from delivery.delivery.cfdi__documents d "
                "join delivery.intake.files f on f.content_id = d.source_file_id where not exists "
                "(from uuids u where u.uuid = d.uuid::uuid and u.sha256 = f.sha256) order by 1"
            )
            self.sum_archives("path in (select path from delivery.intake.files where member <> '')")
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
