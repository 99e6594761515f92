"""One run: what was asked, what it found, and how it ended. Shared by the CLI and Dagster.

`open_run` holds the lock for as long as the run lasts and writes its record, however it ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cartera import lastrun
from cartera.calendar import utc_now
from cartera.errors import CarteraError, GateRefused
from cartera.home import HomePaths
from cartera.progress import Reporter
from cartera.settings import Settings
from cartera.warehouse import run_lock
from data_quality.engine import CheckResult
from ingestion.intake import Intake
from ingestion.ledger import Ledger


@dataclass(frozen=True)
class Check:
    """One row of meta.checks. `status`: passed, failed or warned; `severity`: critical or warning."""

    gate: str
    check_name: str
    subject: str
    status: str
    severity: str
    message: str
    observed: str = ""

    @property
    def refuses(self) -> bool:
        """Whether it stops the publication."""
        return self.status == "failed" and self.severity == "critical"


def as_check(gate: str, found: CheckResult) -> Check:
    """A gate's result as a row of meta.checks."""
    return Check(
        gate,
        found.check_name,
        found.subject,
        found.status,
        found.severity,
        found.message,
        str(found.observed),
    )


@dataclass(frozen=True)
class Request:
    """What a person or the schedule asked for."""

    as_of: dt.date
    publish: bool = False
    accept: str = ""
    full_refresh: bool = False
    scheduled: bool = False
    settle: bool = True
    verify_seals: bool = False


@dataclass
class RunContext:
    """The state of one run."""

    paths: HomePaths
    settings: Settings
    request: Request
    reporter: Reporter
    run_id: str
    started_at: dt.datetime
    intake: Intake | None = None
    files: dict[str, int] = field(default_factory=dict)
    seals: dict[str, int] | None = None  # how many had each outcome, where seals were verified
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    status: str = "failed"
    message: str = ""
    fingerprint: str = ""
    published: Path | None = None

    def say(self, text: str) -> None:
        """Keep a note for the record and tell it now."""
        self.notes.append(text)
        self.reporter.note(text)

    @property
    def rows_loaded(self) -> int:
        """Register rows, CFDIs and rows of the SAT's files that this run brought in."""
        rows = self.intake.delivered_rows if self.intake else {}
        return sum(n for t, n in rows.items() if t == "cfdi__documents" or not t.startswith("cfdi__"))

    @property
    def rows_quarantined(self) -> int:
        """Rows and files that this run set aside."""
        return sum(self.intake.refused_rows.values()) if self.intake else 0


def new_run_id(moment: dt.datetime) -> str:
    """Sorts by time; unique within the lock."""
    return moment.strftime("%Y%m%dT%H%M%S") + f"{moment.microsecond // 1000:03d}Z"


@contextmanager
def open_run(
    paths: HomePaths, settings: Settings, request: Request, reporter: Reporter
) -> Iterator[RunContext]:
    """Hold the home for one run; record its end in the ledger and `last_run.json` whatever happens."""
    with run_lock(paths, f"cartera run --as-of {request.as_of}"):
        moment = utc_now()
        run = RunContext(paths, settings, request, reporter, new_run_id(moment), moment)
        try:
            yield run
        except GateRefused as error:
            run.status, run.message = "refused", str(error)
            raise
        except CarteraError as error:
            run.status, run.message = "failed", str(error)
            raise
        except BaseException as error:
            run.status, run.message = "failed", f"{type(error).__name__}: {error}"[:500]
            raise
        finally:
            _record(run)


def _record(run: RunContext) -> None:
    finished = utc_now()
    record: lastrun.LastRun = {
        "run_id": run.run_id,
        "status": run.status,
        "as_of": run.request.as_of.isoformat(),
        "started_at": run.started_at.isoformat(timespec="seconds") + "Z",
        "finished_at": finished.isoformat(timespec="seconds") + "Z",
        "seconds": round((finished - run.started_at).total_seconds(), 2),
        "message": run.message,
        "files_new": sum(run.files.values()),
        "files_quarantined": run.files.get("quarantined", 0),
        "files_pending": run.files.get("pending", 0),
        "rows_loaded": run.rows_loaded,
        "rows_quarantined": run.rows_quarantined,
        "fingerprint": run.fingerprint,
        "accepted_reason": run.request.accept,
        "failed_checks": [c.message for c in run.checks if c.refuses],
    }
    try:
        lastrun.write(run.paths.last_run_file, record)
        with Ledger.open(run.paths) as ledger:
            store_run(ledger, run, finished)
    except (CarteraError, OSError) as error:
        run.reporter.note(f"No se pudo guardar el registro de la corrida: {error}")


def store_run(ledger: Ledger, run: RunContext, finished: dt.datetime) -> None:
    """Put the run and its checks in the ledger (again: the row is replaced)."""
    c = ledger.connection
    c.execute("delete from runs where run_id = ?", [run.run_id])
    c.execute("delete from checks where run_id = ?", [run.run_id])
    c.execute(
        "insert into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [run.run_id, run.request.as_of, run.started_at, finished, run.status, sum(run.files.values()),
         run.rows_loaded, run.rows_quarantined, run.message, run.request.accept],
    )  # fmt: skip
    if run.checks:
        c.executemany(
            "insert into checks values (?, ?, ?, ?, ?, ?, ?, ?)",
            [[run.run_id, k.gate, k.check_name, k.subject, k.status, k.severity, k.message, k.observed]
             for k in run.checks],
        )  # fmt: skip
