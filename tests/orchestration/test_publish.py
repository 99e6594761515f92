"""A refused run leaves the last snapshot serving and says why; accepting is once, and recorded."""

from __future__ import annotations

import json
import os
from pathlib import Path

import duckdb
import pytest

from cartera import lastrun, snapshot
from cartera.home import HomePaths
from orchestration.cli_home import make_home
from tests.documents import invoice
from tests.end_to_end.conftest import cartera
from tests.ingestion.test_load import OLD

pytestmark = pytest.mark.slow


def put(paths: HomePaths, name: str, data: bytes) -> None:
    path = paths.inbox / name
    path.write_bytes(data)
    os.utime(path, (OLD, OLD))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    paths = HomePaths(tmp_path_factory.mktemp("publish") / "home")
    make_home(paths)
    for number in range(1, 11):
        put(paths, f"{number}.xml", invoice(number))
    cartera("run", "--as-of", "2026-06-30", home=paths.home)
    return paths.home


def test_a_past_day_is_kept_without_replacing_the_current(home):
    paths = HomePaths(home)
    current = snapshot.current(paths)
    done = cartera("run", "--as-of", "2026-05-31", home=home)
    assert "sin ponerla al frente" in done.stderr
    assert snapshot.current(paths) == current
    with duckdb.connect(str(paths.ledger_file), read_only=True) as c:
        kept = c.execute("select distinct as_of::varchar from published_forecasts").fetchall()
    assert kept == [("2026-06-30",)], "what nobody saw in its time is no published forecast"
    past = next(s for s in snapshot.list_all(paths) if s.as_of.isoformat() == "2026-05-31")
    done = cartera("snapshots", "use", past.run_id, home=home)
    assert snapshot.current(paths).run_id == past.run_id
    cartera("snapshots", "use", current.run_id, home=home)


def test_a_refused_run_leaves_the_last_one_and_can_be_accepted_once(home):
    """Most of the history vanishes: own RFC set to another company's, so nothing is ours any more."""
    paths = HomePaths(home)
    current = snapshot.current(paths)
    settings = paths.settings_file.read_text(encoding="utf-8")
    paths.settings_file.write_text(
        settings.replace("# rfcs = []", 'rfcs = ["AAA010101AAA"]'), encoding="utf-8"
    )
    try:
        done = cartera("run", "--as-of", "2026-06-30", home=home, check=False)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "no se publicó" in done.stderr
        assert "--accept" in done.stderr
        assert snapshot.current(paths) == current
        last = lastrun.read(paths.last_run_file)
        assert last["status"] == "refused"
        assert last["failed_checks"]
        again = cartera("run", "--as-of", "2026-06-30", home=home, check=False)
        assert again.returncode == 2, "a refused run is never taken for done"
        cartera("run", "--as-of", "2026-06-30", "--accept", "cambió la razón social", home=home)
        assert snapshot.current(paths).run_id > current.run_id
        rows = json.loads(
            cartera(
                "query",
                "select status, accepted_reason from meta.runs order by run_id desc limit 2",
                "--format",
                "json",
                home=home,
            ).stdout
        )
        assert rows[0] == {"status": "published", "accepted_reason": "cambió la razón social"}
        assert rows[1]["status"] == "refused"
    finally:
        paths.settings_file.write_text(settings, encoding="utf-8")
