"""A real browser on a real app: start it on a home, open pages, keep pictures, record every request.

Used by the browser tests and by hand:
    python -m tests.browser.screens HOME OUT_FOLDER [page …]
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from cartera import snapshot
from cartera.home import HomePaths
from tests.browser.ensure_chromium import find_chromium

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = find_chromium() or "chromium"
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PAGES = ("resumen", "antiguedad", "cobranza", "facturas", "cliente?id=C001", "calidad", "glosario")
LOOPBACK = {"127.0.0.1", "localhost", "::1", ""}


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_app(home: Path) -> Iterator[str]:
    """The app on that home; gives its address and ends it afterwards."""
    port = free_port()
    command = [
        sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--logger.level", "warning",
    ]  # fmt: skip
    environment = os.environ | {"CARTERA_HOME": str(home), "DO_NOT_TRACK": "1"}
    process = subprocess.Popen(command, cwd=ROOT / "dashboards", env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium without a screen and without calls home of its own."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield found
        finally:
            found.close()


def new_page(chromium: Browser, width: int, height: int = 900) -> tuple[Page, list[str]]:
    """A tab in Mexican Spanish, and the list of the hosts outside this computer that it asked for."""
    context = chromium.new_context(
        viewport={"width": width, "height": height}, locale="es-MX", timezone_id="America/Mexico_City",
        accept_downloads=True,
    )  # fmt: skip
    page = context.new_page()
    outside: list[str] = []

    def watch(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and (parts.hostname or "") not in LOOPBACK:
            outside.append(url)

    page.on("request", lambda request: watch(request.url))
    page.on("websocket", lambda socket_: watch(socket_.url))
    return page, outside


def settle(page: Page, wait: float = 1.2) -> None:
    """Until the script has run and the charts are drawn."""
    page.wait_for_selector('[data-testid="stApp"]', timeout=30_000)
    page.wait_for_selector("h1", timeout=30_000)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=60_000)
    page.wait_for_timeout(int(wait * 1000))


def screenshot_pages(
    home: Path, folder: Path, pages: Sequence[str] = PAGES, widths: Sequence[int] = (1440, 360)
) -> list[Path]:
    """A picture of each page at each width, whole length. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with running_app(home) as address, browser() as chromium:
        for width in widths:
            page, outside = new_page(chromium, width)
            for name in pages:
                page.goto(f"{address}/{name}")
                settle(page)
                file = folder / f"{name.split('?')[0]}{'-detalle' if 'factura=' in name else ''}-{width}.png"
                whole = page.evaluate("() => document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
                page.set_viewport_size({"width": width, "height": max(900, min(int(whole), 4000))})
                page.wait_for_timeout(600)
                page.screenshot(path=str(file))
                page.set_viewport_size({"width": width, "height": 900})
                made.append(file)
            if outside:
                raise RuntimeError(f"requests outside this computer: {sorted(set(outside))}")
            page.context.close()
    return made


def pages_of(home: Path) -> list[str]:
    """Every page, with a customer of that home and its most overdue invoice."""
    found = snapshot.current(HomePaths(home))
    if found is None:
        return list(PAGES)
    with snapshot.open_readonly(found.path) as connection:
        customers = connection.execute(
            "select customer_id from marts.worklist order by priority limit 1"
        ).fetchall()
        invoices = connection.execute(
            "select invoice_id from marts.fct_invoices where open_ccy > 0 order by days_past_due desc, 1 limit 1"
        ).fetchall()
    pages = [page for page in PAGES if "?" not in page]
    pages += [f"cliente?id={row[0]}" for row in customers] + [
        f"facturas?factura={row[0]}" for row in invoices
    ]
    return pages


if __name__ == "__main__":
    for picture in screenshot_pages(
        Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or pages_of(Path(sys.argv[1]))
    ):
        print(picture)  # noqa: T201
