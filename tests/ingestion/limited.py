"""A child process with little memory that reads files one by one, as the inbox would, and tells what each one cost.

The parent gives the files and a stall limit; the child limits its own address space once its libraries are warm.
Run as `python -m tests.ingestion.limited FILE` (a pickle of (name, bytes) pairs).
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ingestion import archives
from ingestion.cfdi.reader import read_cfdis
from ingestion.detect import detect
from tests.ingestion.cfdi_kit import DAY
from tests.ingestion.tables_kit import read as read_register

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = 300 << 20
STALL_SECONDS = 60


class Cost(NamedTuple):
    """What came of one file: what it held, what loaded, what was set aside, seconds of processor, peak MB so far."""

    delivered: int
    loaded: int
    refused: int
    seconds: float
    peak_mb: int


def read_one(name: str, data: bytes) -> tuple[int, int, int]:
    """Delivered, loaded and refused rows of a file, sent to its reader by its content."""
    kind = detect(name, data[:4096])
    if kind == "zip":
        parts = [_member(member) for member in archives.members(data)]
        return sum(p[0] for p in parts), sum(p[1] for p in parts), sum(p[2] for p in parts)
    if kind == "cfdi_xml":
        batch = read_cfdis([("0" * 16, data)], [DAY])
        return 1, batch.tables["cfdi__documents"].num_rows, len(batch.outcomes[0].refusals)
    if kind in {"table_text", "xlsx", "parquet"}:
        reading = read_register(name, data)
        return reading.rows_read, sum(t.num_rows for t in reading.tables.values()), len(reading.refusals)
    return 1, 0, 1


def _member(member: archives.Member) -> tuple[int, int, int]:
    if member.data is None:
        return 1, 0, 1
    return read_one(member.name, member.data)


def costs(files: Sequence[tuple[str, bytes]], folder: Path) -> list[Cost]:
    """Read all in the child; fails with the file at which it stalled or died."""
    given = folder / "mutants.pickle"
    given.write_bytes(pickle.dumps(list(files)))
    environment = os.environ | {
        "POLARS_MAX_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ingestion.limited", str(given)],
        cwd=ROOT, env=environment | {"PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    found: list[Cost] = []
    with process:
        assert process.stdout is not None
        watch = threading.Timer(STALL_SECONDS, process.kill)
        watch.start()
        for line in process.stdout:
            watch.cancel()
            found.append(Cost(*json.loads(line)))
            watch = threading.Timer(STALL_SECONDS, process.kill)
            watch.start()
        watch.cancel()
        said = process.stderr.read()[-2000:] if process.stderr else ""
    if len(found) != len(files):
        broken = folder / "broken"
        broken.write_bytes(files[len(found)][1])
        raise AssertionError(
            f"file {len(found)} of {len(files)} stopped the reader; kept in {broken}\n{said}"
        )
    return found


def main(given: Path) -> None:
    """Read every file of the pickle under the limits; one line of JSON each."""
    files: list[tuple[str, bytes]] = pickle.loads(given.read_bytes())
    for name, data in files[:: max(len(files) // 60, 1)]:
        read_one(name, data)  # libraries load and pools start before the limit is set
    statm = Path("/proc/self/statm")
    if statm.exists():  # elsewhere the peak is measured and not limited
        used = int(statm.read_text().split()[0]) * resource.getpagesize() + ALLOWED
        resource.setrlimit(resource.RLIMIT_AS, (used, used))
    unit = 10 if sys.platform == "linux" else 20  # kilobytes there, bytes elsewhere
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, data in files:
        start = time.process_time()
        counts = read_one(name, data)
        seconds = time.process_time() - start
        peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> unit
        sys.stdout.write(json.dumps([*counts, round(seconds, 3), peak]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
