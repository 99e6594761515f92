"""CFDIs in bulk: read by several processes or by one, in tasks of any size, the outcome is the same."""

from __future__ import annotations

import io
import warnings
import zipfile

import duckdb
import pytest

from cartera.home import FOLDERS, HomePaths
from cartera.progress import Silent
from cartera.settings import Settings
from ingestion import archives, load, originals, readers, routing
from ingestion.ledger import Ledger
from tests.documents import invoice
from tests.ingestion.test_load import INVOICES, files, ingest, paths, put, raw, reasons, zipped

__all__ = ["paths"]
OLD_SCHEMA = """
create table files (
  file_id varchar primary key, content_id varchar, path varchar, member varchar, sha256 varchar,
  size_bytes bigint, mtime_ns bigint, kind varchar, status varchar, reason varchar, flags varchar,
  rows_read bigint, rows_loaded bigint, rows_quarantined bigint, rows_duplicate bigint,
  delivery_date date, reader_key varchar, first_seen_at timestamp, last_seen_at timestamp);
create table places (sha256 varchar, pack varchar, frame_offset bigint, frame_bytes bigint, inner_offset bigint,
  size_bytes bigint);
create table uuids (uuid varchar, sha256 varchar);
create index uuids_by_uuid on uuids (uuid);
create index places_by_sha256 on places (sha256);
insert into files select * exclude (token) from new.files, new.identity;
insert into places select * exclude (content_key) from new.places;
insert into uuids from new.uuids;
create table quarantine as from new.quarantine;
create table identity as from new.identity
"""


def fill(paths: HomePaths) -> None:
    """Loose files and ZIPs that repeat each other, something broken, something that is no CFDI."""
    for number in range(1, 8):
        put(paths, f"sueltos/{number}_2026-05-0{number}.xml", invoice(number))
    put(paths, "a_antes.xml", invoice(5))
    put(paths, "mal.xml", invoice(9)[:-30])
    put(paths, "foto.pdf", b"%PDF-1.7 ...")
    put(paths, "f_2026-05-31.csv", INVOICES)
    put(paths, "lote_2026-06-01.zip", zipped({f"{n}.xml": invoice(n) for n in range(5, 12)}))
    put(
        paths,
        "otro.zip",
        zipped({"f.csv": INVOICES.strip().encode() + b"\n", "x.xml": invoice(12), "vacio.xml": b""}),
    )


def everything(paths: HomePaths) -> list[object]:
    tables = ("cfdi__documents", "cfdi__concepts", "cfdi__taxes", "register__invoices")
    return [
        files(paths),
        reasons(paths),
        *(raw(paths, f"select * from raw.{t} order by all") for t in tables),
    ]


def home_of(folder) -> HomePaths:
    for name in FOLDERS:
        (folder / name).mkdir()
    found = HomePaths(folder)
    fill(found)
    return found


def test_two_processes_and_tasks_of_any_size_give_what_one_gives(
    paths, tmp_path_factory, monkeypatch
) -> None:
    fill(paths)
    ingest(paths)
    one = everything(paths)
    assert one[0]["a_antes.xml"][0] == "loaded", "the first by path counts"
    monkeypatch.setattr(routing, "TASK_FILES", 1)
    small = home_of(tmp_path_factory.mktemp("small"))
    ingest(small)
    assert everything(small) == one
    monkeypatch.setattr(readers, "FROM_FILES", 1)
    monkeypatch.setattr(routing, "TASK_FILES", 3)
    pooled = home_of(tmp_path_factory.mktemp("pooled"))
    load.collect(pooled, Settings.model_validate({"ingest": {"workers": 2}}), Silent())
    load.commit(pooled, {}, Silent())
    assert everything(pooled) == one
    ingest(pooled, full_refresh=True)
    assert everything(pooled) == one


def test_what_comes_twice_in_one_run_counts_once_with_the_date_of_the_first_by_path(
    paths, monkeypatch
) -> None:
    monkeypatch.setattr(routing, "TASK_FILES", 1)
    put(paths, "b_2026-05-02.xml", invoice(1))
    put(paths, "a_2026-05-09.xml", invoice(1))
    put(paths, "z.zip", zipped({"1.xml": invoice(1)}))
    ingest(paths)
    assert raw(paths, "select delivery_date::varchar from raw.cfdi__documents") == [("2026-05-09",)]
    assert raw(paths, "select count(distinct delivery_date) from raw.cfdi__concepts") == [(1,)]
    found = files(paths)
    assert found["b_2026-05-02.xml"] == found["z.zip/1.xml"] == ("duplicate", "cfdi", 1, 0, 0, 1)
    assert found["z.zip"] == ("duplicate", "zip", 1, 0, 0, 1)


