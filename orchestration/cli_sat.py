"""`cartera sat check`: the SAT's public service asked about the CFDIs that are due, under a budget."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cartera import settings, snapshot
from cartera.calendar import utc_now
from cartera.errors import InputError, SettingsError, SnapshotError
from cartera.formats import plural
from cartera.home import existing_home
from cartera.warehouse import run_lock
from ingestion.sat import answers
from ingestion.sat.status import Estado, StatusClient
from orchestration.console import OUT, ConsoleReporter

FAILURES_IN_A_ROW = 3  # more, and the service is down: the rest waits for another day
WORDS = {
    Estado.VIGENTE: ("vigente", "vigentes"),
    Estado.CANCELADO: ("cancelado", "cancelados"),
    Estado.NO_ENCONTRADO: ("no encontrado", "no encontrados"),
    Estado.DESCONOCIDO: ("con respuesta que no se reconoce", "con respuesta que no se reconoce"),
    Estado.NO_CONSULTADO: ("no consultado", "no consultados"),
}


def check(home: Path | None, limit: int | None) -> int:
    """Ask what is due; keep every answer. Exit 1 if the SAT could not be asked."""
    paths = existing_home(home)
    chosen = settings.load(paths.settings_file).sat
    if not chosen.enabled:
        raise SettingsError(
            "las consultas al SAT están apagadas",
            f"{paths.settings_file}: [sat] enabled",
            "Para encenderlas escribe enabled = true; se manda al SAT lo mismo que trae el QR de cada factura: UUID, "
            "los dos RFC, el total y el final del sello",
        )
    if not chosen.url.startswith(("https://", "http://")):
        raise SettingsError(
            f"«{chosen.url}» no es una dirección web", f"{paths.settings_file}: [sat] url", "Bórrala"
        )
    if limit is not None and limit < 1:
        raise InputError(f"«{limit}» no sirve como límite", "--limit", "Escribe un número desde 1")
    with run_lock(paths, "cartera sat check"):
        current = snapshot.current(paths)
        if current is None:
            raise SnapshotError("todavía no hay nada publicado", str(paths.home), "Corre: cartera run")
        with snapshot.open_readonly(current.path) as figures:
            waiting = answers.due(paths, figures, utc_now())
        client = StatusClient(chosen.url, chosen.timeout_seconds)
        counts: Counter[Estado] = Counter()
        problem, in_a_row = "", 0
        questions = waiting[:limit]
        with ConsoleReporter() as reporter:
            reporter.step("Consultando al SAT", len(questions))
            for question in questions:
                if client.requests >= chosen.budget or in_a_row >= FAILURES_IN_A_ROW:
                    break
                answer = client.ask(question, chosen.budget - client.requests)
                answers.keep(paths, answer, utc_now())
                counts[answer.estado] += 1
                failed = answer.estado is Estado.NO_CONSULTADO
                in_a_row = in_a_row + 1 if failed else 0
                problem = answer.problem or problem
                reporter.advance()
    _tell(counts, len(waiting) - sum(counts.values()), problem)
    return 1 if counts[Estado.NO_CONSULTADO] else 0


def _tell(counts: Counter[Estado], left: int, problem: str) -> None:
    if not counts:
        OUT.print(
            "Nada por consultar hoy." if not left else "El presupuesto de consultas es 0.", markup=False
        )
        return
    parts = [plural(counts[estado], *words) for estado, words in WORDS.items() if counts[estado]]
    OUT.print(f"Consulta al SAT: {', '.join(parts)}.", markup=False)
    if problem:
        OUT.print(f"  {problem[0].upper()}{problem[1:]}: lo no consultado queda pendiente.", markup=False)
    if left:
        OUT.print(f"  Quedan {left:,} por consultar: corre otra vez cartera sat check.", markup=False)
