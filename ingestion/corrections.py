"""What a person changes after the fact: a wrong file taken back out, put back, or set-aside things read again.

All of it is about contents: the same bytes at two places are one thing. The ledger keeps every row; the next run
does the reading. Call these inside the home's run lock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cartera.errors import InputError
from cartera.home import HomePaths
from cartera.lastrun import forget_fingerprint
from cartera.warehouse import writable
from ingestion.ledger import WITHDRAWN, Ledger, content_id_of
from ingestion.load import ensure_raw, purge

ARCHIVED = "sha256 in (select sha256 from places)"


@dataclass(frozen=True)
class Corrected:
    """What was touched: the places of the contents, and those whose bytes only the inbox can give."""

    names: list[str]
    not_archived: list[str]


def withdraw(paths: HomePaths, file_id: str, *, who: str, why: str, now: dt.datetime) -> Corrected:
    """Take a content out, wherever it lies; a ZIP goes with its members. Raises InputError."""
    with Ledger.open(paths) as ledger:
        hashes = _contents(ledger, file_id)
        condition = f"sha256 in ? and status <> '{WITHDRAWN}'"
        names = _names(ledger, condition, hashes)
        if not names:
            raise InputError("ese archivo ya estaba retirado", file_id, "Para volver a ponerlo usa --undo")
        flags = " ".join(
            f"withdrawn_{name}:{'_'.join(text.split())}"
            for name, text in (("by", who), ("at", now.isoformat(timespec="seconds") + "Z"), ("why", why))
            if text.strip()
        )
        reason = f"Lo retiró {who} el {now:%d/%m/%Y}" + (f": {why.strip()}" if why.strip() else "")
        with _transaction(ledger):
            ledger.connection.execute(
                f"update quarantine set status = '{WITHDRAWN}' where status = 'open' and file_id in "
                f"(select file_id from files where {condition})",
                [hashes],
            )
            ledger.connection.execute(
                "update files set flags = trim(flags || ' ' || ? || ' withdrawn_was:' || status), reason = ?, "
                f"status = '{WITHDRAWN}', rows_read = 0, rows_loaded = 0, rows_quarantined = 0, rows_duplicate = 0 "
                f"where {condition}",
                [flags, reason, hashes],
            )
            ledger.sum_archives("path in (select path from files where sha256 in ?)", [hashes])
    with writable(paths.warehouse_file) as warehouse:
        ensure_raw(warehouse)
        purge(warehouse, [content_id_of(sha256) for sha256 in hashes])
    forget_fingerprint(paths.last_run_file)
    return Corrected(names, [])


def undo(paths: HomePaths, file_id: str) -> Corrected:
    """Put a withdrawn content back: the next run reads it again from the archive. Raises InputError."""
    with Ledger.open(paths) as ledger:
        hashes = _contents(ledger, file_id)
        condition = f"sha256 in ? and status = '{WITHDRAWN}'"
        names = _names(ledger, condition, hashes)
        if not names:
            raise InputError("ese archivo no está retirado", file_id, "Mira los retirados con: cartera files")
        missing = _names(ledger, f"{condition} and kind <> 'zip' and not ({ARCHIVED})", hashes)
        with _transaction(ledger):
            ledger.connection.execute(
                "update quarantine set status = 'open' where file_id in "
                f"(select file_id from files where {condition})",
                [hashes],
            )
            # what the archive holds is read again; a ZIP's own row only sums its members
            ledger.connection.execute(
                f"update files set status = case when {ARCHIVED} then 'pending' "
                "else coalesce(nullif(regexp_extract(flags, 'withdrawn_was:(\\S+)', 1), ''), 'loaded') end, "
                "rows_read = case when flags like '%withdrawn_was:quarantined%' then 1 else 0 end, "
                "rows_quarantined = case when flags like '%withdrawn_was:quarantined%' then 1 else 0 end, "
                "reason = 'Se volvió a poner; la siguiente corrida lo lee', reader_key = case when kind = 'zip' "
                "then reader_key else '' end, "
                "flags = trim(regexp_replace(flags, '\\s*withdrawn_\\S+', '', 'g')) "
                f"where {condition}",
                [hashes],
            )
    forget_fingerprint(paths.last_run_file)
    return Corrected(names, missing)


def release(paths: HomePaths, quarantine_id: str | None) -> Corrected:
    """Mark the files of one open case (None: of all) to be read again in the next run. Raises InputError."""
    with Ledger.open(paths) as ledger:
        hashes = [
            row[0]
            for row in ledger.connection.execute(
                "select distinct f.sha256 from quarantine q join files f using (file_id) "
                f"where q.status = 'open' and f.status <> '{WITHDRAWN}' and (? is null or q.quarantine_id = ?) "
                "order by 1",
                [quarantine_id, quarantine_id],
            ).fetchall()
        ]
        if not hashes and quarantine_id is not None:
            raise InputError(
                f"no hay un caso abierto «{quarantine_id}»",
                "",
                "Mira las claves con: cartera quarantine list",
            )
        # without bytes (never readable) the path itself is the thing
        condition = (
            "status in ('loaded', 'quarantined', 'duplicate') and (sha256 in ? and (sha256 <> '' or file_id in "
            "(select file_id from quarantine where status = 'open' and (? is null or quarantine_id = ?))))"
        )
        parameters = [hashes, quarantine_id, quarantine_id]
        names = _names(ledger, condition, *parameters)
        missing = _names(ledger, f"{condition} and not ({ARCHIVED})", *parameters)
        with _transaction(ledger):
            ledger.connection.execute(
                "create or replace temp table chosen as select file_id, "
                f"({ARCHIVED}) as archived from files where {condition}",
                parameters,
            )
            ledger.connection.execute(
                "update quarantine set status = 'released' where status = 'open' and file_id in "
                "(select file_id from chosen where archived)"
            )
            ledger.connection.execute(
                "update files set reader_key = '' where file_id in (select file_id from chosen)"
            )
            ledger.connection.execute(
                "update files set status = 'pending', reason = 'La siguiente corrida lo vuelve a leer', rows_read = 0, "
                "rows_loaded = 0, rows_quarantined = 0, rows_duplicate = 0 "
                "where file_id in (select file_id from chosen where archived)"
            )
    forget_fingerprint(paths.last_run_file)
    return Corrected(names, missing)


def _contents(ledger: Ledger, file_id: str) -> list[str]:
    """The contents behind a file: its own bytes, and its members' where it is a ZIP."""
    found = ledger.connection.execute(
        "select path, member, mtime_ns, kind, sha256 from files where file_id = ? and sha256 <> ''", [file_id]
    ).fetchall()
    if not found:
        raise InputError(
            f"no existe el archivo «{file_id}»", "", "Mira las claves con: cartera files --limit 0"
        )
    path, member, mtime_ns, kind, sha256 = found[0]
    hashes = {sha256}
    if kind == "zip" and member == "":
        members = ledger.connection.execute(
            "select sha256 from files where path = ? and mtime_ns = ? and member <> '' and sha256 <> ''",
            [path, mtime_ns],
        ).fetchall()
        hashes.update(row[0] for row in members)
    return sorted(hashes)


def _names(ledger: Ledger, condition: str, *parameters: object) -> list[str]:
    rows = ledger.connection.execute(
        "select path || case when member <> '' then ' › ' || member else '' end from files "
        f"where {condition} order by path, member",
        list(parameters),
    ).fetchall()
    return [row[0] for row in rows]


class _transaction:  # noqa: N801 -- reads as a verb where it is used
    """All of it or nothing."""

    def __init__(self, ledger: Ledger) -> None:
        self._connection = ledger.connection

    def __enter__(self) -> None:
        self._connection.execute("begin")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._connection.execute("rollback" if kind else "commit")
