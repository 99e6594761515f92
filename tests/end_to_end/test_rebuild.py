"""Everything is rebuilt from the archive: the same marts, from the original bytes alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from cartera import snapshot
from cartera.home import HomePaths
from tests.end_to_end.conftest import AS_OF, Sample, cartera

pytestmark = pytest.mark.slow


def mart_hashes(path: Path) -> dict[str, tuple[int, int]]:
    with duckdb.connect(str(path), read_only=True) as c:
        tables = [
            row[0]
            for row in c.execute(
                "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
            ).fetchall()
        ]
        return {
            table: c.execute(
                f'select count(*), coalesce(bit_xor(hash(t)), 0) from marts."{table}" t'
            ).fetchall()[0]
            for table in tables
        }


def test_the_marts_are_a_pure_function_of_the_archive(sample: Sample, tmp_path: Path):
    home = tmp_path / "home"
    shutil.copytree(sample.paths.home, home)
    paths = HomePaths(home)
    before = mart_hashes(snapshot.current(paths).path)
    assert len(before) > 20
    for folder in (paths.inbox, paths.warehouse_file.parent):
        shutil.rmtree(folder)
        folder.mkdir()
    done = cartera("run", "--as-of", AS_OF, "--full-refresh", home=home)
    assert "Publicado" in done.stdout
    assert mart_hashes(snapshot.current(paths).path) == before
