"""The session's snapshot: one id pinned per session, one read-only connection per file, answers cached by it.

Views ask through `ask`; nothing else opens a database in the app. Without a snapshot there is no page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import streamlit as st

from cartera import lastrun, snapshot
from cartera.calendar import MEXICO_CITY
from cartera.home import HomePaths, resolve_home
from cartera.snapshot import Snapshot

Answer = TypeVar("Answer")
STALE_AFTER = dt.timedelta(hours=36)
_PINNED = "publicacion"


@dataclass(frozen=True)
class Freshness:
    """When the figures were published and whether to worry, in words."""

    published: str
    warning: str = ""


def paths() -> HomePaths:
    """The home of this app (CARTERA_HOME)."""
    return resolve_home(None)


def pinned() -> Snapshot | None:
    """The snapshot of this session: chosen once, kept until the person asks for newer figures."""
    found: Snapshot | None = st.session_state.get(_PINNED)
    if found is None or not found.path.is_file():
        found = snapshot.current(paths())
        st.session_state[_PINNED] = found
    return found


def newer_exists(mine: Snapshot) -> bool:
    """Whether another snapshot is current now."""
    named = snapshot.current_path(paths())
    return named is not None and named != mine.path


def unpin() -> None:
    """Take the current snapshot from the next rerun on."""
    st.session_state.pop(_PINNED, None)


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    connection.close()


@st.cache_resource(max_entries=2, on_release=_close, show_spinner=False)
def connection_to(file: str) -> duckdb.DuckDBPyConnection:
    """The shared read-only connection to one snapshot file; queries take a cursor of it."""
    return snapshot.open_readonly(Path(file))


@st.cache_data(max_entries=512, show_spinner=False)
def _answer(file: str, question: str, _call: Callable[[], Any]) -> Any:
    del file, question  # they are the cache's key
    return _call()


def ask(question: Callable[..., Answer], *args: Any, **kwargs: Any) -> Answer:
    """A query's answer for this session's snapshot, cached by snapshot and arguments."""
    mine = pinned()
    if mine is None:
        raise RuntimeError("no snapshot")
    file = str(mine.path)
    name = f"{question.__module__}.{question.__qualname__}{args!r}{sorted(kwargs.items())!r}"
    answer: Answer = _answer(file, name, lambda: question(connection_to(file), *args, **kwargs))
    return answer


def freshness(mine: Snapshot, now: dt.datetime) -> Freshness:
    """How old the figures are at `now` (aware), and the reason to worry, if any."""
    moment = mine.published_at.replace(tzinfo=dt.UTC).astimezone(MEXICO_CITY)
    today = now.astimezone(MEXICO_CITY).date()
    gap = (today - moment.date()).days
    day = {0: "hoy", 1: "ayer"}.get(gap) or f"el {moment:%d/%m/%Y}"
    published = f"publicado {day} {moment:%H:%M}"
    last = lastrun.read(paths().last_run_file) or {}
    if last.get("status") in {"refused", "failed"} and last.get("run_id") != mine.run_id:
        verb = "no se publicó" if last["status"] == "refused" else "falló"
        reason = (last.get("message") or "").strip().rstrip(".")
        return Freshness(published, f"La última actualización {verb}{': ' + reason if reason else ''}")
    if now - moment > STALE_AFTER:
        hours = int((now - moment).total_seconds() // 3600)
        age = f"{hours} horas" if hours < 72 else f"{hours // 24} días"
        return Freshness(published, f"Las cifras tienen {age}: falta una actualización")
    return Freshness(published)
