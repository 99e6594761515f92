"""A wrong file taken out and put back, set-aside things read again, originals back from the archive."""

import csv
import time
from pathlib import Path

import duckdb
import pytest

from cartera import lastrun
from cartera.calendar import utc_now
from cartera.errors import InputError
from cartera.home import HomePaths
from ingestion import corrections, originals
from ingestion.ledger import CONTENT_KEY, Ledger
from orchestration import cli_files, cli_read
from tests.documents import invoice
from tests.ingestion.test_load import INVOICES, files, ingest, paths, put, raw, reasons, zipped

__all__ = ["paths"]
LATER = INVOICES.replace("100.00", "111.00")


def id_of(paths: HomePaths, path: str, member: str = "") -> str:
    with duckdb.connect(str(paths.ledger_file), read_only=True) as c:
        return c.execute(
            "select file_id from files where path = ? and member = ?", [path, member]
        ).fetchall()[0][0]


def withdraw(paths: HomePaths, path: str, member: str = "") -> corrections.Corrected:
    return corrections.withdraw(
        paths, id_of(paths, path, member), who="ana", why="es de otra empresa", now=utc_now()
    )


def totals(paths: HomePaths) -> list[tuple]:
    return raw(paths, "select invoice_id, total::varchar from raw.register__invoices order by all")


def test_a_withdrawn_file_leaves_raw_and_stays_out_while_it_lies_in_the_inbox(paths: HomePaths) -> None:
    put(paths, "facturas_2026-05-31.csv", INVOICES)
    put(paths, "facturas_2026-06-30.csv", LATER)
    ingest(paths)
    lastrun.write(paths.last_run_file, {"fingerprint": "x", "status": "published"})
    before = totals(paths)
    done = withdraw(paths, "facturas_2026-06-30.csv")
    assert done.names == ["facturas_2026-06-30.csv"]
    assert totals(paths) == [("F1", "100.000000"), ("F2", "200.500000")]
    assert lastrun.read(paths.last_run_file)["fingerprint"] == "", "the next run has work to do"
    with duckdb.connect(str(paths.ledger_file), read_only=True) as c:
        reason, flags = c.execute("select reason, flags from files where status = 'withdrawn'").fetchall()[0]
    assert "ana" in reason
    assert "es de otra empresa" in reason
    assert {flag.partition(":")[0] for flag in flags.split()} == {
        "withdrawn_by", "withdrawn_at", "withdrawn_why", "withdrawn_was"}  # fmt: skip
    assert ingest(paths) == {}
    put(paths, "copia/igual.csv", LATER)
    assert ingest(paths) == {"withdrawn": 1}, "the same bytes elsewhere are the same mistake"
    ingest(paths, full_refresh=True)
    assert totals(paths) == [("F1", "100.000000"), ("F2", "200.500000")]
    assert files(paths)["facturas_2026-06-30.csv"] == ("withdrawn", "invoices", 0, 0, 0, 0)
    with pytest.raises(InputError, match="ya estaba retirado"):
        withdraw(paths, "facturas_2026-06-30.csv")

    (paths.inbox / "facturas_2026-06-30.csv").unlink()
    corrections.undo(paths, id_of(paths, "facturas_2026-06-30.csv"))
    assert ingest(paths) == {"loaded": 1, "duplicate": 1}, "from the archive, though the inbox lost one"
    assert totals(paths) == before
    with pytest.raises(InputError, match="no está retirado"):
        corrections.undo(paths, id_of(paths, "facturas_2026-06-30.csv"))


def test_a_zip_goes_out_and_comes_back_with_its_members(paths: HomePaths) -> None:
    put(paths, "lote.zip", zipped({"a.xml": invoice(1), "b.xml": invoice(2), "mal.xml": b"<x"}))
    put(paths, "c.xml", invoice(3))
    ingest(paths)
    before, rows = files(paths), raw(paths, "select * from raw.cfdi__documents order by all")
    assert len(withdraw(paths, "lote.zip").names) == 4
    assert raw(paths, "select uuid from raw.cfdi__documents") == [("00000000-0000-4000-8000-000000000003",)]
    assert reasons(paths) == {}
    ingest(paths, full_refresh=True)
    assert files(paths)["lote.zip"][0] == "withdrawn"
    assert raw(paths, "select count(*) from raw.cfdi__concepts")[0][0] > 0
    corrections.undo(paths, id_of(paths, "lote.zip"))
    ingest(paths)
    assert files(paths) == before
    assert raw(paths, "select * from raw.cfdi__documents order by all") == rows
    assert list(reasons(paths)) == ["lote.zipmal.xml"]


