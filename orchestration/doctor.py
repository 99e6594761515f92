"""`cartera doctor`: what this computer and this home lack, each with its mend."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from cartera import settings, snapshot
from cartera.errors import CarteraError
from cartera.home import HomePaths, existing_home
from cartera.warehouse import run_lock
from orchestration.console import OUT

PACKAGES = (
    "duckdb",
    "dagster",
    "dbt-core",
    "dbt-duckdb",
    "streamlit",
    "great-expectations",
    "polars",
    "lxml",
)
MIN_FREE_BYTES = 1 << 30
OK, WARN, FAULT = "bien", "aviso", "falla"


def main(home: Path | None) -> int:
    """Print every finding; 1 if there is a fault."""
    worst = 0
    for state, subject, words in findings(home):
        OUT.print(f"{state:>6}  {subject}: {words}", markup=False)
        worst = max(worst, int(state == FAULT))
    return worst


def findings(home: Path | None) -> Iterator[tuple[str, str, str]]:
    """(state, subject, words with the mend)."""
    yield from _machine()
    try:
        paths = existing_home(home)
    except CarteraError as error:
        yield FAULT, "carpeta", str(error)
        return
    yield OK, "carpeta", str(paths.home)
    yield from _home(paths)


def _machine() -> Iterator[tuple[str, str, str]]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield (OK, "Python", version) if good else (FAULT, "Python", f"{version}; instala 3.11, 3.12 o 3.13")
    for name in PACKAGES:
        try:
            yield OK, name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield FAULT, name, "no está instalado; corre: make setup"
    from pyexpat import EXPAT_VERSION

    from lxml import etree

    yield OK, "libxml2", ".".join(str(part) for part in etree.LIBXML_VERSION)
    expat = tuple(int(part) for part in EXPAT_VERSION.removeprefix("expat_").split("."))
    old = "; tiene fallas conocidas, actualiza Python (Cartera rechaza lo que las usa)"
    yield (OK if expat >= (2, 6, 0) else WARN), "expat", EXPAT_VERSION + ("" if expat >= (2, 6, 0) else old)
    yield OK, "SQLite", sqlite3.sqlite_version


def _home(paths: HomePaths) -> Iterator[tuple[str, str, str]]:
    try:
        chosen = settings.load(paths.settings_file)
        yield OK, "ajustes", str(paths.settings_file)
    except CarteraError as error:
        yield FAULT, "ajustes", str(error)
        return
    free = shutil.disk_usage(paths.home).free
    words = f"{free / 1e9:.1f} GB libres"
    yield (OK, "disco", words) if free > MIN_FREE_BYTES else (WARN, "disco", f"{words}; libera espacio")
    for folder in (paths.inbox, paths.snapshots, paths.ledger_file.parent, paths.warehouse_file.parent):
        if not os.access(folder, os.R_OK | os.W_OK):
            yield FAULT, "permisos", f"no se puede leer o escribir {folder}; corre: cartera init {paths.home}"
    try:
        with run_lock(paths, "cartera doctor"):
            yield OK, "candado", "libre"
            yield from _warehouse(paths)
    except CarteraError as error:
        yield WARN, "candado", str(error)
    yield from _snapshot(paths)
    if chosen.mail.host:
        yield OK, "correo", f"{chosen.mail.host}:{chosen.mail.port} (no se prueba aquí)"


def _warehouse(paths: HomePaths) -> Iterator[tuple[str, str, str]]:
    for path in (paths.warehouse_file, paths.ledger_file):
        if not path.is_file():
            continue
        try:
            duckdb.connect(str(path), read_only=True).close()
            yield OK, path.name, "se abre"
        except duckdb.Error as error:
            yield (
                FAULT,
                path.name,
                f"{str(error).splitlines()[0][:160]}; cierra quien lo use o recupera tu respaldo",
            )


def _snapshot(paths: HomePaths) -> Iterator[tuple[str, str, str]]:
    found = snapshot.current(paths)
    if found is None:
        yield WARN, "publicación", "todavía no hay; corre: cartera run"
        return
    pointed = snapshot.current_path(paths)
    if pointed != found.path:
        yield (
            WARN,
            "publicación",
            f"la vigente falta o está dañada; se usa {found.run_id}. Corre: cartera run",
        )
        return
    yield OK, "publicación", f"{found.run_id}, corte {found.as_of}"
