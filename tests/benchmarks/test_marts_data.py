"""The company of the models' benchmark: more tiles are more documents, none of them shared, and sums hold."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benchmarks.marts_data import empty_home, make_base, make_raw

INVOICES, TILES = 120, 6


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder: Path = tmp_path_factory.mktemp("tiles")
    base, paths = make_base(folder / "base", INVOICES), empty_home(folder / "home")
    make_raw(base, paths, TILES)
    connection = duckdb.connect(str(paths.warehouse_file), read_only=True)
    connection.execute(f"attach '{base.warehouse_file}' as base (read_only)")
    return connection


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("register__invoices", "invoice_id"),
        ("register__payments", "payment_id"),
        ("cfdi__documents", "source_file_id"),
        ("cfdi__documents", "uuid"),
    ],
)
def test_every_tile_has_documents_of_its_own(raw: duckdb.DuckDBPyConnection, table: str, key: str) -> None:
    counts = f"select count(*), count(distinct {key}) from {{}}.{table}"
    rows, keys = raw.execute(counts.format("raw")).fetchall()[0]
    base_rows, base_keys = raw.execute(counts.format("base.raw")).fetchall()[0]
    assert base_rows >= 100
    assert (rows, keys) == (TILES * base_rows, TILES * base_keys)


def test_tile_n_has_n_plus_one_times_the_amounts_and_four_share_their_customers(
    raw: duckdb.DuckDBPyConnection,
) -> None:
    times = sum(range(1, TILES + 1))
    [(total, base_total)] = raw.execute(
        "select (select sum(total) from raw.register__invoices), (select sum(total) from base.raw.register__invoices)"
    ).fetchall()
    assert total == times * base_total
    [(customers, base_customers)] = raw.execute(
        "select (select count(distinct customer_id) from raw.register__customers), "
        "(select count(distinct customer_id) from base.raw.register__customers)"
    ).fetchall()
    assert customers == 2 * base_customers - 1  # the general public is one and the same


def test_documents_name_what_is_in_their_own_tile(raw: duckdb.DuckDBPyConnection) -> None:
    orphans = (
        "select count(*) from {0}.cfdi__payment_documents d left join {0}.cfdi__documents i "
        "on d.id_documento = i.uuid where i.uuid is null"
    )
    [(rows,)] = raw.execute(orphans.format("raw")).fetchall()
    [(base_rows,)] = raw.execute(orphans.format("base.raw")).fetchall()
    assert rows == TILES * base_rows
