"""The SAT's bulk metadata: names that hold anything, short and long rows, and refusals in words."""

from __future__ import annotations

import datetime as dt
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cartera.home import FOLDERS, HomePaths
from cartera.progress import Silent
from cartera.settings import Settings
from ingestion import load
from ingestion.contracts import RAW_TABLES
from ingestion.detect import detect
from ingestion.reading import Reading
from ingestion.sat.metadata import HEADER, read_metadata, read_third_parties
from tests.documents import uuid
from tests.ingestion.test_load import zipped

DAY = dt.date(2026, 7, 1)


def line(number: int = 1, **changes: str) -> str:
    cells = {
        "Uuid": uuid(number).upper(),
        "RfcEmisor": "EKU9003173C9",
        "NombreEmisor": "ESCUELA KEMPER URGATE",
        "RfcReceptor": "XIA190128J61",
        "NombreReceptor": "XENON INDUSTRIAL",
        "RfcPac": "SPR190613I52",
        "FechaEmision": "2026-05-04 12:00:00",
        "FechaCertificacionSat": "2026-05-04 12:00:05",
        "Monto": "1160.00",
        "EfectoComprobante": "I",
        "Estatus": "1",
        "FechaCancelacion": "",
    }
    assert set(changes) <= set(cells)
    return "~".join((cells | changes).values())


def text(*lines: str, end: str = "\r\n") -> bytes:
    return (end.join(["~".join(HEADER), *lines]) + end).encode()


def read(data: bytes) -> Reading:
    reading = read_metadata("carpeta/meta_2026-07-01.txt", data, "f" * 16, DAY)
    for name, table in reading.tables.items():
        assert table.schema == RAW_TABLES[name].arrow_schema
    loaded = sum(t.num_rows for t in reading.tables.values())
    assert reading.rows_read == loaded + len(reading.refusals)
    return reading


def rows(data: bytes) -> list[dict[str, Any]]:
    reading = read(data)
    assert not reading.refusals, reading.refusals
    found: list[dict[str, Any]] = reading.tables["sat__metadata"].to_pylist()
    return found


def test_a_row_is_read_with_its_provenance() -> None:
    (row,) = rows(text(line(Estatus="0", FechaCancelacion="2026-06-10 09:30:00")))
    assert row.pop("row_hash")
    assert row == {
        "uuid": uuid(1),
        "rfc_emisor": "EKU9003173C9",
        "nombre_emisor": "ESCUELA KEMPER URGATE",
        "rfc_receptor": "XIA190128J61",
        "nombre_receptor": "XENON INDUSTRIAL",
        "rfc_pac": "SPR190613I52",
        "fecha_emision": dt.datetime(2026, 5, 4, 12, 0, 0),  # noqa: DTZ001 -- local time, as the SAT writes it
        "fecha_certificacion_sat": dt.datetime(2026, 5, 4, 12, 0, 5),  # noqa: DTZ001
        "monto": Decimal("1160.000000"),
        "efecto_comprobante": "I",
        "estatus": 0,
        "fecha_cancelacion": dt.datetime(2026, 6, 10, 9, 30),  # noqa: DTZ001
        "source_file_id": "f" * 16,
        "row_number": 2,
        "delivery_date": DAY,
        "extra": None,
    }


@pytest.mark.parametrize(
    ("changes", "emisor", "receptor"),
    [
        ({"NombreReceptor": 'LA "PERLA", S.A.'}, "ESCUELA KEMPER URGATE", 'LA "PERLA", S.A.'),
        ({"NombreReceptor": '"'}, "ESCUELA KEMPER URGATE", '"'),
        ({"NombreReceptor": "DOS\nRENGLONES"}, "ESCUELA KEMPER URGATE", "DOSRENGLONES"),
        ({"NombreReceptor": "A~B"}, "ESCUELA KEMPER URGATE", "A~B"),
        ({"NombreEmisor": "~X~"}, "~X~", "XENON INDUSTRIAL"),
        ({"NombreEmisor": "A~B", "NombreReceptor": "C~D~E"}, "A~B", "C~D~E"),
        ({"NombreReceptor": "=SUMA(A1)"}, "ESCUELA KEMPER URGATE", "=SUMA(A1)"),
        ({"NombreReceptor": "PE\x07ÑA\u202e"}, "ESCUELA KEMPER URGATE", "PE ÑA"),
        ({"NombreReceptor": ""}, "ESCUELA KEMPER URGATE", None),
    ],
)
def test_names_hold_anything(changes: dict[str, str], emisor: str, receptor: str | None) -> None:
    row, after = rows(text(line(**changes), line(2)))
    assert (row["nombre_emisor"], row["nombre_receptor"]) == (emisor, receptor)
    assert (row["rfc_receptor"], row["rfc_pac"], row["estatus"]) == ("XIA190128J61", "SPR190613I52", 1)
    assert after["uuid"] == uuid(2)


