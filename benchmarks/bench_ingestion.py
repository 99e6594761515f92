"""From an inbox of CFDIs to raw, ledger and archive: loose and in ZIPs, with one worker and with two.

Makes the CFDIs of bench_cfdi, drops them into homes of their own and times the whole stretch (`collect` and
`commit`), beside a floor measured on the same files: opening each, reading it and taking its sha256. Then the second
scan with nothing new, and one XML back by its UUID.

Run: python benchmarks/bench_ingestion.py [--files N]
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.bench_cfdi import make_files
from cartera.home import FOLDERS, HomePaths
from cartera.progress import Silent
from cartera.settings import Settings
from ingestion import load, originals

A_FOLDER, A_ZIP = 1000, 1000
LOOK_UPS = 25


def make_home(folder: Path) -> HomePaths:
    """An empty home."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    return HomePaths(folder)


def drop_loose(paths: HomePaths, files: list[bytes]) -> None:
    """A thousand XML files a folder."""
    for number, data in enumerate(files):
        folder = paths.inbox / f"{number // A_FOLDER:04d}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number:07d}.xml").write_bytes(data)


def drop_zips(paths: HomePaths, files: list[bytes]) -> None:
    """The same, a thousand a ZIP."""
    for start in range(0, len(files), A_ZIP):
        with zipfile.ZipFile(paths.inbox / f"lote_{start:07d}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for number, data in enumerate(files[start : start + A_ZIP], start):
                archive.writestr(f"{number:07d}.xml", data)


def ingest(paths: HomePaths, workers: int) -> tuple[float, float]:
    """Seconds of `collect` and of `commit`."""
    settings = Settings.model_validate({"ingest": {"workers": workers}})
    start = time.perf_counter()
    load.collect(paths, settings, Silent(), settle=False)
    read = time.perf_counter()
    counts = load.commit(paths, {}, Silent())
    assert set(counts) <= {"loaded"}, counts
    return read - start, time.perf_counter() - read


def floor(paths: HomePaths) -> float:
    """Seconds to open, read and hash every file of the inbox, once they are in the system's cache."""
    for _ in range(2):
        start = time.perf_counter()
        for path in paths.inbox.rglob("*.xml"):
            hashlib.sha256(path.read_bytes()).hexdigest()
        seconds = time.perf_counter() - start
    return seconds


def look_ups(paths: HomePaths) -> Iterator[float]:
    """Seconds to have one XML back by its UUID, connection and all."""
    with duckdb.connect(str(paths.ledger_file), read_only=True) as ledger:
        uuids = ledger.execute(f"select uuid from uuids using sample {LOOK_UPS} rows").fetchall()
    for (uuid,) in uuids:
        start = time.perf_counter()
        assert originals.xml_of(paths, uuid)
        yield time.perf_counter() - start


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--files", type=int, default=20_000)
    count = options.parse_args().files
    files = make_files(count)
    size = sum(map(len, files))
    print(f"{count} CFDI 4.0, {size / 1e6:.0f} MB; de la bandeja a raw, registro y archivo histórico")
    totals: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="cartera-bench-") as folder:
        for name, drop, workers in (
            ("sueltos, 1 lector", drop_loose, 1),
            ("sueltos, 2 lectores", drop_loose, 2),
            ("en ZIP, 2 lectores", drop_zips, 2),
        ):
            paths = make_home(Path(folder) / name)
            drop(paths, files)
            if not totals:
                totals["leer y sha256"] = floor(paths)
                print(f"{'leer y sha256 (piso)':<22} {count / totals['leer y sha256']:8.0f} archivos/s")
            read, kept = ingest(paths, workers)
            totals[name] = read + kept
            print(
                f"{name:<22} {count / totals[name]:8.0f} archivos/s   (leer {read:.2f} s, guardar {kept:.2f} s; "
                f"{totals[name] / totals['leer y sha256']:.1f} veces el piso)"
            )
            if workers == 1:
                again, nothing = ingest(paths, 1)
                packed = sum(path.stat().st_size for path in paths.ledger_file.parent.glob("*.pack"))
                found = list(look_ups(paths))
                print(f"{'otra vez, nada nuevo':<22} {again + nothing:8.2f} s "
                      f"({(again + nothing) / totals[name]:.3f} de la primera)")  # fmt: skip
                print(f"{'archivo histórico':<22} {size / packed:8.1f} veces más chico que los XML")
                print(
                    f"{'un XML por UUID':<22} {statistics.median(found) * 1e3:8.1f} ms (mediana de {len(found)})"
                )
    print(
        f"2 lectores / 1         {totals['sueltos, 1 lector'] / totals['sueltos, 2 lectores']:8.2f} veces más rápido"
    )


if __name__ == "__main__":
    main()
