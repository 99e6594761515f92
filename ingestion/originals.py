"""Originals back from the archive: one invoice's XML by its UUID, and everything that was set aside.

Only reads. The ledger says where each content lies; `uuids` and `places` are sorted by number, so that one XML of
a million comes back within a blink.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import duckdb

from cartera.errors import InputError, SnapshotError
from cartera.home import HomePaths
from cartera.warehouse import attach
from ingestion import archive
from ingestion.archive import Place

# what a spreadsheet would take for a formula: such a cell gets a leading apostrophe
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_PLACE = "sha256, pack, frame_offset, frame_bytes, inner_offset, size_bytes"
_CASES = (
    "select q.quarantine_id, f.file_id, f.path, f.member, f.kind, q.row_number, q.location, q.code, q.reason, "
    "q.raw_text, q.first_seen_at, f.sha256 from quarantine q join files f using (file_id) "
    "where q.status = 'open' order by f.path, f.member, q.row_number nulls first, q.quarantine_id"
)
_HEADER = ("clave", "archivo_id", "archivo", "miembro", "tipo", "fila", "lugar", "codigo", "motivo", "texto",
           "visto_utc", "original")  # fmt: skip
_ONE_AT_A_TIME = threading.Lock()


def xml_of(paths: HomePaths, uuid: str) -> bytes:
    """The original XML of a CFDI; of several with one UUID, the one that counts. Raises InputError."""
    wanted = uuid.strip().lower()
    with reading(paths) as c:
        # a literal, not a parameter: only then are the blocks that cannot hold it passed over
        sql = f"select sha256 from uuids where uuid = '{wanted}'::uuid"
        hashes = [row[0] for row in c.execute(sql).fetchall()] if _UUID.fullmatch(wanted) else []
        if not hashes:
            raise InputError(
                f"ningún CFDI cargado tiene el UUID «{uuid}»",
                str(paths.home),
                "Revisa que esté completo; si lo cargó una versión anterior, corre: cartera run --full-refresh",
            )
        if len(hashes) > 1:
            hashes = [row[0] for row in c.execute(
                "select sha256 from files where sha256 in ? order by case status when 'loaded' then 0 when "
                "'duplicate' then 1 else 2 end, sha256 limit 1", [hashes]).fetchall()]  # fmt: skip
        place = _place(c, hashes[0])
    return archive.fetch(paths.ledger_file.parent, place)


def export_quarantine(paths: HomePaths, folder: Path) -> tuple[int, int]:
    """Write `apartados.csv` and the original files below `originales/`. Returns how many of each."""
    with reading(paths) as c:
        cases = c.execute(_CASES).fetchall()
        hashes = sorted({row[-1] for row in cases if row[-1]})
        places = [
            Place(*row)
            for row in c.execute(f"select {_PLACE} from places where sha256 in ?", [hashes]).fetchall()
        ]
    originals = folder / "originales"
    originals.mkdir(parents=True, exist_ok=True)
    names: dict[str, str] = {}
    for row in cases:
        names.setdefault(row[-1], f"{row[1]}_{_safe(row[3] or row[2])}")
    written: set[str] = set()
    for sha256, data in archive.fetch_all(paths.ledger_file.parent, places):
        (originals / names[sha256]).write_bytes(data)
        written.add(sha256)
    with (folder / "apartados.csv").open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\r\n")
        writer.writerow(_HEADER)
        for row in cases:
            original = f"originales/{names[row[-1]]}" if row[-1] in written else ""
            writer.writerow([harmless(value) for value in (*row[:-1], original)])
    return len(cases), len(written)


def harmless(value: object) -> str:
    """A CSV cell that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    text = str(value)
    text = f"'{text}" if text.startswith(FORMULA_STARTS) else text
    return text.replace("\0", "")


def _safe(name: str) -> str:
    """A file name of letters, digits and . _ - only: names in an inbox or a ZIP are data."""
    return re.sub(r"[^\w.-]+", "_", name.rsplit("/", 1)[-1])[-80:].lstrip(".") or "archivo"


def _place(c: duckdb.DuckDBPyConnection, sha256: str) -> Place:
    key = int(sha256[:16], 16)
    found = c.execute(f"select {_PLACE} from places where content_key = {key}::ubigint").fetchall()
    if not found:
        raise InputError(
            "el archivo histórico no tiene ese original", sha256[:16], "Recupéralo de tu respaldo"
        )
    return Place(*found[0])


@lru_cache(maxsize=1)
def _desk() -> duckdb.DuckDBPyConnection:
    """An empty DuckDB of this process: starting one takes four times as long as looking one XML up."""
    return duckdb.connect(config={"threads": 1})


@contextmanager
def reading(paths: HomePaths) -> Iterator[duckdb.DuckDBPyConnection]:
    """The ledger, only to read, and attached only meanwhile: a run may write it before and after."""
    if not paths.ledger_file.is_file():
        raise SnapshotError("todavía no se ha leído nada", str(paths.home), "Corre primero: cartera run")
    with _ONE_AT_A_TIME:
        try:
            attach(_desk(), paths.ledger_file, "ledger")
        except duckdb.IOException as error:
            raise SnapshotError(
                "hay una corrida en curso que usa el registro de archivos",
                str(paths.home),
                "Intenta cuando termine",
            ) from error
        try:
            _desk().execute("use ledger")
            yield _desk()
        finally:
            _desk().execute("use memory; detach ledger")
