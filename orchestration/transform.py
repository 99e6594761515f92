"""dbt in process: the variables a run passes, the build, and its results in plain rows.

dbt writes its artifacts inside the home, never inside the package. No business rule lives here.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cartera.errors import WarehouseError
from cartera.home import HomePaths, resolve_home
from cartera.progress import Reporter
from cartera.settings import Settings
from ingestion import forecasts
from ingestion.cfdi import seal_records
from ingestion.sat import answers
from orchestration.context import Check
from orchestration.fingerprint import ROOT

PROJECT = ROOT / "dbt_project"
os.environ.setdefault("DO_NOT_TRACK", "1")
# Models first and whole, then their tests: a failed test must not leave marts out. Unit tests judge the code,
# not the data: the test suite runs them.
WITHOUT_TESTS = (
    "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure",
)  # fmt: skip
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")


@dataclass(frozen=True)
class Built:
    """What a build left: its tests as checks, and its tables."""

    checks: list[Check]
    models: list[tuple[str, str]]  # (schema, table) in the order they were built


def dbt_vars(settings: Settings, as_of: Any) -> dict[str, Any]:
    """The variables of a run: `as_of`, own RFCs and the parameters of METRICS."""
    metrics = settings.metrics
    return {
        "as_of": str(as_of),
        "own_rfcs": [rfc.strip().upper() for rfc in settings.company.rfcs],
        "history_starts": str(settings.company.history_starts or ""),
        "report_currency": metrics.report_currency,
        "default_terms_days": metrics.default_terms_days,
        "business_day_shift": metrics.business_day_shift,
        "holidays": [str(day) for day in metrics.holidays],
        "on_time_grace_days": metrics.on_time_grace_days,
        "promise_grace_days": metrics.promise_grace_days,
        "reminder_response_window_days": metrics.reminder_response_window_days,
        "conversion_window_days": metrics.conversion_window_days,
        "reminder_programme_start": str(metrics.reminder_programme_start or ""),
        "on_time_payer_min_share": str(metrics.on_time_payer_min_share),
        "rep_deadline_day": metrics.rep_deadline_day,
        "rep_deadline_since": str(metrics.rep_deadline_since),
        "rep_deadline_day_before": metrics.rep_deadline_day_before,
        "condonation_causes_vat": metrics.condonation_causes_vat,
        "late_application_days": metrics.late_application_days,
        "bank_match_days": metrics.bank_match_days,
        "bank_match_tolerance": str(metrics.bank_match_tolerance),
        "loss_rates": [str(rate) for rate in metrics.loss_rates],
        "pue_without_cash_source": metrics.pue_without_cash_source,
        "sat_enabled": settings.sat.enabled,
        "ladder_days": settings.reminders.ladder_days,
        "escalation_days": settings.reminders.escalation_days,
        "reported_payment_hold_days": settings.reminders.reported_payment_hold_days,
    }


def build(paths: HomePaths, settings: Settings, as_of: Any, reporter: Reporter) -> Built:
    """Rebuild everything from raw and test it. Raises WarehouseError where a model cannot be built."""
    reporter.step("Construyendo la cartera")
    project = parsed_project(paths)
    models = build_models(paths, settings, as_of, reporter, project)
    reporter.step("Probando la cartera")
    tests = _results(paths, ["test", *WITHOUT_UNIT_TESTS, *variables(settings, as_of)], reporter, project)
    return Built([_as_check(result) for result in tests], [(r.node.schema, r.node.alias) for r in models])


def build_models(
    paths: HomePaths, settings: Settings, as_of: Any, reporter: Reporter, project: Any = None
) -> list[Any]:
    """Rebuild every table from raw, without tests; dbt's results in the order they were built."""
    answers.into_raw(paths)
    forecasts.into_raw(paths)
    seal_records.into_raw(paths)
    for leftover in (paths.marts_file, paths.marts_file.with_name(paths.marts_file.name + ".wal")):
        leftover.unlink(missing_ok=True)
    return _results(paths, ["build", *WITHOUT_TESTS, *variables(settings, as_of)], reporter, project)


def variables(settings: Settings, as_of: Any) -> list[str]:
    """The variables as dbt's command takes them."""
    return ["--vars", json.dumps(dbt_vars(settings, as_of))]


