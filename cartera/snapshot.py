"""Published snapshots: immutable DuckDB files, one pointer, and the only way readers open them.

`publish_file` makes a finished candidate current: checkpointed, reopened read-only, scanned whole,
hashed in a sidecar, fsynced, and only then named by `CURRENT`. What the figures mean is not here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cartera.errors import SnapshotError
from cartera.home import HomePaths
from cartera.warehouse import SAFE_SETTINGS

POINTER = "CURRENT"


@dataclass(frozen=True)
class Snapshot:
    """A published snapshot: its run, file, day and moment (naive UTC)."""

    run_id: str
    path: Path
    as_of: dt.date
    published_at: dt.datetime
    fingerprint: str


def open_readonly(path: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection with no way out: no external access, settings locked."""
    if not path.is_file():
        raise SnapshotError("no existe ese archivo", str(path), "Mira cuáles hay con: cartera snapshots list")
    try:
        return duckdb.connect(
            str(path),
            read_only=True,
            config={
                **SAFE_SETTINGS,
                "enable_external_access": "false",
                "lock_configuration": "true",
            },
        )
    except duckdb.Error as error:
        raise SnapshotError(
            f"no se puede abrir la publicación ({str(error).splitlines()[0][:160]})",
            str(path),
            "Vuelve a una anterior con: cartera snapshots use RUN",
        ) from error


def describe(path: Path) -> Snapshot:
    """Read a snapshot's own row of `meta.snapshot`. Raises SnapshotError."""
    connection = open_readonly(path)
    try:
        rows = connection.execute(
            "select run_id, as_of, published_at, fingerprint from meta.snapshot"
        ).fetchall()
    except duckdb.Error as error:
        raise SnapshotError("no es una publicación de Cartera", str(path), "Elige otra") from error
    finally:
        connection.close()
    if not rows:
        raise SnapshotError("la publicación no dice de qué corrida es", str(path), "Elige otra")
    run_id, as_of, published_at, fingerprint = rows[0]
    return Snapshot(run_id, path, as_of, published_at, fingerprint)


def list_all(paths: HomePaths) -> list[Snapshot]:
    """Every readable snapshot, newest run first (run ids sort by time)."""
    found = []
    for path in sorted(paths.snapshots.glob("*.duckdb"), reverse=True):
        try:
            found.append(describe(path))
        except SnapshotError:
            continue
    return found


def current_path(paths: HomePaths) -> Path | None:
    """The file that `CURRENT` names, or None."""
    try:
        name = (paths.snapshots / POINTER).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    path = paths.snapshots / name
    return path if name and path.name == name and path.is_file() else None


def current(paths: HomePaths) -> Snapshot | None:
    """The current snapshot if it is whole, else the newest whole one before it, else None."""
    named = current_path(paths)
    candidates = [named] if named else []
    candidates += [p for p in sorted(paths.snapshots.glob("*.duckdb"), reverse=True) if p != named]
    for path in candidates:
        try:
            verify(path)
            return describe(path)
        except SnapshotError:
            continue
    return None


_verified: dict[tuple[str, int, int], bool] = {}


def verify(path: Path) -> None:
    """Compare the file with its sidecar's sha256, once a process and file state. Raises SnapshotError."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise SnapshotError("falta el archivo de la publicación", str(path), "Usa otra") from error
    key = (str(path), status.st_size, status.st_mtime_ns)
    if key not in _verified:
        try:
            expected = _sidecar(path).read_text(encoding="utf-8").split()[0]
        except (FileNotFoundError, IndexError):
            expected = ""
        _verified[key] = bool(expected) and sha256_of(path) == expected
    if not _verified[key]:
        raise SnapshotError(
            "la publicación está dañada: no coincide con su huella",
            str(path),
            "Vuelve a una anterior con: cartera snapshots use RUN",
        )


def use(paths: HomePaths, run_id: str) -> Snapshot:
    """Point `CURRENT` at a kept snapshot. Raises SnapshotError if it is missing or damaged."""
    path = paths.snapshots / f"{run_id}.duckdb"
    if Path(run_id).name != run_id or not path.is_file():
        raise SnapshotError(
            f"no existe la publicación «{run_id}»",
            str(paths.snapshots),
            "Mira cuáles hay con: cartera snapshots list",
        )
    verify(path)
    found = describe(path)
    _point_at(paths, path.name)
    return found


def publish_file(paths: HomePaths, candidate: Path, run_id: str, *, move_pointer: bool) -> Path:
    """Make `candidate` (closed, same file system) the snapshot `run_id`; the pointer shows it to readers."""
    scan(candidate)
    target = paths.snapshots / f"{run_id}.duckdb"
    if target.exists():
        raise SnapshotError("ya existe una publicación con ese nombre", str(target), "Vuelve a correr")
    digest = sha256_of(candidate)
    _fsync_file(candidate)
    candidate.replace(target)
    sidecar = _sidecar(target)
    sidecar.write_text(f"{digest}  {target.name}\n", encoding="utf-8")
    _fsync_file(sidecar)
    _fsync_folder(paths.snapshots)
    if move_pointer:
        _point_at(paths, target.name)
    return target


def scan(path: Path) -> dict[str, int]:
    """Read every value of every table, so that a damaged block shows. Returns rows by table."""
    connection = open_readonly(path)
    rows: dict[str, int] = {}
    try:
        tables = connection.execute(
            "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns() "
            "where schema_name in ('marts', 'meta') and not internal group by all order by all"
        ).fetchall()
        for schema, table, columns in tables:
            hashed = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
            found = connection.execute(
                f'select count(*), max(hash({hashed})) from "{schema}"."{table}"'
            ).fetchall()
            rows[f"{schema}.{table}"] = found[0][0] if found else 0
    except duckdb.Error as error:
        raise SnapshotError(
            f"la lectura completa falló ({str(error).splitlines()[0][:160]})", str(path), "Vuelve a correr"
        ) from error
    finally:
        connection.close()
    return rows


def prune(paths: HomePaths, keep: int) -> list[str]:
    """Delete all but the newest `keep` snapshots; never the current one. Returns the run ids deleted."""
    pointed = current_path(paths)
    gone = []
    for path in sorted(paths.snapshots.glob("*.duckdb"), reverse=True)[keep:]:
        if path == pointed:
            continue
        path.unlink()
        _sidecar(path).unlink(missing_ok=True)
        gone.append(path.stem)
    return gone


def copy_file(source: Path, target: Path) -> None:
    """Copy a closed database file; the target is new, and so may its folder be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copyfile(source, target)


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def _point_at(paths: HomePaths, name: str) -> None:
    temporary = paths.snapshots / f".{POINTER}.tmp"
    temporary.write_text(name + "\n", encoding="utf-8")
    _fsync_file(temporary)
    temporary.replace(paths.snapshots / POINTER)
    _fsync_folder(paths.snapshots)


def _fsync_file(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def _fsync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
