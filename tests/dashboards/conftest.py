"""Homes with small published snapshots, made once a session; and the app in the test runner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from cartera import snapshot
from cartera.home import HomePaths
from tests.dashboards.fixture_snapshot import make_home

ROOT = Path(__file__).resolve().parents[2]


def _now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC).replace(tzinfo=None)


@pytest.fixture(scope="session")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> HomePaths:
    return make_home(tmp_path_factory.mktemp("full"), published=_now())


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> HomePaths:
    return make_home(tmp_path_factory.mktemp("empty"), empty=True, published=_now())


@pytest.fixture(scope="session")
def hostile_home(tmp_path_factory: pytest.TempPathFactory) -> HomePaths:
    return make_home(tmp_path_factory.mktemp("hostile"), hostile=True, published=_now())


@pytest.fixture
def full(full_home: HomePaths) -> Iterator[duckdb.DuckDBPyConnection]:
    found = snapshot.current(full_home)
    assert found is not None
    connection = snapshot.open_readonly(found.path)
    yield connection
    connection.close()


@pytest.fixture
def empty(empty_home: HomePaths) -> Iterator[duckdb.DuckDBPyConnection]:
    found = snapshot.current(empty_home)
    assert found is not None
    connection = snapshot.open_readonly(found.path)
    yield connection
    connection.close()


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Run one page of the app on a home, with a query; give back the tree of what is on screen."""

    def run(home: HomePaths, page: str, **query: str) -> AppTest:
        monkeypatch.setenv("CARTERA_HOME", str(home.home))
        st.cache_data.clear()
        test = AppTest.from_file(str(ROOT / "dashboards" / "app.py"), default_timeout=60)
        for key, value in query.items():
            test.query_params[key] = value
        # pages are functions here: the runner knows them by the hash of their address
        test._page_hash = calc_hash(page)
        test.run()
        return test

    return run
