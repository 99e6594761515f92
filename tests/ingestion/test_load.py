"""The stretch from inbox to raw: nothing vanishes, nothing counts twice, in whatever order it comes."""

import io
import os
import time
import zipfile
from pathlib import Path

import duckdb
import pytest

from cartera.home import FOLDERS, HomePaths
from cartera.progress import Silent
from cartera.settings import Settings
from ingestion import load
from ingestion.ledger import Ledger
from tests.documents import invoice, payment, write_csv

OLD = 1_780_000_000  # a fixed moment of 2026 for mtimes

INVOICES = """
invoice_id,customer_id,currency,total,issue_date
F1,C1,MXN,100.00,2026-05-01
F2,C1,MXN,200.50,2026-05-02
"""


@pytest.fixture
def paths(tmp_path: Path) -> HomePaths:
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    return HomePaths(tmp_path)


def put(paths: HomePaths, name: str, data: bytes | str) -> Path:
    path = paths.inbox / name
    if isinstance(data, str):
        write_csv(path, data)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    os.utime(path, (OLD, OLD))
    return path


def ingest(paths: HomePaths, held: dict[str, str] | None = None, **options: bool) -> dict[str, int]:
    load.collect(paths, Settings(), Silent(), **options)
    return load.commit(paths, held or {}, Silent())


def files(paths: HomePaths) -> dict[str, tuple[str, str, int, int, int, int]]:
    with duckdb.connect(str(paths.ledger_file), read_only=True) as c:
        rows = c.execute(
            "select path || case when member <> '' then '/' || member else '' end, status, kind, rows_read, "
            "rows_loaded, rows_quarantined, rows_duplicate from files"
        ).fetchall()
    assert all(row[3] == row[4] + row[5] + row[6] for row in rows), rows
    return {row[0]: row[1:] for row in rows}


def raw(paths: HomePaths, sql: str) -> list[tuple]:
    with duckdb.connect(str(paths.warehouse_file), read_only=True) as c:
        return c.execute(sql).fetchall()


def reasons(paths: HomePaths) -> dict[str, str]:
    with duckdb.connect(str(paths.ledger_file), read_only=True) as c:
        return dict(
            c.execute(
                "select f.path || f.member, q.reason from quarantine q join files f using (file_id) "
                "where q.status = 'open'"
            ).fetchall()
        )


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_each_kind_lands_in_its_table_with_its_provenance(paths):
    put(paths, "a.xml", invoice(1))
    put(paths, "rep.xml", payment(2, "2026-05-20", [(1, "1160.00", "1160.00", "0.00")]))
    put(paths, "facturas_2026-05-31.csv", INVOICES)
    assert ingest(paths) == {"loaded": 3}
    assert raw(
        paths, "select uuid, total::varchar, tipo_de_comprobante from raw.cfdi__documents order by 1"
    ) == [
        ("00000000-0000-4000-8000-000000000001", "1160.000000", "I"),
        ("00000000-0000-4000-8000-000000000002", "0.000000", "P"),
    ]
    assert raw(
        paths,
        "select invoice_id, total::varchar, row_number, delivery_date::varchar from raw.register__invoices order by 1",
    ) == [("F1", "100.000000", 2, "2026-05-31"), ("F2", "200.500000", 3, "2026-05-31")]
    assert raw(paths, "select imp_pagado::varchar from raw.cfdi__payment_documents") == [("1160.000000",)]


def test_the_same_bytes_twice_are_a_duplicate_and_change_nothing(paths):
    put(paths, "a.xml", invoice(1))
    put(paths, "f.csv", INVOICES)
    ingest(paths)
    before = raw(paths, "select * from raw.register__invoices order by invoice_id")
    assert ingest(paths) == {}, "nothing new, nothing read"
    put(paths, "copy/a.xml", invoice(1))
    put(paths, "copy/f.csv", INVOICES)
    assert ingest(paths) == {"duplicate": 2}
    assert raw(paths, "select * from raw.register__invoices order by invoice_id") == before
    assert raw(paths, "select count(*) from raw.cfdi__documents") == [(1,)]
    assert files(paths)["copy/f.csv"] == ("duplicate", "invoices", 2, 0, 0, 2)


def test_a_row_known_from_another_delivery_is_counted_as_repeated(paths):
    put(paths, "facturas_2026-05-31.csv", INVOICES)
    ingest(paths)
    put(paths, "facturas_2026-06-30.csv", INVOICES.rstrip() + "\nF3,C1,MXN,5,2026-06-01\n")
    ingest(paths)
    assert files(paths)["facturas_2026-06-30.csv"] == ("loaded", "invoices", 3, 1, 0, 2)


