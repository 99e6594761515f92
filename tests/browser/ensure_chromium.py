"""A Chromium for the browser tests: the one found, else Debian's package as root, else Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find_chromium() -> str | None:
    """The path of a browser: CARTERA_CHROMIUM, the PATH, a Mac's Chrome, or Playwright's own."""
    named = os.environ.get("CARTERA_CHROMIUM")
    if named and Path(named).is_file():
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if MAC.is_file():
        return str(MAC)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return str(own) if own.is_file() else None


def main() -> int:
    """Install one if there is none; say how if that fails."""
    if find_chromium():
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=False
        )
    if not find_chromium():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if find_chromium():
        return 0
    sys.stderr.write("No Chromium found: install it, or set CARTERA_CHROMIUM to its path.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
