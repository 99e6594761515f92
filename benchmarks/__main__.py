"""`make bench`: every figure of speed, each beside a floor or a peer measured in the same run.

Machines are noisy: read the ratios, not the seconds. Nothing here passes or fails.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import bench_run

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Run the benchmarks one after the other, on one sample of 10,000 invoices."""
    with tempfile.TemporaryDirectory(prefix="cartera-bench-") as folder:
        snapshot = bench_run.main(Path(folder) / "home")
        print("\n== Consultas de las páginas ==", flush=True)
        subprocess.run([sys.executable, str(HERE / "bench_app.py"), str(snapshot)], check=True)
    print("\n== Lectura de CFDI ==", flush=True)
    subprocess.run([sys.executable, str(HERE / "bench_cfdi.py"), "--files", "4000"], check=True)
    print("\n== De la bandeja a raw ==", flush=True)
    subprocess.run([sys.executable, str(HERE / "bench_ingestion.py")], check=True)
    print("\n== De raw a los marts ==", flush=True)
    subprocess.run([sys.executable, "-m", "benchmarks.bench_marts"], check=True)


if __name__ == "__main__":
    main()