def test_what_is_known_is_neither_read_nor_archived_again(paths) -> None:
    put(paths, "enero.zip", zipped({f"{n}.xml": invoice(n) for n in range(1, 6)}))
    ingest(paths)
    put(paths, "febrero.zip", zipped({f"{n}.xml": invoice(n) for n in range(1, 7)}))
    ingest(paths)
    with duckdb.connect(str(paths.ledger_file), read_only=True) as c:
        assert c.execute("select count(*), count(distinct sha256) from places").fetchall() == [(6, 6)]
    assert files(paths)["febrero.zip"] == ("loaded", "zip", 6, 1, 0, 5)
    sizes = sorted(pack.stat().st_size for pack in paths.ledger_file.parent.glob("*.pack"))
    assert len(sizes) == 2
    assert originals.xml_of(paths, "00000000-0000-4000-8000-000000000006") == invoice(6)


def test_members_of_one_name_are_two_files(paths) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in (1, 2, 3):
            archive.writestr("a.xml", invoice(number))
    put(paths, "lote.zip", buffer.getvalue())
    ingest(paths)
    assert {"lote.zip/a.xml", "lote.zip/a.xml#2", "lote.zip/a.xml#3"} < set(files(paths))
    assert ingest(paths, full_refresh=True) == {"loaded": 4}
    assert len(files(paths)) == 4


def test_a_table_of_a_zip_may_be_larger_than_any_xml(paths, monkeypatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER", 3000)
    monkeypatch.setattr("ingestion.sources.MAX_MEMBER", 3000)
    rows = "".join(f"F{n},C1,MXN,{n}.00,2026-05-01\n" for n in range(1, 401))
    table = f"invoice_id,customer_id,currency,total,issue_date\n{rows}".encode()
    put(paths, "lote.zip", zipped({"f.csv": table, "grande.xml": invoice(1) + b" " * 3000}))
    put(paths, "grande.xml", invoice(2) + b"\n" * 3000)
    ingest(paths)
    found = files(paths)
    assert found["lote.zip/f.csv"] == ("loaded", "invoices", 400, 400, 0, 0)
    assert found["lote.zip/grande.xml"][0] == "quarantined"
    assert found["grande.xml"][0] == "loaded", "a loose XML up to 20 MB is its reader's to judge"


def test_a_kill_while_reading_leaves_only_pending_rows_and_no_pack(paths, monkeypatch) -> None:
    fill(paths)
    with monkeypatch.context() as m:
        m.setattr(routing.Collector, "_read_others", lambda _: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            ingest(paths)
    assert {row[0] for row in files(paths).values()} == {"pending"}
    ingest(paths)
    packs = list(paths.ledger_file.parent.glob("*.pack"))
    assert len(packs) == 1, "what the killed run had written is gone"
    assert not paths.delivery_file.with_suffix(".parts").exists()
    assert not [row for row in files(paths).values() if row[0] == "pending"]


def test_cfdis_that_gate_one_holds_wait_and_are_read_again(paths) -> None:
    put(paths, "a.xml", invoice(1))
    put(paths, "f.csv", INVOICES)
    ingest(paths, held={"cfdi": "importes imposibles"})
    assert files(paths)["a.xml"] == ("pending", "cfdi", 0, 0, 0, 0)
    assert raw(paths, "select count(*) from raw.cfdi__documents") == [(0,)]
    assert raw(paths, "select count(*) from raw.register__invoices") == [(2,)]
    ingest(paths)
    assert files(paths)["a.xml"][0] == "loaded"
    assert raw(paths, "select count(*) from raw.cfdi__concepts")[0][0] > 0


@pytest.mark.parametrize("indexes", [True, False])  # the first versions had none
def test_a_ledger_of_an_older_version_is_taken_over(paths, indexes: bool) -> None:
    put(paths, "a.xml", invoice(1))
    put(paths, "mal.xml", b"<x")
    ingest(paths)
    before = files(paths)
    newer = paths.ledger_file.rename(paths.ledger_file.with_name("newer.duckdb"))
    with duckdb.connect(str(paths.ledger_file)) as c:
        c.execute(f"attach '{newer}' as new (read_only)")
        c.execute(OLD_SCHEMA)
        if not indexes:
            c.execute("drop index uuids_by_uuid; drop index places_by_sha256")
    assert ingest(paths) == {}
    assert files(paths) == before
    assert originals.xml_of(paths, "00000000-0000-4000-8000-000000000001") == invoice(1)
    with Ledger.open(paths) as ledger:
        assert ledger.connection.execute("select count(*) from duckdb_indexes()").fetchall() == [(0,)]
