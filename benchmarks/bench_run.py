"""The whole road on a sample of 10,000 invoices: sample, cold run, second run, and `--help`.

Floors in the same run: importing the libraries that a run cannot do without, and a bare `python -c pass`.
    python -m benchmarks.bench_run HOME
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from cartera import snapshot
from cartera.home import HomePaths

INVOICES = 10_000
IMPORTS = "import dagster, dagster_dbt, dbt.cli.main, great_expectations, duckdb, polars"


def timed(*arguments: str) -> tuple[float, str]:
    """Seconds of one command in its own process, and what it said on stderr."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CARTERA_", "DAGSTER_"))}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=True
    )
    return time.perf_counter() - start, done.stderr


def cartera(*arguments: str) -> tuple[float, str]:
    """The same for a cartera command."""
    return timed("-m", "orchestration.cli", *arguments)


def main(home: Path) -> Path:
    """Measure and print; returns the snapshot that was published."""
    print(f"== La corrida, {INVOICES:,} facturas con sus CFDI ==", flush=True)
    bare = min(timed("-c", "pass")[0] for _ in range(3))
    imports = min(timed("-c", IMPORTS)[0] for _ in range(2))
    helped = min(cartera("--help")[0] for _ in range(3))
    written, _ = cartera("sample", "--home", str(home), "--invoices", str(INVOICES))
    cold, steps = cartera("run", "--home", str(home), "--as-of", "2026-06-30")
    again = min(cartera("run", "--home", str(home), "--as-of", "2026-06-30")[0] for _ in range(3))
    lines = [
        ("cartera --help", helped, 0.5, bare, "python -c pass"),
        ("cartera sample", written, 60, None, ""),
        ("cartera run, en frío", cold, 40, imports, "importar dagster, dbt y great expectations"),
        ("cartera run, sin nada nuevo", again, 4, bare, "python -c pass"),
    ]
    for name, seconds, limit, floor, what in lines:
        ratio = f"; {seconds / floor:.1f} veces {what} ({floor:.2f} s)" if floor else ""
        print(f"{name:30} {seconds:6.2f} s (meta {limit} s){ratio}")
    print("pasos de la corrida en frío:")
    print(steps.rstrip())
    found = snapshot.current(HomePaths(home))
    if found is None:
        raise SystemExit("no se publicó")
    print(f"publicación: {found.path.stat().st_size / 1e6:.1f} MB")
    return found.path


if __name__ == "__main__":
    main(Path(sys.argv[1]))