def test_one_member_of_a_zip_can_go_alone(paths: HomePaths) -> None:
    put(paths, "lote.zip", zipped({"a.xml": invoice(1), "b.xml": invoice(2)}))
    ingest(paths)
    withdraw(paths, "lote.zip", "a.xml")
    assert files(paths)["lote.zip"] == ("loaded", "zip", 1, 1, 0, 0)
    assert ingest(paths) == {}
    assert raw(paths, "select uuid from raw.cfdi__documents") == [("00000000-0000-4000-8000-000000000002",)]


def test_a_kill_between_ledger_and_raw_is_mended_by_the_next_commit(paths: HomePaths, monkeypatch) -> None:
    put(paths, "a.xml", invoice(1))
    ingest(paths)
    with monkeypatch.context() as m:
        m.setattr(corrections, "purge", lambda *_: None)
        withdraw(paths, "a.xml")
    assert raw(paths, "select count(*) from raw.cfdi__documents") == [(1,)]
    ingest(paths)
    assert raw(paths, "select count(*) from raw.cfdi__documents") == [(0,)]


def test_a_released_case_is_read_again_and_closes_if_it_can(paths: HomePaths) -> None:
    put(paths, "rara.csv", "Clave rara,Quién,Cuánto,Cuándo\nF1,C1,100.00,2026-05-01\n")
    put(paths, "mal.xml", b"<x")
    put(paths, "pagos.csv", "payment_id,customer_id,payment_date,currency,amount\nP1,C1,2026-05-05,MXN,N/A\n"
        "P2,C1,2026-05-06,MXN,10.00\n")  # fmt: skip
    ingest(paths)
    before, said = files(paths), reasons(paths)
    rows = raw(paths, "select * from raw.register__payments")
    for path in list(paths.inbox.iterdir()):
        path.unlink()
    assert len(corrections.release(paths, None).names) == 3
    assert {row[0] for row in files(paths).values()} == {"pending"}
    (paths.mappings / "mio.yml").write_text(
        "name: mio\nkind: invoices\nmatch: [Clave rara, Cuánto]\ncolumns:\n  invoice_id: Clave rara\n"
        "  customer_id: Quién\n  total: Cuánto\n  issue_date: Cuándo\n  currency: {const: MXN}\n",
        encoding="utf-8",
    )
    ingest(paths)
    found = files(paths)
    assert found.pop("rara.csv") == ("loaded", "invoices", 1, 1, 0, 0)
    before.pop("rara.csv")
    said.pop("rara.csv")
    assert found == before
    assert reasons(paths) == said
    assert raw(paths, "select * from raw.register__payments") == rows
    with pytest.raises(InputError, match="caso abierto"):
        corrections.release(paths, "nada")


def test_a_held_kind_waits_in_the_ledger_even_if_the_inbox_loses_it(paths: HomePaths) -> None:
    put(paths, "f.csv", INVOICES).with_name("x")
    ingest(paths, held={"invoices": "demasiadas filas apartadas"})
    (paths.inbox / "f.csv").unlink()
    ingest(paths)
    assert files(paths)["f.csv"][0] == "loaded"
    assert len(totals(paths)) == 2


