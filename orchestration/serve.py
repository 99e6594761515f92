"""Serving: the dashboards and Dagster's web UI, on this computer only, until a signal ends them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

from cartera import settings
from cartera.errors import InputError
from cartera.home import existing_home
from orchestration.console import OUT
from orchestration.fingerprint import ROOT
from orchestration.run import prepare_environment

LOOPBACK = "127.0.0.1"


def free_port(wanted: int) -> int:
    """`wanted` if it is free, else the next free one; 0 asks the system. Raises InputError."""
    for port in [wanted] if wanted == 0 else range(wanted, wanted + 50):
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise InputError("no hay un puerto libre", f"--port {wanted}", "Prueba con --port 0")


def app(home: Path | None, port: int | None) -> int:
    """Serve the dashboards; print the URL once they answer; stop with Ctrl+C."""
    paths = existing_home(home)
    chosen = free_port(settings.load(paths.settings_file).app.port if port is None else port)
    environment = {**os.environ, "CARTERA_HOME": str(paths.home)}
    command = [
        sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboards" / "app.py"),
        "--server.address", LOOPBACK, "--server.port", str(chosen), "--server.headless", "true",
        "--browser.gatherUsageStats", "false",
    ]  # fmt: skip
    url = f"http://{LOOPBACK}:{chosen}"
    return _serve(command, environment, ROOT / "dashboards", f"{url}/_stcore/health",
                  f"Tableros en {url}  (Ctrl+C para terminar)")  # fmt: skip


def dagster(home: Path | None, port: int) -> int:
    """Serve Dagster: web UI, schedule and sensor, on loopback."""
    paths = existing_home(home)
    settings.load(paths.settings_file)
    prepare_environment(paths)
    chosen = free_port(port)
    command = [
        sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions", "-h", LOOPBACK, "-p", str(chosen),
    ]  # fmt: skip
    url = f"http://{LOOPBACK}:{chosen}"
    return _serve(command, {**os.environ, "PYTHONWARNINGS": "ignore"}, ROOT, f"{url}/server_info",
                  f"Dagster en {url}  (Ctrl+C para terminar)")  # fmt: skip


def page(content: bytes, port: int, words: str, *, browser: bool) -> int:
    """Serve one page of HTML; print its URL, open it where there is a browser; stop with Ctrl+C."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Requests are no news."""

    server = ThreadingHTTPServer((LOOPBACK, free_port(port)), Handler)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    url = f"http://{LOOPBACK}:{server.server_port}"
    OUT.print(f"{words} en {url}  (Ctrl+C para terminar)", markup=False)
    sys.stdout.flush()
    try:
        if browser:
            webbrowser.open(url)
        server.serve_forever(poll_interval=0.2)
    finally:
        server.server_close()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _serve(command: list[str], environment: dict[str, str], folder: Path, health: str, ready: str) -> int:
    started: list[subprocess.Popen[bytes]] = []

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for process in started:
            process.terminate()

    # before the start: a child keeps ignoring what its parent ignores (SIGINT, where a script put us in the
    # background), and Dagster then ignores SIGTERM too
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    process = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603
    started.append(process)
    try:
        announced = False
        while process.poll() is None:
            if not announced and _answers(health):
                OUT.print(ready, markup=False)
                sys.stdout.flush()
                announced = True
            time.sleep(0.3)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if announced else 1


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - loopback
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
