import datetime as dt
from pathlib import Path

import duckdb
import pytest

from cartera import snapshot
from cartera.errors import LockedError, SnapshotError
from cartera.home import HomePaths
from cartera.warehouse import run_lock


@pytest.fixture
def paths(tmp_path: Path) -> HomePaths:
    home = HomePaths(tmp_path)
    home.snapshots.mkdir()
    return home


def _candidate(paths: HomePaths, run_id: str, value: int = 1) -> Path:
    path = paths.snapshots / f".{run_id}.candidate"
    with duckdb.connect(str(path)) as c:
        c.execute("create schema marts; create schema meta; create table marts.t as select ? as v", [value])
        c.execute(
            "create table meta.snapshot as select ?::varchar as run_id, date '2026-06-30' as as_of, "
            "timestamp '2026-07-01 12:00:00' as published_at, 'f' as fingerprint",
            [run_id],
        )
    return path


def _publish(paths: HomePaths, run_id: str, *, move: bool = True) -> Path:
    return snapshot.publish_file(paths, _candidate(paths, run_id), run_id, move_pointer=move)


def test_the_pointer_moves_to_what_was_published_and_readers_see_it(paths):
    assert snapshot.current(paths) is None
    _publish(paths, "r1")
    found = snapshot.current(paths)
    assert found is not None
    assert (found.run_id, found.as_of) == ("r1", dt.date(2026, 6, 30))
    with snapshot.open_readonly(found.path) as c:
        assert c.execute("select v from marts.t").fetchall() == [(1,)]


def test_a_home_without_its_folder_of_snapshots_gets_one(tmp_path):
    (tmp_path / "candidate.duckdb").write_bytes(b"whole")
    target = tmp_path / "snapshots" / "new.duckdb"  # a folder made by hand holds an inbox and no more
    snapshot.copy_file(tmp_path / "candidate.duckdb", target)
    assert target.read_bytes() == b"whole"


def test_a_snapshot_kept_aside_is_listed_and_can_be_used(paths):
    _publish(paths, "r1")
    _publish(paths, "r2", move=False)
    assert snapshot.current(paths).run_id == "r1"
    assert [s.run_id for s in snapshot.list_all(paths)] == ["r2", "r1"]
    snapshot.use(paths, "r2")
    assert snapshot.current(paths).run_id == "r2"
    with pytest.raises(SnapshotError, match="no existe"):
        snapshot.use(paths, "../r1")


def test_a_damaged_snapshot_falls_back_to_the_last_whole_one(paths):
    _publish(paths, "r1")
    path = _publish(paths, "r2")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    assert snapshot.current(paths).run_id == "r1"
    with pytest.raises(SnapshotError, match="dañada"):
        snapshot.use(paths, "r2")


def test_a_missing_sidecar_is_damage(paths):
    path = _publish(paths, "r1")
    path.with_name(path.name + ".sha256").unlink()
    assert snapshot.current(paths) is None


def test_prune_keeps_the_newest_and_the_current(paths):
    for run_id in ("r1", "r2", "r3", "r4"):
        _publish(paths, run_id)
    snapshot.use(paths, "r1")
    assert snapshot.prune(paths, keep=2) == ["r2"]
    assert [s.run_id for s in snapshot.list_all(paths)] == ["r4", "r3", "r1"]


def test_readers_cannot_write_nor_read_other_files(paths, tmp_path):
    _publish(paths, "r1")
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with snapshot.open_readonly(snapshot.current(paths).path) as c:
        for sql in (
            "create table marts.x (a int)",
            f"select * from read_csv('{secret}')",
            f"attach '{tmp_path / 'other.duckdb'}' as other",
            "set enable_external_access = true",
            f"copy marts.t to '{tmp_path / 'out.csv'}'",
        ):
            with pytest.raises(duckdb.Error):
                c.execute(sql)
    assert not (tmp_path / "out.csv").exists()


def test_one_run_at_a_time_and_the_second_says_who(paths):
    with (
        run_lock(paths, "cartera run"),
        pytest.raises(LockedError, match=r"proceso \d+: cartera run"),
        run_lock(paths, "otra"),
    ):
        pass
    with run_lock(paths, "otra"):
        pass
