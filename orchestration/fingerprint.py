"""Whether a run would change anything: decided from names, times and hashes, before any heavy import."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

from cartera import lastrun, snapshot
from cartera.home import HomePaths
from cartera.settings import Settings
from ingestion import inbox
from ingestion.sat import answers

ROOT = Path(__file__).resolve().parents[1]
CODE_FOLDERS = ("cartera", "ingestion", "data_quality", "dbt_project", "orchestration")
CODE_ENDINGS = {".py", ".sql", ".yml", ".csv", ".toml"}
DONE = ("published", "kept", "unchanged")


def code_version() -> str:
    """A hash of the code that makes the figures: another version builds again."""
    digest = hashlib.sha256()
    for folder in CODE_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in CODE_ENDINGS and not {"target", "__pycache__", "logs"} & set(path.parts):
                digest.update(path.relative_to(ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def request_key(paths: HomePaths, settings: Settings, as_of: dt.date, inbox_state: str) -> str:
    """Everything that decides the figures: inbox, mappings, parameters, day, code and answers of the SAT."""
    digest = hashlib.sha256()
    parameters = settings.model_dump_json(include={"company", "metrics", "reminders", "sat"})
    for part in (inbox_state, parameters, as_of.isoformat(), code_version(), answers.high_water(paths)):
        digest.update(part.encode() + b"\0")
    for mapping in sorted(paths.mappings.glob("*.y*ml")):
        digest.update(mapping.name.encode() + mapping.read_bytes())
    return digest.hexdigest()


def nothing_to_do(paths: HomePaths, settings: Settings, as_of: dt.date) -> snapshot.Snapshot | None:
    """The current snapshot, if a run for `as_of` would only make it again; else None."""
    last = lastrun.read(paths.last_run_file)
    if last is None or last.get("status") not in DONE or not last.get("fingerprint"):
        return None
    state = inbox.state(paths.inbox)
    if request_key(paths, settings, as_of, state) != last["fingerprint"]:
        return None
    found = snapshot.current(paths)
    return found if found and found.fingerprint == last["fingerprint"] else None
