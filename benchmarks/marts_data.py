"""Raw tables of a company of any size, straight into a warehouse: the sample company laid side by side.

One sample company of 10,000 invoices is generated, ingested once, and copied tile by tile in SQL. Each tile has its
own ids, UUIDs, files, folios and references, and its amounts are a whole multiple, so that sums still hold to the
cent and equal amounts stay rare. Four tiles share their customers: about 250 invoices each.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from cartera.home import FOLDERS, HomePaths
from cartera.progress import Silent
from cartera.settings import Settings
from cartera.warehouse import writable
from ingestion import load
from ingestion.contracts import RAW_TABLES, Column, RawTable
from ingestion.sample.company import generate
from ingestion.sample.names import check_digit
from ingestion.sample.write import write

A_TILE = 10_000
TILES_A_CUSTOMER = 4
SHARED = ("fx_rates", "targets")  # one table for the whole company
UUIDS = {"uuid", "rep_uuid", "invoice_uuid", "related_uuid", "id_documento"}
FILES = {"source_file_id", "row_hash"}
CUSTOMERS = {"customer_id"}
RFCS = {"receptor_rfc", "rfc"}
DIGITS = {"reference", "bank_reference", "num_operacion", "description"}
IDS = {
    "invoice_id", "replaces_invoice_id", "related_invoice_id", "payment_id", "application_id", "cn_id", "write_off_id",
    "bank_line_id", "dispute_id", "incident_id", "promise_id", "reminder_id", "action_id", "report_id", "sale_id",
    "purchase_order", "origin_id", "contrarrecibo_folio",
}  # fmt: skip


def empty_home(folder: Path) -> HomePaths:
    """A home with its folders."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    return HomePaths(folder)


def make_base(folder: Path, invoices: int = A_TILE) -> HomePaths:
    """A home with the sample company ingested: the tile that the others repeat."""
    paths = empty_home(folder)
    write(generate(invoices), paths.inbox, folder / "sample_truth")
    load.collect(paths, Settings(), Silent(), settle=False)
    load.commit(paths, {}, Silent())
    return paths


def make_raw(base: HomePaths, paths: HomePaths, tiles: int, first: int = 0) -> None:
    """Write `tiles` tiles, from number `first` on, into the raw tables of `paths`."""
    with writable(paths.warehouse_file) as c:
        load.ensure_raw(c)
        c.execute(f"attach '{base.warehouse_file}' as base (read_only)")
        c.execute("set preserve_insertion_order = false")
        c.create_function("check_digit", check_digit, ["VARCHAR"], "VARCHAR")
        for table in RAW_TABLES.values():
            name = table.name.partition("__")[2]
            count = 1 if name in SHARED else tiles
            if name not in SHARED or first == 0:
                c.execute(tile_sql(table, first, count))
        c.execute("detach base; checkpoint")


def tile_sql(table: RawTable, first: int, count: int) -> str:
    """The insert of one raw table's tiles."""
    columns = ", ".join(f"{_tiled(column)} as {column.name}" for column in table.all_columns)
    once = f"and t % {TILES_A_CUSTOMER} = 0" if table.key == ("customer_id",) or "plan_" in table.name else ""
    return (
        f"insert into raw.{table.name} select {columns} from base.raw.{table.name} as b, "
        f"range({first}, {first + count}) as r (t) where true {once} order by t"
    )


def _tiled(column: Column) -> str:
    """A column in tile `t`; tile 0 is the sample company itself.

    The tiles' UUIDs are of version 8 and their hashes no hexadecimal numbers, so that none is also one of tile 0.
    """
    name, x = column.name, f"b.{column.name}"
    group = f"t // {TILES_A_CUSTOMER}"
    other: str | None = None
    if column.type == "money":
        return f"{x} * (t + 1)"
    if name in UUIDS:
        other = f"printf('%03x', t) || substr({x}, 4, 11) || '8' || substr({x}, 16)"
    elif name in FILES:
        other = f"printf('%03xt', t) || substr({x}, 5)"
    elif name in IDS:
        other = f"{x} || '-' || t"
    elif name == "folio":
        other = f"coalesce((try_cast({x} as bigint) + t * 100000)::varchar, {x} || '-' || t)"
    elif name in DIGITS:
        other = f"regexp_replace({x}, '([0-9]{{12}})', '\\1' || printf('%03d', t))"
    elif name in CUSTOMERS:
        other = f"case when {x} = 'publico' or {group} = 0 then {x} else {x} || '-' || {group} end"
    elif name in RFCS:
        body = f"left({x}, -3) || printf('%02X', 16 + {group})"
        kept = f"{x} like 'X_XX010101000' or {group} = 0"
        other = f"case when {kept} then {x} else {body} || check_digit({body}) end"
    elif name in {"receptor_nombre", "name"}:
        other = f"case when {group} = 0 then {x} else {x} || ' ' || {group} end"
    return f"case when t = 0 then {x} else {other} end" if other else x


def shape(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of every raw table that has any."""
    counts = {}
    for table in RAW_TABLES:
        [(rows,)] = connection.execute(f"select count(*) from raw.{table}").fetchall()
        if rows:
            counts[table] = rows
    return counts
