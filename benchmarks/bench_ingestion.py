"""From an inbox of CFDIs to raw, ledger and archive: loose and in ZIPs, with one worker and with two.

Drops CFDIs into homes of their own and times the whole stretch (`collect` and `commit`), beside a floor measured on the
same files: opening each, reading it and taking its sha256. Then the scan with nothing new, XMLs back by their UUID,
the archive's size, the peak memory of parent and workers, and how the cost grows over three sizes.

Run: python benchmarks/bench_ingestion.py [--files N] [--sizes A B C] [--in-zip] [--zip-members M]
Whole sizes: --files 100000 --sizes 10000 100000 300000, then --files 0 --sizes 1000000 --in-zip --zip-members 100000
and the same without --in-zip (12 GB below --folder; each home is deleted after its turn).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import itertools
import math
import random
import shutil
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# Workers import this file too: like the command line's, its heavy imports wait inside functions.
from cartera.home import FOLDERS, HomePaths
from cartera.progress import Silent

A_FOLDER = 1000
MADE = 2000  # distinct documents made; the rest are these with other UUIDs, folios and seals
LOOK_UPS = 40


def make_many(count: int) -> Iterator[bytes]:
    """`count` distinct CFDIs of one mean size, made fast: the same documents with other UUID, Folio and seals."""
    from benchmarks.bench_cfdi import make_files

    templates = [_cut(data) for data in make_files(min(count, MADE))]
    rng = random.Random(11)
    for number, parts in zip(range(count), itertools.cycle(templates), strict=False):
        uuid = str(UUID(int=rng.getrandbits(128), version=4)).encode()
        seal = base64.b64encode(rng.randbytes(256))
        first, second, third, fourth, last = parts
        yield b"".join((first, b"%d" % number, second, seal, third, uuid, fourth, seal, last))


def _cut(data: bytes) -> list[bytes]:
    """A document around the values of its Folio, Sello, UUID and SelloCFD, which stand in this order."""
    parts, at = [], 0
    for name in (b' Folio="', b' Sello="', b' UUID="', b' SelloCFD="'):
        # an E names other documents before its own stamp
        found = data.rindex(name) if name == b' UUID="' else data.index(name, at)
        start = found + len(name)
        parts.append(data[at:start])
        at = data.index(b'"', start)
    return [*parts, data[at:]]


def make_home(folder: Path) -> HomePaths:
    """An empty home."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    return HomePaths(folder)


def drop_loose(paths: HomePaths, files: Iterator[bytes]) -> int:
    """A thousand XML files a folder. Returns their bytes."""
    size = 0
    for number, data in enumerate(files):
        folder = paths.inbox / f"{number // A_FOLDER:05d}"
        if number % A_FOLDER == 0:
            folder.mkdir()
        (folder / f"{number:08d}.xml").write_bytes(data)
        size += len(data)
    return size


def drop_zips(paths: HomePaths, files: Iterator[bytes], members: int) -> int:
    """The same, so many a ZIP."""
    size = 0
    for lot in itertools.count():
        chosen = list(itertools.islice(files, members))
        if not chosen:
            return size
        with zipfile.ZipFile(
            paths.inbox / f"lote_{lot:05d}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1
        ) as archive:
            for number, data in enumerate(chosen):
                archive.writestr(f"{lot:05d}{number:08d}.xml", data)
        size += sum(map(len, chosen))
    return size


@dataclass
class Taken:
    """How long one intake took, and the most memory that it held."""

    read: float
    keep: float
    memory: int

    @property
    def whole(self) -> float:
        """Seconds from the inbox to raw, ledger and archive."""
        return self.read + self.keep


def ingest(paths: HomePaths, workers: int, expected: set[str]) -> Taken:
    """Time `collect` and `commit`, watching the memory of this process and its workers."""
    from cartera.settings import Settings
    from ingestion import load

    settings = Settings.model_validate({"ingest": {"workers": workers}})
    with Memory() as memory:
        start = time.perf_counter()
        load.collect(paths, settings, Silent(), settle=False)
        read = time.perf_counter()
        counts = load.commit(paths, {}, Silent())
        end = time.perf_counter()
    assert set(counts) == expected, counts
    return Taken(read - start, end - read, memory.peak)


class Memory:
    """The most memory that this process and its children held together; five looks a second, as each costs 3 ms."""

    def __init__(self) -> None:
        self.peak = 0
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Memory:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._stop.wait(0.2):
            self.peak = max(self.peak, sum(map(_held, _family())))


def _family() -> list[str]:
    children = Path("/proc/self/task")
    found = ["self"]
    for task in children.glob("*/children"):
        found += task.read_text().split()
    return found


def _held(process: str) -> int:
    """Private memory and this process's share of what is shared (Pss): pages of libraries count once."""
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # it has just ended
    return 0


def floor(paths: HomePaths) -> float:
    """Seconds to open, read and hash every file of the inbox, once they are in the system's cache."""
    for _ in range(2):
        start = time.perf_counter()
        for path in paths.inbox.rglob("*.xml"):
            hashlib.sha256(path.read_bytes()).hexdigest()
        seconds = time.perf_counter() - start
    return seconds