def test_a_zip_is_its_members(paths):
    data = zipped(
        {"x/a.xml": invoice(1), "a.xml": b"<broken", "f.csv": INVOICES.strip().encode(), "vacio.xml": b""}
    )
    put(paths, "lote.zip", data)
    put(paths, "suelto.xml", invoice(1))
    ingest(paths)
    found = files(paths)
    assert found["lote.zip/x/a.xml"][:2] == ("loaded", "cfdi")
    assert found["suelto.xml"][:2] == ("duplicate", "cfdi")
    assert found["lote.zip/a.xml"][0] == "quarantined"
    assert found["lote.zip/vacio.xml"][0] == "quarantined"
    assert found["lote.zip/f.csv"] == ("loaded", "invoices", 2, 2, 0, 0)
    members = [row for name, row in found.items() if name.startswith("lote.zip/")]
    assert found["lote.zip"] == ("loaded", "zip", *(sum(row[i] for row in members) for i in range(2, 6)))


BAD = {
    "mal.xml": (b"<cfdi:Comprobante", "mal formado"),
    "doctype.xml": (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + invoice(9)[38:], "DOCTYPE"),
    "cortado.zip": (zipped({"a.xml": invoice(8)})[:-30], "ZIP"),
    "sin_columna.csv": (b"invoice_id,customer_id,currency,issue_date\nF1,C1,MXN,2026-01-01\n", "total"),
    "html.xlsx": (b"<html><table><tr><td>x</td></tr></table></html>", "web"),
    "vacio.csv": (b"", "vac"),
    "foto.pdf": (b"%PDF-1.7 ...", "PDF"),
    "nota.txt": (b"hola, esto no es una tabla", "encabezado"),
}


def test_bad_input_is_set_aside_with_a_reason_and_the_rest_loads(paths):
    for name, (data, _) in BAD.items():
        put(paths, name, data)
    put(paths, "bueno.xml", invoice(1))
    put(paths, "pagos.csv", "payment_id,customer_id,payment_date,currency,amount\nP1,C1,2026-05-05,MXN,N/A\n"
        "P2,C1,2026-05-06,MXN,10.00\n")  # fmt: skip
    ingest(paths)
    found = files(paths)
    said = reasons(paths)
    for name, (_, word) in BAD.items():
        assert found[name][0] == "quarantined", name
        assert word.lower() in said[name].lower(), (name, said[name])
    assert found["bueno.xml"][0] == "loaded"
    assert found["pagos.csv"] == ("loaded", "payments", 2, 1, 1, 0)
    assert "N/A" in said["pagos.csv"]
    assert "2" in said["pagos.csv"], "the row is named"


def test_a_repaired_file_is_taken_and_its_case_is_closed(paths):
    put(paths, "a.xml", invoice(1)[:-20])
    ingest(paths)
    assert list(reasons(paths)) == ["a.xml"]
    put(paths, "a.xml", invoice(1))
    assert ingest(paths) == {"loaded": 1}
    assert reasons(paths) == {}
    assert raw(paths, "select count(*) from raw.cfdi__documents") == [(1,)]


def test_a_mended_mapping_reads_again_what_it_had_refused(paths):
    put(
        paths,
        "mis_facturas.csv",
        "Clave rara;Quién;Cuánto;Cuándo\nF1;C1;100.00;2026-05-01\n".replace(";", ","),
    )
    ingest(paths)
    assert files(paths)["mis_facturas.csv"][0] == "quarantined"
    (paths.mappings / "mio.yml").write_text(
        "name: mio\nkind: invoices\nmatch: [Clave rara, Cuánto]\ncolumns:\n  invoice_id: Clave rara\n"
        "  customer_id: Quién\n  total: Cuánto\n  issue_date: Cuándo\n  currency: {const: MXN}\n",
        encoding="utf-8",
    )
    ingest(paths)
    assert files(paths)["mis_facturas.csv"] == ("loaded", "invoices", 1, 1, 0, 0)


def test_a_kind_that_the_gate_holds_waits_and_is_read_again(paths):
    put(paths, "f.csv", INVOICES)
    put(paths, "a.xml", invoice(1))
    ingest(paths, held={"invoices": "demasiadas filas apartadas"})
    assert files(paths)["f.csv"][0] == "pending"
    assert raw(paths, "select count(*) from raw.register__invoices") == [(0,)]
    ingest(paths)
    assert files(paths)["f.csv"][0] == "loaded"


def test_a_file_still_changing_is_left_for_the_next_run_when_scheduled(paths):
    path = put(paths, "f.csv", INVOICES)
    now = time.time()
    os.utime(path, (now, now))
    assert ingest(paths, scheduled=True) == {"pending": 1}
    os.utime(path, (now - 60, now - 60))
    assert ingest(paths, scheduled=True) == {"loaded": 1}


