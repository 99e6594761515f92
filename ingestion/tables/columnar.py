"""Parquet files: from bytes to a `Grid` of text, so that one set of rules types every register.

Numbers come as plain digits, dates as ISO; a time with a zone keeps it, and is then refused as a date, because
business dates are local and never converted.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.tables.grid import MAX_COLUMNS, FileRefused, Grid

MAX_CELLS = 200_000_000


def to_grid(data: bytes) -> Grid:
    """The file's one table; row 1 is the header, as it would be in a spreadsheet."""
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        width, height = file.metadata.num_columns, file.metadata.num_rows
        if width > MAX_COLUMNS or width * height > MAX_CELLS:
            raise FileRefused(
                "too_big",
                f"El archivo Parquet tiene {height:,} filas y {width:,} columnas. Divídelo en varios.",
            )
        table = file.read()
        table.validate(full=True)  # text that is not UTF-8 would break what comes after
        columns = [_as_text(table.column(i)) for i in range(table.num_columns)]
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError, TypeError, KeyError) as error:
        raise FileRefused(
            "parquet_damaged",
            "El archivo Parquet está dañado y no se puede leer. Vuelve a generarlo.",
            raw_text=str(error)[:300],
        ) from error
    named = [
        pl.concat([pl.Series([name], dtype=pl.String), column]).alias(f"c{i}")
        for i, (name, column) in enumerate(zip(table.column_names, columns, strict=True))
    ]
    return Grid(pl.DataFrame(named) if named else pl.DataFrame(schema={"c0": pl.String}))


def _as_text(column: pa.ChunkedArray) -> pl.Series:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    write = _writer(kind)
    if write is not None:
        return pl.Series([None if v is None else write(v) for v in column.to_pylist()], dtype=pl.String)
    series = pl.Series(pl.from_arrow(column))
    if series.dtype == pl.Boolean:
        return series.replace_strict([True, False], ["true", "false"], default=None, return_dtype=pl.String)
    return series.cast(pl.String)


def _writer(kind: pa.DataType) -> Callable[[Any], str] | None:
    """How values of a type are written, where polars would not write them as we want."""
    writers: list[tuple[bool, Callable[[Any], str]]] = [
        (pa.types.is_floating(kind), _float_text),
        (pa.types.is_decimal(kind), lambda v: format(v, "f")),
        (pa.types.is_nested(kind), lambda v: json.dumps(v, ensure_ascii=False, default=str)),
        (_is_bytes(kind), lambda v: bytes(v).decode("utf-8", "replace")),
        (pa.types.is_timestamp(kind) and kind.tz is not None, lambda v: v.isoformat()),
    ]
    return next((write for applies, write in writers if applies), None)


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


def _float_text(value: float) -> str:
    """Fifteen significant digits, as spreadsheets keep them; never an exponent."""
    text = f"{value:.15g}"
    return format(Decimal(text), "f") if "e" in text else text
