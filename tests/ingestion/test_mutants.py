"""Mutated files by the hundred: loaded + set aside = delivered, no crash, each under 5 seconds and 300 MB.

`make soak` reads ten times as many (CARTERA_FUZZ_CFDIS and CARTERA_FUZZ_FILES say how many).
"""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path

import pytest

from tests.home_kit import ingest, laws, make_home, put
from tests.ingestion.cfdi_kit import cfdi
from tests.ingestion.limited import costs
from tests.ingestion.tables_kit import INVOICE
from tests.ingestion.test_archives import make_zip
from tests.ingestion.test_cfdi_fuzz import SEEDS, mutated
from tests.ingestion.test_tables_fuzz import sample

pytestmark = pytest.mark.slow

CFDIS = int(os.environ.get("CARTERA_FUZZ_CFDIS", "1000"))
FILES = int(os.environ.get("CARTERA_FUZZ_FILES", "300"))
KINDS = ("csv", "utf-16", "xlsx", "parquet", "zip")


@cache
def mutants() -> dict[str, bytes]:
    """Name -> bytes; the same ones at every run."""
    chance = random.Random(20260630)
    found = {f"cfdi/{n}.xml": mutated(chance.choice(SEEDS), chance) for n in range(CFDIS)}
    row = f"{INVOICE}\n1,C,MXN,5,2026-01-31\n".encode()
    whole = {kind: sample(kind) for kind in KINDS if kind != "zip"}
    whole["zip"] = make_zip(
        ("a.xml", cfdi().encode()), ("b/t.csv", row), ("c/", b""), ("d.xlsx", whole["xlsx"])
    )
    for n in range(FILES):
        kind = KINDS[n % len(KINDS)]
        suffix = "csv" if kind == "utf-16" else kind
        found[f"{kind}/{n}.{suffix}"] = mutated(whole[kind], chance)
    return found


def test_each_mutant_is_read_within_its_limits(tmp_path: Path) -> None:
    files = list(mutants().items())
    found = dict(zip(mutants(), costs(files, tmp_path), strict=True))
    assert {name: c for name, c in found.items() if c.delivered != c.loaded + c.refused} == {}
    assert {name: c.seconds for name, c in found.items() if c.seconds >= 5} == {}
    assert max(c.peak_mb for c in found.values()) < 300
    whole = sum(1 for c in found.values() if c.loaded)
    assert 0 < whole < len(found)  # the mutations break many and leave some whole


def test_an_inbox_of_mutants_keeps_the_laws(tmp_path: Path) -> None:
    paths = make_home(tmp_path / "home")
    put(paths, mutants())
    counts = ingest(paths)
    assert set(counts) == {"loaded", "quarantined", "duplicate"} or set(counts) == {"loaded", "quarantined"}
    laws(paths, mutants())
