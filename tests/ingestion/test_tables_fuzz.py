"""Mutated files: never a crash, and loaded + refused = delivered, whatever arrives."""

from __future__ import annotations

import io
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingestion.tables_kit import INVOICE, check, read, rows, xlsx

CSV = (
    "Relación;;;;\n" + INVOICE.replace(",", ";") + ";Nota\n"
    "1;C;MXN;$1,160.00;2026-01-31;\"a \"\"b\"\" c\"\n2;Ñ;USD;N/A;31/01/2026;x\n;;;Total;5;\n" * 4
)  # fmt: skip


def sample(kind: str) -> bytes:
    if kind == "xlsx":
        return xlsx({"A": [INVOICE.split(","), ["1", "C", "MXN", 5, "2026-01-31"]], "B": [["x"]]})
    if kind == "parquet":
        buffer = io.BytesIO()
        pl.DataFrame({c: ["2026-01-31", "1"] for c in INVOICE.split(",")}).write_parquet(buffer)
        return buffer.getvalue()
    return CSV.encode("utf-16" if kind == "utf-16" else "utf-8")


@pytest.mark.parametrize("kind", ["csv", "utf-16", "xlsx", "parquet"])
def test_mutated_files_never_crash(kind: str) -> None:
    good = sample(kind)
    chance = random.Random(kind)
    for _ in range(150):
        data = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(max(len(data), 1))
            action = chance.randrange(4)
            if action == 0 and data:
                data[at] = chance.randrange(256)
            elif action == 1:
                del data[at : at + chance.randint(1, 20)]
            elif action == 2:
                data[at:at] = bytes(chance.choice(b'\x00\xff",;\n\r\t$') for _ in range(3))
            else:
                data = data[: max(at, 1)]
        read(f"x.{kind}", bytes(data))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    check(read("x.csv", data))


cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=12)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(cell, min_size=5, max_size=5), max_size=8), st.sampled_from([",", ";", "\t", "|"]))
def test_every_row_is_accounted_for(cells: list[list[str]], delimiter: str) -> None:
    """A row counts unless it is wholly blank; quoting is the only thing the test does to a cell."""
    lines = [delimiter.join('"' + c.replace('"', '""') + '"' for c in row) for row in cells]
    reading = read("invoices.csv", "\n".join([INVOICE.replace(",", delimiter), *lines, ""]))
    if reading.file_refused:
        assert reading.refusals[0].code in {"ambiguous_date", "decimal_comma"}
        return
    blank = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
    filled = [row for row in cells if any(c.translate(dict.fromkeys(map(ord, blank))).strip() for c in row)]
    assert reading.rows_read == len(filled)


@settings(max_examples=50, deadline=None)
@given(st.permutations([*INVOICE.split(","), "due_date", "salesperson"]), st.sampled_from(["csv", "xlsx"]))
def test_column_order_changes_nothing(order: list[str], kind: str) -> None:
    values = {
        "invoice_id": "001", "customer_id": "C", "currency": "MXN", "total": "1160.50", "issue_date": "2026-01-31",
        "due_date": "2026-03-02", "salesperson": "Ana",
    }  # fmt: skip
    cells = [order, [values[name] for name in order]]
    data = (
        xlsx({"A": cells}) if kind == "xlsx" else "\n".join(",".join(row) for row in cells).encode() + b"\n"
    )
    found = rows(read(f"x.{kind}", data))[0]
    assert found["row_hash"] == "5642d0f9e3241de8"