def test_short_rows_are_filled_long_rows_kept_and_blank_lines_skipped() -> None:
    short = line().removesuffix("~")
    data = text(short, "", line(2) + "~algo~más", "~~~")
    first, second = rows(data)
    assert (first["fecha_cancelacion"], first["extra"]) == (None, None)
    assert second["extra"] == '{"columna_13": "algo", "columna_14": "más"}'
    assert second["row_number"] == 4
    assert read(data).flags == ["extra_columns"]
    named = data.replace(b"FechaCancelacion\r", b"FechaCancelacion~RfcACuentaTerceros\r")
    assert '"RfcACuentaTerceros": "algo"' in rows(named)[1]["extra"]


def test_ampersand_and_enie_in_an_rfc_stay() -> None:
    (row,) = rows(text(line(RfcReceptor="ñ&o010101ab1")))
    assert row["rfc_receptor"] == "Ñ&O010101AB1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    (row,) = rows(text(line(NombreReceptor="PEÑA")).decode().encode(encoding))
    assert row["nombre_receptor"] == "PEÑA"


def test_plain_line_ends_and_words_for_codes() -> None:
    (row,) = rows(text(line(Estatus="Vigente", EfectoComprobante="Ingreso", Monto="$1,160.00"), end="\n"))
    assert (row["estatus"], row["efecto_comprobante"], row["monto"]) == (1, "I", Decimal(1160))


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"Uuid": "A-113"}, "bad_uuid", "no es un UUID"),
        ({"Estatus": "2"}, "bad_status", "Estatus «2»"),
        ({"Estatus": ""}, "bad_status", "Estatus «vacío»"),
        ({"Monto": "1e400"}, "bad_amount", "Monto"),
        ({"Monto": "NaN"}, "bad_amount", "Monto"),
        ({"FechaCancelacion": "10/06/2026"}, "bad_date", "FechaCancelacion «10/06/2026»"),
        ({"FechaEmision": "2026-02-30 00:00:00"}, "bad_date", "FechaEmision"),
        ({"FechaEmision": ""}, "bad_date", "FechaEmision «vacío»"),
        ({"RfcReceptor": ""}, "missing_value", "falta RfcReceptor"),
        ({"NombreEmisor": "A~XIA190128J61~B"}, "ambiguous_columns", "«~»"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_rest_load(changes: dict[str, str], code: str, words: str) -> None:
    reading = read(text(line(1), line(2, **changes), line(3)))
    assert [r["uuid"] for r in reading.tables["sat__metadata"].to_pylist()] == [uuid(1), uuid(3)]
    (refusal,) = reading.refusals
    assert (refusal.code, refusal.row_number, refusal.location) == (code, 3, "fila 3")
    assert refusal.reason.startswith("Fila 3 de meta_2026-07-01.txt: ")
    assert words in refusal.reason
    assert refusal.raw_text


def test_a_row_cut_short_is_not_cancelled_nor_valid() -> None:
    reading = read(text(line(1)) + line(2).encode()[:90])
    assert [r.row_number for r in reading.refusals] == [3]


def test_another_header_is_refused_whole() -> None:
    reading = read(text(line()).replace(b"Estatus", b"Estado"))
    assert reading.file_refused
    assert "Estatus" in reading.refusals[0].reason


def test_a_hostile_row_of_many_marks_is_quick() -> None:
    reading = read(text("~".join([uuid(1), "EKU9003173C9", *["~"] * 500_000]) + "x"))
    assert len(reading.refusals) == 1


@pytest.fixture
def paths(tmp_path: Path) -> HomePaths:
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    return HomePaths(tmp_path)


def ingest(paths: HomePaths, files: dict[str, bytes], held: dict[str, str] | None = None) -> dict[str, int]:
    for name, data in files.items():
        (paths.inbox / name).write_bytes(data)
        os.utime(paths.inbox / name, (1_780_000_000, 1_780_000_000))
    load.collect(paths, Settings(), Silent())
    return load.commit(paths, held or {}, Silent())


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_loose_or_in_a_zip_it_lands_in_raw(paths: HomePaths) -> None:
    inside = zipped({"A1B2_01.txt": text(line(2), line(3, Estatus="9"))})
    assert ingest(paths, {"meta_2026-07-01.txt": text(line(1)), "paquete.zip": inside}) == {"loaded": 3}
    assert query(paths.warehouse_file, "select uuid from raw.sat__metadata order by 1") == [
        (uuid(1),),
        (uuid(2),),
    ]
    assert query(
        paths.ledger_file,
        "select member, kind, rows_read, rows_loaded, rows_quarantined from files order by path, member",
    ) == [("", "sat_metadata", 1, 1, 0), ("", "zip", 2, 1, 1), ("A1B2_01.txt", "sat_metadata", 2, 1, 1)]


def test_delivered_twice_is_stored_once_and_a_repeated_row_is_counted(paths: HomePaths) -> None:
    ingest(paths, {"a_2026-06-01.txt": text(line(1))})
    assert ingest(paths, {"copia_2026-06-01.txt": text(line(1))}) == {"duplicate": 1}
    ingest(paths, {"b_2026-06-08.txt": text(line(1), line(2))})
    assert query(
        paths.ledger_file, "select rows_loaded, rows_duplicate from files where path like 'b_%'"
    ) == [(1, 1)]


def test_gate_one_can_hold_it(paths: HomePaths) -> None:
    assert ingest(paths, {"a.txt": text(line(1))}, {"sat_metadata": "prueba"}) == {"pending": 1}
    assert query(paths.warehouse_file, "select count(*) from raw.sat__metadata") == [(0,)]


def third_parties(*lines: str) -> bytes:
    return ("\r\n".join(["Uuid~RfcACuentaTerceros~NombreACuentaTerceros", *lines]) + "\r\n").encode()


def test_the_file_of_third_parties_is_its_own_kind() -> None:
    data = third_parties(
        f"{uuid(1).upper()}~aaa010101aaa~AGENTE\n ADUANAL ~ SC",
        f"{uuid(1)}~BBB010101AB1~",
        "",
        f"{uuid(2)}~~SIN RFC",
        "x~AAA010101AAA~Y",
    )
    assert detect("terceros.txt", data[:4096]) == "sat_third_parties"
    reading = read_third_parties("a/terceros.txt", data, "f" * 16, DAY)
    table = reading.tables["sat__third_parties"]
    assert table.schema == RAW_TABLES["sat__third_parties"].arrow_schema
    assert [
        (r["uuid"], r["rfc_a_cuenta_terceros"], r["nombre_a_cuenta_terceros"]) for r in table.to_pylist()
    ] == [
        (uuid(1), "AAA010101AAA", "AGENTE ADUANAL ~ SC"),
        (uuid(1), "BBB010101AB1", None),
    ]
    assert [(r.row_number, r.code) for r in reading.refusals] == [(5, "missing_value"), (6, "bad_uuid")]
    assert reading.rows_read == 4


def test_a_package_of_the_sat_lands_whole(paths: HomePaths) -> None:
    package = zipped(
        {"A1_01.txt": text(line(2)), "A1_01_tercero.txt": third_parties(f"{uuid(2)}~AAA010101AAA~UNO")}
    )
    assert ingest(paths, {"A1_01.zip": package}) == {"loaded": 3}
    joined = "select rfc_pac, rfc_a_cuenta_terceros from raw.sat__metadata join raw.sat__third_parties using (uuid)"
    assert query(paths.warehouse_file, joined) == [("SPR190613I52", "AAA010101AAA")]
