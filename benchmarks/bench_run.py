"""The whole road on a sample of 10,000 invoices: sample, cold run, second run, and `--help`.

Floors in the same run: importing the libraries that a run cannot do without, and a bare `python -c pass`.
With `--known`, instead: a whole run that finds 10,000 invoices more beside as many as it says.
    python -m benchmarks.bench_run HOME [--known 1000000]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.marts_data import A_TILE, empty_home, make_base, make_raw
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


def beside(home: Path, known: int) -> None:
    """Raw tables of `known` invoices, 10,000 more in the inbox, and one run over all of them."""
    base = make_base(home.with_name(home.name + "-base"))
    paths = empty_home(home)
    make_raw(base, paths, known // A_TILE, first=1)
    shutil.copytree(base.inbox, paths.inbox, dirs_exist_ok=True)
    shutil.rmtree(base.home)
    seconds, steps = cartera("run", "--home", str(home), "--as-of", "2026-06-30")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"{A_TILE:,} facturas más sobre {known:,}: {seconds:.0f} s, {peak:.1f} GiB")
    print(steps.rstrip())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("home", type=Path)
    parser.add_argument("--known", type=int, default=0, help="invoices that the warehouse already holds")
    chosen = parser.parse_args()
    if chosen.known:
        beside(chosen.home, chosen.known)
    else:
        main(chosen.home)
