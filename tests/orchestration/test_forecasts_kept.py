"""A published forecast is kept in the ledger: it survives a rebuild, and is no reason to run again."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from cartera import snapshot
from cartera.home import HomePaths
from orchestration.cli_home import make_home
from tests.documents import invoice
from tests.end_to_end.conftest import cartera
from tests.orchestration.test_publish import put

pytestmark = pytest.mark.slow


def forecast(paths: HomePaths) -> list[tuple[object, ...]]:
    found = snapshot.current(paths)
    assert found is not None
    with snapshot.open_readonly(found.path) as c:
        return c.execute(
            "select week_start, expected_mxn from marts.cash_forecast "
            "where as_of = (select as_of from meta.snapshot) order by 1"
        ).fetchall()


def kept(paths: HomePaths) -> list[tuple[object, ...]]:
    with duckdb.connect(str(paths.ledger_file), read_only=True) as c:
        return c.execute(
            "select as_of::varchar, count(distinct run_id), count(*) from published_forecasts group by 1 order by 1"
        ).fetchall()


def test_a_published_forecast_outlives_the_warehouse(tmp_path: Path) -> None:
    paths = HomePaths(tmp_path / "home")
    make_home(paths)
    for number in range(1, 11):
        put(paths, f"{number}.xml", invoice(number))
    cartera("run", "--as-of", "2026-05-20", home=paths.home)
    assert kept(paths) == [("2026-05-20", 1, 16)], "13 weeks, later, without a date, held"
    again = cartera("run", "--as-of", "2026-05-20", home=paths.home)
    assert "Nada nuevo" in again.stdout, again.stdout
    expected = forecast(paths)
    shutil.rmtree(paths.warehouse_file.parent)
    paths.warehouse_file.parent.mkdir()
    cartera("run", "--as-of", "2026-06-30", "--full-refresh", home=paths.home)
    found = snapshot.current(paths)
    assert found is not None
    with snapshot.open_readonly(found.path) as c:
        rows = c.execute(
            "select week_start, expected_mxn from marts.forecast_accuracy where is_published order by 1"
        ).fetchall()
    assert rows == expected
