"""The commands that correct what came (files withdraw, quarantine release) or give originals back.

`files xml` and `quarantine export` only read; the others hold the run lock.
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from cartera import formats
from cartera.calendar import utc_now
from cartera.errors import InputError
from cartera.home import existing_home
from cartera.warehouse import run_lock
from ingestion import corrections, originals
from orchestration.console import OUT

SHOWN = 5


def withdraw(home: Path | None, file_id: str, why: str, *, undo: bool) -> None:
    """`cartera files withdraw`."""
    paths = existing_home(home)
    with run_lock(paths, "cartera files withdraw"):
        if undo:
            done = corrections.undo(paths, file_id)
        else:
            done = corrections.withdraw(paths, file_id, who=_who(), why=why, now=utc_now())
    _tell("Se vuelve a poner" if undo else "Se retiró", done)
    OUT.print("Para que las cifras lo reflejen, corre: cartera run", markup=False)


def release(home: Path | None, quarantine_id: str | None, *, everything: bool) -> None:
    """`cartera quarantine release`."""
    if (quarantine_id is None) == (not everything):
        raise InputError("di qué releer", "quarantine release", "Escribe la clave de un caso, o --all")
    paths = existing_home(home)
    with run_lock(paths, "cartera quarantine release"):
        done = corrections.release(paths, quarantine_id)
    if not done.names:
        OUT.print("No hay nada apartado.")
        return
    _tell("Se volverá a leer", done)
    OUT.print("Ahora corre: cartera run", markup=False)


def xml(home: Path | None, uuid: str, out: Path | None) -> None:
    """`cartera files xml`."""
    data = originals.xml_of(existing_home(home), uuid)
    if out is None:
        sys.stdout.buffer.write(data)
        return
    target = out / f"{uuid.strip().lower()}.xml" if out.is_dir() else out
    try:
        target.write_bytes(data)
    except OSError as error:
        raise InputError(
            f"no se puede escribir ({error.strerror})", str(target), "Elige otro lugar"
        ) from error
    OUT.print(f"Escrito: {target}", markup=False)


def export_quarantine(home: Path | None, out: Path | None) -> None:
    """`cartera quarantine export`."""
    paths = existing_home(home)
    folder = out or paths.exports / "apartados"
    cases, files = originals.export_quarantine(paths, folder)
    OUT.print(
        f"{formats.plural(cases, 'caso', 'casos')} y "
        f"{formats.plural(files, 'archivo original', 'archivos originales')} en {folder}",
        markup=False,
    )


def _tell(verb: str, done: corrections.Corrected) -> None:
    OUT.print(f"{verb}: {formats.plural(len(done.names), 'archivo', 'archivos')}.", markup=False)
    for name in done.names[:SHOWN]:
        OUT.print(f"  · {name}", markup=False)
    if len(done.names) > SHOWN:
        OUT.print(f"  · y {len(done.names) - SHOWN} más", markup=False)
    for name in done.not_archived[:SHOWN]:
        OUT.print(f"  Solo puede leerse si sigue en la bandeja: {name}", markup=False)


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "desconocido"
