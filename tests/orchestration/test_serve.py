"""Serving ends when told to, and takes its children along, however it was started."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHILD = "import time; time.sleep(60)"


def test_a_server_started_in_the_background_stops_on_sigterm():
    """A script's `&` makes SIGINT ignored, and a child would keep that and, as Dagster does, ignore SIGTERM too."""
    code = (
        "import sys, pathlib; from orchestration import serve; "
        f"serve._serve([sys.executable, '-c', {CHILD!r}], dict(__import__('os').environ), pathlib.Path('.'), "
        "'http://127.0.0.1:9/none', 'nunca')"
    )
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", code]
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        child = 0
        for _ in range(100):
            time.sleep(0.1)
            found = Path(f"/proc/{server.pid}/task/{server.pid}/children")
            child = int((found.read_text().split() or ["0"])[0]) if found.exists() else 0
            if child:
                break
        if child:
            ignored = next(
                line
                for line in Path(f"/proc/{child}/status").read_text().splitlines()
                if line.startswith("SigIgn")
            )
            assert int(ignored.split()[1], 16) & (1 << (signal.SIGINT - 1)) == 0
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0
        if child:
            assert not Path(f"/proc/{child}").exists()
    finally:
        server.kill()
