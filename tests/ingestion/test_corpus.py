"""The whole corpus through the real collect and commit, in three orders: each item's one outcome, and the laws."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cartera.home import HomePaths
from tests.home_kit import ingest, laws, ledger, make_home, put, raw_hash
from tests.ingestion.corpus import Item, corpus

pytestmark = pytest.mark.slow

Outcome = tuple[str, str, int, tuple[str, ...]]


def outcomes(paths: HomePaths) -> dict[tuple[str, str], Outcome]:
    """What the ledger says of every file and member."""
    rows = ledger(
        paths,
        "select path, member, status, kind, rows_loaded, coalesce((select list(code order by code) from quarantine as "
        "q where q.file_id = f.file_id), []) from files as f",
    )
    return {(row[0], row[1]): (row[2], row[3], row[4], tuple(row[5])) for row in rows}


def expected(items: tuple[Item, ...]) -> dict[tuple[str, str], Outcome]:
    found: dict[tuple[str, str], Outcome] = {}
    for item in items:
        found[item.name, ""] = (item.status, item.kind, item.loaded, item.codes)
        for member in item.members.values():
            found[item.name, member.name] = (member.status, member.kind, member.loaded, member.codes)
    return found


def deliver(folder: Path, batches: list[list[Item]]) -> HomePaths:
    paths = make_home(folder)
    for batch in batches:
        put(paths, {item.name: item.data for item in batch})
        ingest(paths)
    return paths


def test_every_item_has_its_outcome_in_any_order(tmp_path: Path) -> None:
    items = corpus()
    files = {item.name: item.data for item in items}
    shuffled = random.Random(9).sample(items, len(items))
    half = len(items) // 2
    orders = {
        "at once": [list(items)],
        "backwards, one half a run": [list(items[half:]), list(items[:half])],
        "shuffled, in three runs": [shuffled[n::3] for n in range(3)],
    }
    hashes = []
    for name, batches in orders.items():
        paths = deliver(tmp_path / name, batches)
        found, wanted = outcomes(paths), expected(items)
        wrong = {
            key: (wanted.get(key), found.get(key))
            for key in wanted | found
            if wanted.get(key) != found.get(key)
        }
        assert wrong == {}, name
        laws(paths, files)
        hashes.append(raw_hash(paths))
    assert hashes[0] == hashes[1] == hashes[2]

    copies = {f"otra_vez/{name}": data for name, data in files.items()}
    put(paths, copies)
    assert set(ingest(paths)) <= {"duplicate"}
    laws(paths, files | copies)
    assert raw_hash(paths) == hashes[0]


def test_every_reason_of_the_corpus_is_for_people(tmp_path: Path) -> None:
    """What happened, where and what to do, in sentences that show no bytes; one refusal a row or file."""
    paths = deliver(tmp_path / "home", [list(corpus())])
    said = ledger(paths, "select code, reason, raw_text from quarantine")
    assert len({code for code, _, _ in said}) > 40
    for code, reason, raw_text in said:
        assert reason.endswith("."), (code, reason)
        assert ". " in reason or ": " in reason, (code, reason)
        assert reason.isprintable(), code
        assert len(reason) < 1000, code
        assert len(raw_text or "") <= 500, code
