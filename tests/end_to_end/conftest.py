"""One sample company, generated, run through the real command line, and its snapshot opened read-only."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cartera import snapshot
from cartera.home import HomePaths

AS_OF = "2026-06-30"


def cartera(*arguments: str, home: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """The real command, in its own process, as a person runs it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CARTERA_", "DAGSTER_"))}
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *arguments, "--home", str(home)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


@dataclass
class Sample:
    paths: HomePaths
    truth: dict[str, Any]
    connection: duckdb.DuckDBPyConnection
    output: str

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, list(parameters)).fetchall()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """Made by the first worker that asks; its home is only read."""
    root = tmp_path_factory.getbasetemp()
    folder = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "sample"
    folder.mkdir(exist_ok=True)
    home, said = folder / "home", folder / "said.txt"
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not said.is_file():
            cartera("sample", "--invoices", "900", "--seed", "11", home=home)
            done = cartera("run", "--as-of", AS_OF, home=home)
            said.write_text(done.stdout, encoding="utf-8")
    paths = HomePaths(home)
    truth = json.loads((home / "sample_truth" / "expected.json").read_text(encoding="utf-8"))
    found = snapshot.current(paths)
    assert found is not None
    connection = snapshot.open_readonly(found.path)
    yield Sample(paths, truth, connection, said.read_text(encoding="utf-8"))
    connection.close()
