"""Typed columns → the Arrow table of a register, with its provenance and the hash of each row.

The hash covers the row's typed values only, each with its column's name, so that neither the order of the columns
nor the kind of file nor the format of a number or a date changes it; nor will a column that is added later.
"""

from __future__ import annotations

import hashlib
from datetime import date

import polars as pl
import pyarrow as pa

from ingestion.contracts import REGISTERS
from ingestion.tables.values import polars_type

_SLICE = 20_000  # rows whose texts are in memory at once


def assemble(
    kind: str,
    values: dict[str, pl.Series],
    extra: pl.Series | None,
    row_numbers: pl.Series,
    source_file_id: str,
    delivery_date: date,
) -> pa.Table:
    """The table of the good rows, with exactly the contract's schema."""
    table = REGISTERS[kind]
    height = len(row_numbers)
    columns = [
        values[c.name].alias(c.name)
        if c.name in values
        else pl.Series(c.name, [None] * height, polars_type(c))
        for c in table.columns
    ]
    frame = pl.DataFrame(columns).with_columns(
        pl.lit(source_file_id).alias("source_file_id"),
        row_numbers.alias("row_number"),
        pl.lit(delivery_date, dtype=pl.Date).alias("delivery_date"),
        _row_hashes(pl.DataFrame(columns)).alias("row_hash"),
        (extra if extra is not None else pl.Series([None] * height, dtype=pl.String)).alias("extra"),
    )
    return frame.select(table.arrow_schema.names).to_arrow().cast(table.arrow_schema)


def _row_hashes(frame: pl.DataFrame) -> pl.Series:
    """16 hex digits of a sha256 over `name␟value␞` of every value that is there."""
    parts = [
        pl.when(pl.col(name).is_null())
        .then(pl.lit(""))
        .otherwise(pl.lit(f"{name}\x1f") + pl.col(name).cast(pl.String) + pl.lit("\x1e"))
        for name in frame.columns
    ]
    hashes: list[str] = []
    for part in frame.iter_slices(_SLICE):
        texts = part.select(pl.concat_str(parts)).to_series().to_list()
        hashes.extend(hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts)
    return pl.Series(hashes, dtype=pl.String)
