"""Every model and test as dbt compiles it for the `spark` target, without Spark and without a cluster.

The only queries that compiling asks are of the seeds (the buckets' bounds): an in-memory DuckDB answers them.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"


@dataclass(frozen=True)
class Compiled:
    """One node: where it was written and what Spark would be given."""

    name: str
    kind: str  # model | test
    path: Path
    sql: str


class _Seeds:
    """What dbt-spark takes for an open connection: it knows the seeds and nothing else."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("create schema seeds")
        for file in sorted((PROJECT / "seeds").glob("*.csv")):
            name = str(file).replace("'", "''")
            self._connection.execute(f"create table seeds.{file.stem} as from read_csv('{name}')")

    def cursor(self) -> _Seeds:
        return self

    def execute(self, sql: str, _bindings: Any = None) -> None:
        self._connection.execute(sql)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._connection.fetchall()

    @property
    def description(self) -> Any:
        return self._connection.description

    def close(self) -> None:
        """The connection is read again by the next model."""


@contextmanager
def _stand_in() -> Iterator[None]:
    """Let dbt-spark's `session` method open our seeds instead of a Spark session."""
    from dbt.adapters.contracts.connection import ConnectionState
    from dbt.adapters.spark.connections import SparkConnectionManager

    def open_seeds(_class: Any, connection: Any) -> Any:
        connection.handle, connection.state = _Seeds(), ConnectionState.OPEN
        return connection

    os.environ["DO_NOT_TRACK"] = "1"
    with patch.object(SparkConnectionManager, "open", classmethod(open_seeds)):
        if importlib.util.find_spec("pyspark") is not None:
            yield
            return
        sys.modules["pyspark"] = types.ModuleType("pyspark")  # all that dbt-spark asks before it connects
        try:
            yield
        finally:
            del sys.modules["pyspark"]


def compile_for_spark(target: Path) -> list[Compiled]:
    """Compile the whole project for Spark. Raises RuntimeError with dbt's words where a model cannot be."""
    from dbt.cli.main import dbtRunner

    with _stand_in():
        done = dbtRunner().invoke([
            "--quiet", "--log-level-file", "none", "--no-populate-cache", "compile", "--target", "spark",
            "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target),
            "--log-path", str(target),
        ])  # fmt: skip
    if not done.success:
        raise RuntimeError(f"dbt could not compile for Spark: {done.exception or done.result}")
    nodes = (r.node for r in done.result.results)
    return [
        Compiled(n.name, str(n.resource_type), PROJECT / n.original_file_path, n.compiled_code)
        for n in nodes
        if str(n.resource_type) in {"model", "test"} and n.compiled_code
    ]
