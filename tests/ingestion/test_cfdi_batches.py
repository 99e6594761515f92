"""Many CFDIs in one call: a bad one refuses itself only, parts, other processes, and the same answer always."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from ingestion.cfdi.reader import read_cfdis
from tests.ingestion.cfdi_kit import (
    DAY,
    cfdi,
    docto,
    loaded,
    pago,
    read,
    rep,
    timbre,
)


def test_a_bad_document_refuses_itself_only() -> None:
    bad = cfdi(concepts=CONCEPTS_WITH_A_BAD_ONE, stamp=timbre("AAAAAAAA-0000-4000-8000-000000000000"))
    batch = read(cfdi(), bad, "<roto", rep(pago(docto())), cfdi(stamp=""))
    assert [bool(o.refusals) for o in batch.outcomes] == [False, True, True, False, True]
    assert [o.kind for o in batch.outcomes] == ["cfdi", "cfdi", "unknown", "cfdi", "cfdi_draft"]
    assert batch.tables["cfdi__documents"]["source_file_id"].to_pylist() == [f"{i:016x}" for i in (0, 3)]
    assert batch.tables["cfdi__concepts"]["source_file_id"].to_pylist() == [f"{i:016x}" for i in (0, 3)]
    assert batch.tables["cfdi__payments"].num_rows == 1
    found = batch.outcomes[1].refusals[0]
    assert (found.code, found.location) == (
        "bad_amount",
        "/cfdi:Comprobante/cfdi:Conceptos/cfdi:Concepto[2]/@Importe",
    )
    assert "1e3" in found.reason


CONCEPTS_WITH_A_BAD_ONE = (
    '<cfdi:Concepto Cantidad="1" Descripcion="a" ValorUnitario="1" Importe="1"/>'
    '<cfdi:Concepto Cantidad="1" Descripcion="b" ValorUnitario="1" Importe="1e3"/>'
)


def test_hundreds_of_concepts_are_legal() -> None:
    text = "línea &#xA; con &quot;comillas&quot; y &gt;"
    one = f'<cfdi:Concepto Cantidad="1" Descripcion="{text}" ValorUnitario="1" Importe="1"/>'
    rows = loaded(cfdi(concepts=one * 600))
    assert rows["documents"][0]["concepts_count"] == len(rows["concepts"]) == 600
    assert rows["concepts"][599]["position"] == 600
    assert rows["concepts"][0]["descripcion"] == 'línea \n con "comillas" y >'


def test_big_batches_are_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.cfdi.reader._CHUNK_BYTES", 3000)
    batch = read(*[cfdi(Folio=str(i)) for i in range(7)], "no")
    assert batch.tables["cfdi__documents"]["folio"].to_pylist() == [str(i) for i in range(7)]
    assert batch.tables["cfdi__documents"]["source_file_id"].to_pylist() == [f"{i:016x}" for i in range(7)]
    assert len(batch.outcomes) == 8


def test_a_batch_pickles_and_repeats() -> None:
    batch = read(cfdi(), rep(pago(docto())), "<roto")
    again = pickle.loads(pickle.dumps(batch))
    assert again.tables["cfdi__documents"].equals(batch.tables["cfdi__documents"])
    assert again.outcomes == batch.outcomes
    assert read(cfdi()).tables["cfdi__documents"].equals(read(cfdi()).tables["cfdi__documents"])


def test_it_runs_in_another_process() -> None:
    items = [("0" * 16, cfdi().encode()), ("1" * 16, b"<roto")]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        batch = pool.submit(read_cfdis, items, [DAY, DAY]).result()
    here = read_cfdis(items, [DAY, DAY])
    assert batch.outcomes == here.outcomes
    assert all(batch.tables[name].equals(table) for name, table in here.tables.items())


def test_items_and_dates_must_match() -> None:
    with pytest.raises(ValueError, match="differ"):
        read_cfdis([("a", b"")], [])
