"""`last_run.json`: how the last run ended, published or not. Written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict


class LastRun(TypedDict, total=False):
    """The record that the freshness stamp and Calidad read. Times are ISO, UTC."""

    run_id: str
    status: str  # published | unchanged | kept (not made current) | refused | failed
    as_of: str
    started_at: str
    finished_at: str
    message: str
    files_new: int
    files_quarantined: int
    files_pending: int
    rows_loaded: int
    rows_quarantined: int
    seconds: float
    fingerprint: str
    inbox_state: str
    accepted_reason: str
    failed_checks: list[str]


def read(path: Path) -> LastRun | None:
    """The last run's record, or None where there is none or it cannot be read."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, OSError):
        return None
    return found if isinstance(found, dict) else None  # type: ignore[return-value]


def forget_fingerprint(path: Path) -> None:
    """Something outside the inbox changed: the next run has work to do."""
    record = read(path)
    if record and record.get("fingerprint"):
        write(path, {**record, "fingerprint": ""})


def write(path: Path, record: LastRun) -> None:
    """Replace the record atomically."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)
