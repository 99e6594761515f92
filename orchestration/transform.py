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
from cartera.home import HomePaths
from cartera.progress import Reporter
from cartera.settings import Settings
from orchestration.context import Check
from orchestration.fingerprint import ROOT

PROJECT = ROOT / "dbt_project"
os.environ.setdefault("DO_NOT_TRACK", "1")
_parsed: dict[str, Any] = {}  # what this process has just parsed, by its variables


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
        "on_time_grace_days": metrics.on_time_grace_days,
        "promise_grace_days": metrics.promise_grace_days,
        "reminder_response_window_days": metrics.reminder_response_window_days,
        "conversion_window_days": metrics.conversion_window_days,
        "reminder_programme_start": str(metrics.reminder_programme_start or ""),
        "on_time_payer_min_share": str(metrics.on_time_payer_min_share),
        "rep_deadline_day": metrics.rep_deadline_day,
        "late_application_days": metrics.late_application_days,
        "bank_match_days": metrics.bank_match_days,
        "bank_match_tolerance": str(metrics.bank_match_tolerance),
        "loss_rates": [str(rate) for rate in metrics.loss_rates],
        "pue_without_cash_source": metrics.pue_without_cash_source,
        "sat_enabled": settings.sat.enabled,
    }


def build(paths: HomePaths, settings: Settings, as_of: Any, reporter: Reporter) -> Built:
    """Rebuild everything from raw. Raises WarehouseError where a model cannot be built."""
    reporter.step("Construyendo la cartera")
    for leftover in (paths.marts_file, paths.marts_file.with_name(paths.marts_file.name + ".wal")):
        leftover.unlink(missing_ok=True)

    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished":
            reporter.advance()

    variables = json.dumps(dbt_vars(settings, as_of))
    outcome = invoke(paths, ["build", "--vars", variables], on_event, _parsed.pop(variables, None))
    if outcome.result is None:
        detail = _clean(str(outcome.exception))
        raise WarehouseError(f"dbt no pudo empezar ({detail})", str(PROJECT), "Corre: cartera doctor")
    checks: list[Check] = []
    models: list[tuple[str, str]] = []
    for result in outcome.result.results:
        node = result.node
        status = str(result.status)
        if node.resource_type in {"model", "seed", "snapshot"}:
            if status in {"error", "fail"}:
                raise WarehouseError(
                    f"no se pudo construir ({_clean(result.message or '')})",
                    node.name,
                    "Avísanos con este texto",
                )
            models.append((node.schema, node.name))
        elif status != "skipped":
            failed = status in {"fail", "error", "runtime error"}
            checks.append(
                Check(
                    "dbt",
                    node.name,
                    _subject(node),
                    "failed" if failed else "warned" if status == "warn" else "passed",
                    "critical",
                    _test_message(node, result) if failed or status == "warn" else "",
                    str(result.failures or 0),
                )
            )
    return Built(checks, models)


def invoke(paths: HomePaths, arguments: list[str], on_event: Any = None, manifest: Any = None) -> Any:
    """Run one dbt command in this process, silent, against this home; `manifest` saves parsing again."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ["CARTERA_WAREHOUSE_PATH"] = str(paths.warehouse_file)
    os.environ["CARTERA_MARTS_PATH"] = str(paths.marts_file)
    common = [
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(paths.dbt_target),
        "--log-path", str(paths.dbt_target), "--log-level", "none", "--log-level-file", "none",
    ]  # fmt: skip
    runner = dbtRunner(manifest=manifest, callbacks=[on_event] if on_event else [])
    try:
        return runner.invoke([*arguments, *common])
    finally:
        # dbt-duckdb keeps its file open; nobody else could open it with other settings
        DuckDBConnectionManager.close_all_connections()


def ensure_manifest(paths: HomePaths, settings: Settings, as_of: Any) -> Path:
    """The manifest that Dagster's definitions are built from; parsed where it is missing or older."""
    target = paths.dbt_target / "manifest.json"
    newest = max(
        path.stat().st_mtime for path in PROJECT.rglob("*") if path.suffix in {".sql", ".yml", ".csv"}
    )
    if not target.is_file() or target.stat().st_mtime < newest:
        variables = json.dumps(dbt_vars(settings, as_of))
        outcome = invoke(paths, ["parse", "--vars", variables])
        if not outcome.success:
            raise WarehouseError(
                f"dbt no pudo leer el proyecto ({_clean(str(outcome.exception))})",
                str(PROJECT),
                "Reinstala Cartera",
            )
        _parsed[variables] = outcome.result
    return target


def _subject(node: Any) -> str:
    depends = [n.rsplit(".", 1)[-1] for n in node.depends_on.nodes if n.startswith(("model.", "seed."))]
    return ", ".join(sorted(depends)[:3])


def _test_message(node: Any, result: Any) -> str:
    described = (getattr(node, "description", "") or "").strip()
    return f"{described or node.name}: {result.failures or 0} casos ({_clean(result.message or '')})"


def _clean(text: str) -> str:
    return " ".join(text.split())[:300]