def _results(paths: HomePaths, arguments: list[str], reporter: Reporter, manifest: Any) -> list[Any]:
    """Run a dbt command; a model that cannot be built is an error of the run."""

    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished":
            reporter.advance()

    # results come back in memory: nobody reads dbt's own JSON files of a run
    outcome = invoke(paths, [*arguments, "--no-write-json"], on_event, manifest)
    if isinstance(outcome.exception, OSError):
        raise outcome.exception
    if outcome.result is None:
        detail = _clean(str(outcome.exception))
        raise WarehouseError(f"dbt no pudo empezar ({detail})", str(PROJECT), "Corre: cartera doctor")
    results = list(outcome.result.results)
    for result in results:
        if result.node.resource_type != "test" and str(result.status) not in {"success", "skipped"}:
            raise WarehouseError(
                f"no se pudo construir ({_clean(result.message or '')})",
                result.node.name,
                "Corre otra vez; si se repite, repórtalo con este texto",
            )
    return results


def _as_check(result: Any) -> Check:
    failed, warned = str(result.status) in {"fail", "error", "runtime error"}, str(result.status) == "warn"
    return Check(
        "dbt",
        result.node.name,
        _subject(result.node),
        "failed" if failed else "warned" if warned else "passed",
        "critical",
        _test_message(result.node, result) if failed or warned else "",
        str(result.failures or 0),
    )


def invoke(
    paths: HomePaths,
    arguments: list[str],
    on_event: Any = None,
    manifest: Any = None,
    target: Path | None = None,
) -> Any:
    """Run one dbt command in this process, silent, against this home; `manifest` saves parsing again."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ["CARTERA_WAREHOUSE_PATH"] = str(paths.warehouse_file)
    os.environ["CARTERA_MARTS_PATH"] = str(paths.marts_file)
    # two models run at once: each takes half of the machine
    os.environ.setdefault("CARTERA_DUCKDB_THREADS", str(max((os.cpu_count() or 2) // 2, 1)))
    common = [
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target or paths.dbt_target),
        "--log-path", str(paths.dbt_target), "--log-level", "none", "--log-level-file", "none",
    ]  # fmt: skip
    runner = dbtRunner(manifest=manifest, callbacks=[on_event] if on_event else [])
    try:
        return runner.invoke([*arguments, *common])
    finally:
        # dbt-duckdb keeps its file open; nobody else could open it with other settings
        DuckDBConnectionManager.close_all_connections()


def manifest_file(paths: HomePaths) -> Path:
    """The parsed project, for Dagster's definitions and the dictionary; parsed again where a source is newer.

    It stands with the project (`make setup` prepares it), or in the home where the project cannot be written.
    """
    folder = PROJECT / "target" if os.access(PROJECT, os.W_OK) else paths.dbt_target
    target = folder / "manifest.json"
    newest = max(
        path.stat().st_mtime
        for path in PROJECT.rglob("*")
        if path.suffix in {".sql", ".yml", ".csv"} and "target" not in path.parts
    )
    if not target.is_file() or target.stat().st_mtime < newest:
        outcome = invoke(paths, ["parse", "--no-partial-parse"], target=folder)
        if not outcome.success:
            raise WarehouseError(
                f"dbt no pudo leer el proyecto ({_clean(str(outcome.exception))})",
                str(PROJECT),
                "Reinstala Cartera",
            )
    return target


def parsed_project(paths: HomePaths) -> Any:
    """The project as dbt parsed it: models do not change with the variables, so no run parses it again.

    None where dbt's own format is not what this expects: then dbt parses for itself.
    """
    try:
        from dbt.contracts.graph.manifest import Manifest
        from dbt.parser.manifest import extended_mashumuro_decoder

        content = (manifest_file(paths).with_name("partial_parse.msgpack")).read_bytes()
        manifest = Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder)
        manifest.build_flat_graph()
    except (ImportError, OSError, ValueError, TypeError):
        return None
    return manifest


def _subject(node: Any) -> str:
    depends = [n.rsplit(".", 1)[-1] for n in node.depends_on.nodes if n.startswith(("model.", "seed."))]
    return ", ".join(sorted(depends)[:3])


def _test_message(node: Any, result: Any) -> str:
    described = (getattr(node, "description", "") or "").strip()
    return f"{described or node.name}: {result.failures or 0} casos ({_clean(result.message or '')})"


def _clean(text: str) -> str:
    return " ".join(text.split())[:300]


if __name__ == "__main__":  # `make setup`: parse once, so that no run has to
    manifest_file(resolve_home(None))