def test_what_was_set_aside_is_exported_without_live_formulas(paths: HomePaths, tmp_path: Path) -> None:
    bad = "payment_id,customer_id,payment_date,currency,amount\n=1+1,@C1,2026-05-05,MXN,-N/A\n"
    put(paths, "=pagos.csv", bad)
    put(paths, "lote.zip", zipped({"../mal.xml": b"<x"}))
    ingest(paths)
    out = tmp_path / "salida"
    assert originals.export_quarantine(paths, out) == (2, 2)
    with (out / "apartados.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert not [v for row in rows for v in row.values() if v.startswith(originals.FORMULA_STARTS)]
    assert any(row["archivo"] == "'=pagos.csv" for row in rows)
    kept = {(out / row["original"]).read_bytes() for row in rows}
    assert kept == {(paths.inbox / "=pagos.csv").read_bytes(), b"<x"}
    assert {path.parent for path in out.rglob("*") if path.is_file()} == {out, out / "originales"}


def test_an_xml_comes_back_by_uuid_byte_for_byte(paths: HomePaths) -> None:
    put(paths, "lote.zip", zipped({"a.xml": invoice(1)}))
    put(paths, "b.xml", invoice(2))
    ingest(paths)
    assert originals.xml_of(paths, "00000000-0000-4000-8000-000000000001".upper()) == invoice(1)
    assert originals.xml_of(paths, "00000000-0000-4000-8000-000000000002") == invoice(2)
    with pytest.raises(InputError, match="UUID"):
        originals.xml_of(paths, "00000000-0000-4000-8000-000000000009")


def test_an_xml_of_a_hundred_thousand_comes_back_in_a_blink(paths: HomePaths) -> None:
    put(paths, "a.xml", invoice(1))
    ingest(paths)
    with Ledger.open(paths) as ledger:
        ledger.connection.execute(
            "insert into uuids select uuid(), sha256(i::varchar) from range(100000) t(i)"
        )
        ledger.connection.execute(
            f"insert into places select {CONTENT_KEY}, sha256, 'x.pack', i, 1, 1, 1 from "
            "(select i, sha256(i::varchar) as sha256 from range(100000) t(i))"
        )
    seconds = []
    for _ in range(7):
        started = time.process_time()
        originals.xml_of(paths, "00000000-0000-4000-8000-000000000001")
        seconds.append(time.process_time() - started)
    assert sorted(seconds)[3] < 0.08, "20 ms on a quiet machine; reading every place would take far longer"


FULL = """
name: completo
kind: invoices
match: [Fac, Imp]
delivery: full
columns: {invoice_id: Fac, customer_id: Cte, total: Imp, issue_date: Dia, currency: {const: MXN}}
"""


def test_a_whole_delivery_is_noted_unless_a_row_of_it_could_not_be_read(paths: HomePaths) -> None:
    (paths.mappings / "completo.yml").write_text(FULL, encoding="utf-8")
    put(paths, "f_2026-05-31.csv", "Fac,Cte,Imp,Dia\nF1,C1,10.00,2026-05-01\nTOTAL,,10.00,\n")
    put(paths, "f_2026-06-30.csv", "Fac,Cte,Imp,Dia\nF1,C1,10.00,2026-05-01\nF2,C1,N/A,2026-05-02\n")
    put(paths, "otra_2026-06-15.csv", INVOICES)
    ingest(paths)
    noted = [("invoices", "2026-05-31")]
    sql = "select kind, delivery_date::varchar from raw.full_deliveries"
    assert raw(paths, sql) == noted
    ingest(paths, full_refresh=True)
    assert raw(paths, sql) == noted
    withdraw(paths, "f_2026-05-31.csv")
    assert raw(paths, sql) == []


def test_the_commands_say_what_they_did(paths: HomePaths, tmp_path: Path, capfd) -> None:
    put(paths, "a.xml", invoice(1))
    put(paths, "mal.xml", b"<x")
    ingest(paths)
    cli_read.files(paths.home, "", 0)
    shown = capfd.readouterr().out
    key = id_of(paths, "a.xml")
    assert key in shown, "the whole key, however narrow the screen"
    out = tmp_path / "factura.xml"
    cli_files.xml(paths.home, "00000000-0000-4000-8000-000000000001", out)
    assert out.read_bytes() == invoice(1)
    cli_files.withdraw(paths.home, key, "prueba", undo=False)
    cli_files.withdraw(paths.home, key, "", undo=True)
    cli_files.release(paths.home, None, everything=True)
    cli_files.export_quarantine(paths.home, None)
    said = capfd.readouterr().out
    for words in ("Se retiró: 1 archivo", "Se vuelve a poner: 1 archivo", "Se volverá a leer: 1 archivo"):
        assert words in said
    assert (paths.exports / "apartados" / "apartados.csv").is_file()
    with pytest.raises(InputError, match="--all"):
        cli_files.release(paths.home, None, everything=False)
