"""The main job in this process: the same Dagster assets that the schedule runs, with progress.

Exit codes: 0 published (or nothing to do), 2 a gate refused, 1 failed.
"""

from __future__ import annotations

import errno
import logging
import os
import warnings
from dataclasses import dataclass

from cartera import lastrun, snapshot
from cartera.errors import CarteraError, GateRefused
from cartera.home import HomePaths
from cartera.progress import Reporter
from cartera.settings import Settings
from orchestration.context import Request, RunContext, open_run
from orchestration.fingerprint import nothing_to_do

PUBLISHED, FAILED, REFUSED = 0, 1, 2
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # the CLI tells in its own words


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `run` is None where there was nothing to do."""

    exit_code: int
    run: RunContext | None = None
    unchanged: snapshot.Snapshot | None = None
    error: CarteraError | None = None


def execute(paths: HomePaths, settings: Settings, request: Request, reporter: Reporter) -> Outcome:
    """Decide whether there is anything to do, and do it. Raises CarteraError only for the home's faults."""
    asked_more = request.publish or request.accept or request.full_refresh or request.verify_seals
    if not asked_more and (found := nothing_to_do(paths, settings, request.as_of)):
        return Outcome(PUBLISHED, unchanged=found)
    try:
        with open_run(paths, settings, request, reporter) as run:
            _materialize(run)
    except GateRefused as error:
        return Outcome(REFUSED, run, error=error)
    return Outcome(PUBLISHED, run)


def last_record(paths: HomePaths) -> lastrun.LastRun | None:
    """How the last run ended."""
    return lastrun.read(paths.last_run_file)


def _materialize(run: RunContext) -> None:
    """Run Dagster's job here. The step that failed raises its own error."""
    run.reporter.step("Preparando")
    prepare_environment(run.paths)
    import dagster as dg

    from orchestration.definitions import defs

    job = defs().get_job_def("cartera_run")
    with dg.DagsterInstance.get() as instance:
        try:
            job.execute_in_process(
                instance=instance, resources={"run": run}, raise_on_error=True, run_config=QUIET
            )
        except CarteraError:
            raise
        except Exception as error:
            found = _cause(error)
            if found is not None:
                raise found from error
            raise


def _cause(error: BaseException | None) -> CarteraError | OSError | None:
    """Our own error, or the system's, behind what Dagster raised; chains may be circular."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, CarteraError | OSError):
            return error
        if "disk is full" in str(error) or "No space left" in str(error):  # SQLite's and DuckDB's words
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def prepare_environment(paths: HomePaths) -> None:
    """Point Dagster and dbt at this home, silent."""
    os.environ["CARTERA_HOME"] = str(paths.home)
    os.environ["DAGSTER_HOME"] = str(paths.dagster)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    paths.dagster.mkdir(parents=True, exist_ok=True)
    config = paths.dagster / "dagster.yaml"
    if not config.is_file():
        config.write_text(DAGSTER_YAML, encoding="utf-8")
    warnings.filterwarnings("ignore", module=r"dagster.*")


DAGSTER_YAML = """telemetry:
  enabled: false
python_logs:
  python_log_level: WARNING
concurrency:
  runs:
    max_concurrent_runs: 1
"""
