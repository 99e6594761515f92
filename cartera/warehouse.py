"""The working warehouse: the only writable DuckDB connections, and the lock of the one run at a time.

Readers never come here: they open published snapshots (`cartera.snapshot`).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from cartera.errors import HomeError, LockedError, WarehouseError
from cartera.home import HomePaths

# Every connection of ours: no downloads; and DuckDB 2.0.0 takes `sum(case …) > 0` for false after some left
# joins whose statistics show no match, unless statistics propagation is off (no cost was measured).
SAFE_SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "disabled_optimizers": "statistics_propagation",
}


@contextmanager
def run_lock(paths: HomePaths, purpose: str) -> Iterator[None]:
    """Hold the home's run lock; the OS frees it if the process dies. LockedError says who holds it."""
    try:
        handle = paths.lock_file.open("a+")
    except OSError as error:
        raise HomeError(
            f"no se puede escribir ({error.strerror})", str(paths.lock_file), "Revisa permisos y espacio"
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LockedError(
                f"otra corrida está usando esta carpeta ({_holder(paths)})",
                str(paths.home),
                "Espera a que termine y vuelve a intentarlo",
            ) from error
        handle.seek(0)
        handle.truncate()
        handle.write(json.dumps({"pid": os.getpid(), "purpose": purpose}))
        handle.flush()
        try:
            yield
        finally:
            handle.seek(0)
            handle.truncate()
            fcntl.flock(handle, fcntl.LOCK_UN)


def _holder(paths: HomePaths) -> str:
    try:
        holder = json.loads(paths.lock_file.read_text() or "{}")
        return f"proceso {holder['pid']}: {holder['purpose']}"
    except (OSError, ValueError, KeyError):
        return "otro proceso"


@contextmanager
def writable(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-write connection to a working file, closed at the end. Raises WarehouseError in plain words."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(str(database))
    except (duckdb.Error, OSError) as error:
        raise explain(error, database) from error
    try:
        for name, value in SAFE_SETTINGS.items():
            connection.execute(f"set {name} = '{value}'")
        yield connection
    except duckdb.IOException as error:
        raise explain(error, database) from error
    except duckdb.FatalException as error:
        raise explain(error, database) from error
    finally:
        connection.close()


def first_row(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Any = None
) -> tuple[Any, ...] | None:
    """The first row, with the result closed: DuckDB 2 refuses other work on a connection with one open."""
    rows = connection.execute(sql, parameters).fetchall()
    return rows[0] if rows else None


def attach(connection: duckdb.DuckDBPyConnection, database: Path, alias: str) -> None:
    """Attach another file read-only under `alias`."""
    quoted = str(database).replace("'", "''")
    connection.execute(f"attach '{quoted}' as {alias} (read_only)")


def explain(error: Exception, database: Path) -> WarehouseError:
    """Turn a DuckDB or OS error into one sentence with its mend."""
    text = str(error)
    if "lock" in text.lower():
        return WarehouseError(
            "otro programa tiene abierto ese archivo para escribir",
            str(database),
            "Ciérralo (por ejemplo, un cliente de DuckDB) y vuelve a correr",
        )
    if "No space left" in text or getattr(error, "errno", None) == 28:
        return WarehouseError(
            "el disco está lleno",
            str(database),
            "Libera espacio y vuelve a correr; lo publicado sigue intacto",
        )
    if "Permission denied" in text or "Read-only" in text:
        return WarehouseError("no hay permiso para escribir", str(database), "Revisa los permisos")
    return WarehouseError(
        f"no se pudo usar el archivo ({text.splitlines()[0][:200]})",
        str(database),
        "Si está dañado, muévelo a otro lado: la siguiente corrida lo rehace",
    )
