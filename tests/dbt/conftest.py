"""Homes of the dbt tests: each is built once a session and read by many cases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from tests.dbt.raw_home import PROJECT, Raw, build, write_warehouse
from tests.dbt.test_marts_reference import END, Invoice, draw, raw_of


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


@pytest.fixture(scope="session")
def invoices() -> list[Invoice]:
    return draw()


@pytest.fixture(scope="session")
def marts(
    invoices: list[Invoice], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every mart of the drawn company of test_marts_reference, built by dbt with all its tests."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    folder = tmp_path_factory.mktemp("reference")
    write_warehouse(raw_of(invoices), folder / "warehouse.duckdb")
    os.environ["CARTERA_WAREHOUSE_PATH"] = str(folder / "warehouse.duckdb")
    os.environ["CARTERA_MARTS_PATH"] = str(folder / "built.duckdb")
    os.environ["DO_NOT_TRACK"] = "1"
    result = dbtRunner().invoke([
        "--quiet", "--log-level-file", "none", "build", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
        "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
        "--vars", str({"as_of": END.isoformat()}),
    ])  # fmt: skip
    DuckDBConnectionManager.close_all_connections()
    failures = [
        f"{r.node.name}: {r.message}"
        for r in (result.result or [])
        if str(r.status) not in {"success", "pass"}
    ]
    assert result.success, failures or result.exception
    with duckdb.connect(str(folder / "built.duckdb"), read_only=True) as connection:
        yield connection
