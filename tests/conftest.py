"""One Chromium for all tests of a session: Playwright's synchronous interface may run only once in a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import screens


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(screens.CHROMIUM).exists():
        pytest.fail(f"no browser at {screens.CHROMIUM}: install chromium or set CARTERA_CHROMIUM")
    with screens.browser() as found:
        yield found