def test_a_lost_warehouse_is_rebuilt_from_the_archive_even_if_the_inbox_is_gone(paths):
    put(paths, "a.xml", invoice(1))
    put(paths, "lote.zip", zipped({"b.xml": invoice(2), "c.xml": b"<x"}))
    put(paths, "facturas_2026-05-31.csv", INVOICES)
    ingest(paths)
    tables = ("cfdi__documents", "cfdi__concepts", "register__invoices")
    before = [raw(paths, f"select * from raw.{t} order by all") for t in tables]
    ledger = files(paths)
    paths.warehouse_file.unlink()
    for path in list(paths.inbox.iterdir()):
        path.unlink()
    ingest(paths)
    assert [raw(paths, f"select * from raw.{t} order by all") for t in tables] == before
    assert files(paths) == ledger


def test_what_a_mac_adds_to_a_zip_is_accounted_for_and_bothers_nobody(paths):
    data = zipped({"a/": b"", "a/a.xml": invoice(1), "__MACOSX/a/._a.xml": b"\x00\x05\x16\x07"})
    put(paths, "lote.zip", data)
    ingest(paths)
    assert files(paths)["lote.zip/__MACOSX/a/._a.xml"] == ("loaded", "system", 0, 0, 0, 0)
    assert "lote.zip/a/" not in files(paths)
    assert reasons(paths) == {}


def test_a_touched_file_keeps_its_rows(paths):
    put(paths, "a.xml", invoice(1))
    put(paths, "f.csv", INVOICES)
    put(paths, "lote.zip", zipped({"b.xml": invoice(2)}))
    ingest(paths)
    before = files(paths)
    for name in ("a.xml", "f.csv", "lote.zip"):
        os.utime(paths.inbox / name, (OLD + 500, OLD + 500))
    assert ingest(paths) == {}, "nothing is new"
    assert raw(paths, "select count(*) from raw.register__invoices") == [(2,)]
    assert raw(paths, "select count(*) from raw.cfdi__documents") == [(2,)]
    assert files(paths) == before


def test_a_full_refresh_with_the_inbox_in_place_gives_the_same(paths):
    put(paths, "a.xml", invoice(1))
    put(paths, "copia.xml", invoice(1))
    put(paths, "mal.xml", b"<x")
    put(paths, "f.csv", INVOICES)
    put(paths, "lote.zip", zipped({"b.xml": invoice(2), "a.xml": invoice(1)}))
    ingest(paths)
    before = files(paths)
    assert before["copia.xml"] == ("duplicate", "cfdi", 1, 0, 0, 1)
    rows = raw(paths, "select * from raw.cfdi__documents order by all")
    put(paths, "nuevo.xml", invoice(3))
    ingest(paths, full_refresh=True)
    assert {name: row for name, row in files(paths).items() if name != "nuevo.xml"} == before
    assert raw(paths, "select * from raw.cfdi__documents where uuid not like '%3' order by all") == rows
    assert raw(paths, "select count(*) from raw.cfdi__documents") == [(3,)]
    ingest(paths)
    assert len(files(paths)) == len(before) + 1


def test_a_kill_between_raw_and_ledger_leaves_nothing_twice(paths, monkeypatch):
    put(paths, "a.xml", invoice(1))
    put(paths, "f.csv", INVOICES)

    class KilledError(Exception):
        pass

    def die(*_args):
        raise KilledError

    with monkeypatch.context() as m:
        m.setattr(Ledger, "merge", die)
        with pytest.raises(KilledError):
            ingest(paths)
    assert {row[0] for row in files(paths).values()} == {"pending"}
    assert ingest(paths) == {"loaded": 2}
    assert raw(paths, "select count(*) from raw.cfdi__documents") == [(1,)]
    assert raw(paths, "select count(*) from raw.register__invoices") == [(2,)]


def test_order_of_arrival_does_not_change_raw(paths, tmp_path_factory):
    documents = {"a.xml": invoice(1), "b.xml": invoice(2), "facturas_2026-05-31.csv": INVOICES,
                 "z_2026-06-30.csv": INVOICES.replace("100.00", "101.00")}  # fmt: skip
    results = []
    for order in (list(documents), list(documents)[::-1]):
        home = HomePaths(tmp_path_factory.mktemp("home"))
        for name in FOLDERS:
            (home.home / name).mkdir()
        for name in order:
            put(home, name, documents[name])
            ingest(home)
        results.append([raw(home, f"select * from raw.{t} order by all")
                        for t in ("cfdi__documents", "register__invoices")])  # fmt: skip
    assert results[0] == results[1]
