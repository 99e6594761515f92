"""`cartera run` and `cartera demo`, in words."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from pathlib import Path

from cartera import formats, settings
from cartera.calendar import today_mx
from cartera.errors import InputError
from cartera.home import HomePaths, existing_home, resolve_home
from orchestration import run as runner
from orchestration.cli_home import SAMPLE_END, make_home, write_sample
from orchestration.console import ERR, OUT, ConsoleReporter
from orchestration.context import Request, RunContext

SEALS_ES = {
    "altered": "contenido alterado",
    "wrong_serial": "otro certificado",
    "wrong_rfc": "certificado de otro RFC",
    "out_of_date": "certificado no vigente",
    "other_stamp": "timbre de otro sello",
    "unreadable": "ilegibles",
}


def parse_as_of(text: str | None) -> dt.date:
    """`AAAA-MM-DD`, or today in America/Mexico_City. Raises InputError."""
    if not text:
        return today_mx()
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"«{text}» no es una fecha", "--as-of", "Escríbela como AAAA-MM-DD, por ejemplo 2026-06-30"
        ) from error


def run(
    home: Path | None,
    as_of: str | None,
    *,
    publish: bool,
    accept: str,
    full_refresh: bool,
    verify_seals: bool = False,
) -> int:
    """Run the main job; tell how it ended; return the exit code."""
    paths = existing_home(home)
    if verify_seals:
        from ingestion.cfdi.seals import require_library

        require_library()
    request = Request(parse_as_of(as_of), publish, accept.strip(), full_refresh, verify_seals=verify_seals)
    return _run(paths, request)


def _run(paths: HomePaths, request: Request) -> int:
    chosen = settings.load(paths.settings_file)
    with ConsoleReporter() as reporter:
        outcome = runner.execute(paths, chosen, request, reporter)
    if outcome.unchanged is not None:
        OUT.print(
            f"Nada nuevo: sigue vigente la publicación {outcome.unchanged.run_id} "
            f"(corte {formats.date_long(outcome.unchanged.as_of)}).",
            markup=False,
        )
        return outcome.exit_code
    if outcome.run is not None:
        _tell(outcome.run)
    if outcome.error is not None:
        ERR.print(str(outcome.error), markup=False)
    return outcome.exit_code


def _tell(run: RunContext) -> None:
    by_status = run.files
    total = sum(by_status.values())
    words = {
        "loaded": ("cargado", "cargados"),
        "duplicate": ("repetido", "repetidos"),
        "quarantined": ("apartado", "apartados"),
        "pending": ("pendiente", "pendientes"),
        "withdrawn": ("retirado", "retirados"),
    }
    parts = [formats.plural(by_status[s], *words[s]) for s in words if by_status.get(s)]
    OUT.print(
        f"Archivos nuevos: {formats.number(total)}" + (f" ({', '.join(parts)})" if parts else "") + ". "
        f"Filas cargadas: {formats.number(run.rows_loaded)}; apartadas: {formats.number(run.rows_quarantined)}.",
        markup=False,
    )
    if run.intake and run.intake.problems:
        OUT.print("Lo apartado (los primeros; todo con: cartera quarantine list):", markup=False)
        for problem in run.intake.problems:
            OUT.print(f"  · {problem}", markup=False)
    if run.seals is not None:
        failed = {name: n for name, n in run.seals.items() if name != "valid"}
        OUT.print(
            f"Sellos verificados: {formats.number(sum(run.seals.values()))}; sin concordar: "
            f"{formats.number(sum(failed.values()))}"
            + (
                " (" + ", ".join(f"{SEALS_ES[name]}: {n}" for name, n in failed.items()) + ")"
                if failed
                else ""
            )
            + ".",
            markup=False,
        )
    warned = [check for check in run.checks if check.status == "warned"]
    if warned:
        OUT.print(f"Avisos de calidad: {len(warned)}. El primero: {warned[0].message}", markup=False)
    if run.status in {"published", "kept"}:
        OUT.print(
            f"Publicado el corte al {formats.date_long(run.request.as_of)} ({run.run_id}).", markup=False
        )


def demo(home: Path, invoices: int, *, serve: bool, port: int) -> int:
    """Sample, run and app in a home of its own."""
    from orchestration import serve as servers

    paths = resolve_home(home)
    make_home(paths)
    if not any(paths.inbox.iterdir()):
        with ConsoleReporter() as reporter:
            OUT.print(write_sample(paths, invoices, 7, reporter), markup=False)
    code = _run(paths, Request(SAMPLE_END, settle=False))
    if code != runner.PUBLISHED:
        return code
    command = "cartera" if shutil.which("cartera") else os.path.relpath(sys.argv[0])
    OUT.print(
        "\nQué probar después:\n"
        f'  {command} query --home {home} "select * from marts.worklist limit 5"\n'
        f"  {command} export weekly --home {home}\n"
        f"  {command} init mi-empresa   (y copia tus archivos en mi-empresa/inbox)\n",
        markup=False,
    )
    return servers.app(home, port) if serve else code
