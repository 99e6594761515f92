"""Homes of the dbt tests: each is built once a session and read by many cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from tests.dbt.raw_home import Raw, build


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., duckdb.DuckDBPyConnection]]:
    """home(name, make, **vars): the marts of `make()`, built once."""
    built: dict[str, duckdb.DuckDBPyConnection] = {}

    def get(name: str, make: Callable[[], Raw], **variables: Any) -> duckdb.DuckDBPyConnection:
        if name not in built:
            built[name] = build(make(), tmp_path_factory.mktemp(name) / "home", **variables)
        return built[name]

    yield get
    for connection in built.values():
        connection.close()
