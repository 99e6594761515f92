"""Whatever the bytes, each document is loaded whole or set aside whole, and the reader does not crash."""

from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.cfdi.reader import CfdiBatch
from ingestion.contracts import CFDI_TABLES
from tests.ingestion.cfdi_kit import TFD_URI, cfdi, docto, old_cfdi, pago, read, rep

SEEDS = [
    cfdi().encode(),
    cfdi("3.3", after="<cfdi:Addenda><a b='1'/></cfdi:Addenda>").encode(),
    rep(pago(docto(), docto(IdDocumento="x")), pago(docto())).encode(),
    rep(pago(docto("pago10"), prefix="pago10"), version="1.0").encode(),
    old_cfdi().encode(),
    cfdi(root=f'xmlns:schemaLocation="{TFD_URI} x"').encode(),
    cfdi().replace("UTF-8", "UTF-16").encode("utf-16"),
]
PIECES = [
    b"<",
    b">",
    b'"',
    b"&",
    b"=",
    b"/",
    b"\0",
    b"\xff",
    b"<!--",
    b"]]>",
    b"&#0;",
    b"cfdi:",
    b"1e9",
    b"xmlns:",
    b" ",
    b"-",
]


def holds(batch: CfdiBatch, count: int) -> int:
    """Law L1 for a batch; gives how many documents were loaded."""
    documents = batch.tables["cfdi__documents"]
    refused = [outcome for outcome in batch.outcomes if outcome.refusals]
    assert len(batch.outcomes) == count
    assert documents.num_rows + len(refused) == count
    assert all(len(outcome.refusals) == 1 and outcome.refusals[0].reason for outcome in refused)
    ids = set(documents["source_file_id"].to_pylist())
    for table in CFDI_TABLES.values():
        rows = batch.tables[table.name]
        assert rows.schema == table.arrow_schema
        assert set(rows["source_file_id"].to_pylist()) <= ids
        for column in table.columns:
            assert not (column.required and rows[column.name].null_count)
    return documents.num_rows


def mutated(seed: bytes, rng: random.Random) -> bytes:
    """A copy with a few bytes changed, pieces put in, or a part cut, doubled or moved."""
    data = bytearray(seed)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) or 1)
        match rng.randrange(6):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                data[at:at] = rng.choice(PIECES)
            case 2:
                del data[at : at + rng.randint(1, 40)]
            case 3:
                data[at:at] = data[at : at + rng.randint(1, 200)]
            case 4:
                del data[at:]
            case _:
                digit = rng.choice(b"0123456789.eE+-_ ")
                spots = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
                if spots:
                    data[rng.choice(spots)] = digit
    return bytes(data)


def test_two_thousand_mutated_documents_keep_the_law() -> None:
    rng = random.Random(20260630)
    total = 0
    for _ in range(20):
        total += holds(read(*[mutated(rng.choice(SEEDS), rng) for _ in range(100)]), 100)
    assert 0 < total < 2000  # the mutations break many and leave some whole


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_any_batch_keeps_the_law(seed: int, count: int) -> None:
    rng = random.Random(seed)
    holds(read(*[mutated(rng.choice(SEEDS), rng) for _ in range(count)]), count)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=4))
def test_any_bytes_keep_the_law(contents: list[bytes]) -> None:
    assert holds(read(*contents), len(contents)) == 0


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"[ -]?[0-9]{0,20}[.,_e]?[0-9]{0,8} ?", fullmatch=True))
def test_an_amount_loads_exactly_or_not_at_all(value: str) -> None:
    batch = read(cfdi(Total=value))
    if holds(batch, 1):
        assert batch.tables["cfdi__documents"]["total"][0].as_py() == Decimal(value)
        assert set(value.strip()) <= set("0123456789.")
