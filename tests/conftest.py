"""One Chromium for all tests of a session: Playwright's synchronous interface may run only once in a process.

And the order: files that take long come first, so that no worker is left alone with one of them at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import screens


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(screens.CHROMIUM).exists():
        pytest.fail(f"no browser at {screens.CHROMIUM}: install chromium or set CARTERA_CHROMIUM")
    with screens.browser() as found:
        yield found
