"""One app on one small home for all the browser tests of a session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from tests.browser import screens
from tests.dashboards.fixture_snapshot import make_home


def _published() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC).replace(tzinfo=None)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = make_home(tmp_path_factory.mktemp("browser"), published=_published())
    with screens.running_app(home.home) as found:
        yield found


@pytest.fixture(scope="session")
def hostile_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = make_home(tmp_path_factory.mktemp("hostile"), hostile=True, published=_published())
    with screens.running_app(home.home) as found:
        yield found