def look_ups(paths: HomePaths) -> list[float]:
    """Seconds to have one XML back by its UUID, the ledger opened and closed each time; the first starts DuckDB."""
    import duckdb

    from ingestion import originals

    with duckdb.connect(str(paths.ledger_file), read_only=True) as ledger:
        uuids = ledger.execute(f"select uuid::varchar from uuids using sample {LOOK_UPS} rows").fetchall()
    seconds = []
    for (uuid,) in uuids:
        start = time.perf_counter()
        assert uuid.encode() in originals.xml_of(paths, uuid)
        seconds.append(time.perf_counter() - start)
    return seconds


def timed(work: Callable[[], object]) -> float:
    """The best of three, in seconds."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def tell(name: str, text: str) -> None:
    """One line of the report."""
    print(f"{name:<30} {text}", flush=True)


def tell_home(paths: HomePaths, size: int, first: Taken) -> None:
    """What the filled home does: nothing new, its archive, an XML by UUID."""
    from ingestion import inbox

    tell(
        "lista de la bandeja",
        f"{timed(lambda: inbox.state(paths.inbox)):8.2f} s (lo que cuesta saber que nada cambió)",
    )
    again = ingest(paths, 2, set())
    tell("otra vez, nada nuevo", f"{again.whole:8.2f} s ({again.whole / first.whole:.3f} de la primera)")
    packed = sum(path.stat().st_size for path in paths.ledger_file.parent.glob("*.pack"))
    tell("archivo histórico", f"{packed / size:8.1%} de los bytes de los XML")
    first_found, *others = look_ups(paths)
    others.sort()
    tell("un XML por UUID", f"{others[len(others) // 2] * 1e3:8.1f} ms (mediana; p95 "
         f"{others[int(len(others) * 0.95)] * 1e3:.1f} ms; el primero, que arranca DuckDB, "
         f"{first_found * 1e3:.1f} ms)")  # fmt: skip


def compare(folder: Path, count: int, members: int) -> None:
    """One size: loose with one worker and with two, and in ZIPs with two, beside the floor."""
    taken: dict[str, Taken] = {}
    least = 0.0
    for name, workers, zipped in (("sueltos, 1 lector", 1, False), ("sueltos, 2 lectores", 2, False),
                                  ("en ZIP, 2 lectores", 2, True)):  # fmt: skip
        paths = make_home(folder / name)
        files = make_many(count)
        size = drop_zips(paths, files, members) if zipped else drop_loose(paths, files)
        if not least:
            least = floor(paths)
            tell("leer y sha256 (piso)", f"{count / least:8.0f} archivos/s")
        taken[name] = ingest(paths, workers, {"loaded"})
        tell_taken(name, count, taken[name], f"; {taken[name].whole / least:.1f} veces el piso")
        if workers == 2 and not zipped:
            tell_home(paths, size, taken[name])
        shutil.rmtree(paths.home)
    one, two = taken["sueltos, 1 lector"], taken["sueltos, 2 lectores"]
    tell(
        "2 lectores / 1",
        f"{one.read / two.read:8.2f} veces al leer, {one.whole / two.whole:.2f} de punta a punta",
    )


def tell_taken(name: str, count: int, taken: Taken, more: str = "") -> None:
    """The line of one intake."""
    tell(name, f"{count / taken.whole:8.0f} archivos/s (leer {taken.read:.2f} s, guardar {taken.keep:.2f} s; memoria "
         f"máxima {taken.memory / 2**20:.0f} MB{more})")  # fmt: skip


def grow(folder: Path, sizes: list[int], zipped: bool, members: int) -> None:
    """How the cost grows: exponent of seconds over files, with two workers. 1.00 is linear."""
    seconds = []
    for count in sizes:
        paths = make_home(folder / str(count))
        files = make_many(count)
        size = drop_zips(paths, files, members) if zipped else drop_loose(paths, files)
        taken = ingest(paths, 2, {"loaded"})
        seconds.append(taken.whole)
        tell_taken(f"{count:,} {'en ZIP' if zipped else 'sueltos'}", count, taken)
        if count == sizes[-1]:
            tell_home(paths, size, taken)
        shutil.rmtree(paths.home)
    if len(sizes) > 1:
        tell("exponente del crecimiento", f"{slope(sizes, seconds):8.2f}")


def slope(sizes: list[int], seconds: list[float]) -> float:
    """Least squares over the logarithms."""
    x, y = [math.log(size) for size in sizes], [math.log(second) for second in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum(
        (a - mean_x) ** 2 for a in x
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--files", type=int, default=20_000, help="files of the comparison; 0: none")
    options.add_argument(
        "--sizes", type=int, nargs="*", default=[5_000, 15_000, 45_000], help="for the growth"
    )
    options.add_argument("--in-zip", action="store_true", help="the growth with ZIPs")
    options.add_argument("--zip-members", type=int, default=1000)
    options.add_argument("--folder", type=Path, help="where the homes are made, on a disk with room")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="cartera-bench-", dir=chosen.folder) as folder:
        if chosen.files:
            print(f"{chosen.files:,} CFDI 4.0; de la bandeja a raw, registro y archivo histórico")
            compare(Path(folder), chosen.files, chosen.zip_members)
        if chosen.sizes:
            grow(Path(folder), chosen.sizes, chosen.in_zip, chosen.zip_members)


if __name__ == "__main__":
    main()
