"""Homes of the dbt tests: each is built once a session and read by many cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_marts_reference import END, Invoice, draw, raw_of


@pytest.fixture(scope="session")
def home() -> Iterator[Callable[..., duckdb.DuckDBPyConnection]]:
    """home(name, make, **options): the marts of `make()`, built once."""
    built: dict[str, duckdb.DuckDBPyConnection] = {}

    def get(name: str, make: Callable[[], Raw], **options: Any) -> duckdb.DuckDBPyConnection:
        if name not in built:
            built[name] = straight.build(make(), **options)
        return built[name]

    yield get
    for connection in built.values():
        connection.close()


@pytest.fixture(scope="session", params=[20260618, 7, 1810])
def invoices(request: pytest.FixtureRequest) -> list[Invoice]:
    """Three drawn companies: each test of the reference runs over all of them."""
    return draw(request.param)


@pytest.fixture(scope="session")
def marts(invoices: list[Invoice]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every mart of a drawn company of test_marts_reference; the project's own tests hold on it."""
    with straight.run(raw_of(invoices), END) as connection:
        assert straight.broken(connection, END) == {}
        yield connection
