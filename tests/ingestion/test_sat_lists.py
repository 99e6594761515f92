"""The SAT's lists of articles 69 and 69-B: titles above the header, Windows-1252, quotes and bad rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ingestion.contracts import RAW_TABLES
from ingestion.detect import detect
from ingestion.reading import Reading
from ingestion.sat.lists import read_list

TITLES = (
    "Información actualizada al 31 de octubre de 2026,,,,\n"
    '"Listado completo de contribuyentes (Artículo 69-B del Código Fiscal de la Federación)",,,,\n'
)
HEADER_69B = "No,RFC,Nombre del Contribuyente,Situación del contribuyente,Número y fecha de oficio\n"
ROWS_69B = (
    '1,AAA080808HL8,"ASESORES EN ÁRBOLES, S.A. DE C.V.",Sentencia Favorable,500-05-2018-1\n'
    '2,ÑA&110202KX7,"TALLER ""LA NIÑA"" S.C.",Definitivo,"500-05-2019, de fecha 2"\n'
    '3,BBB120202KX7,"DOS\nRENGLONES",Presunto,\n'
)
LIST_69 = (
    "RFC,RAZÓN SOCIAL,TIPO PERSONA,SUPUESTO,FECHAS DE PRIMERA PUBLICACION,ENTIDAD FEDERATIVA\n"
    'AAA080808HL8,"UNO, S.A.",M,NO LOCALIZADOS,01/01/2014,JALISCO\n'
    "PEPJ800101AB1,JUAN PÉREZ,F,FIRMES,16/05/2015,\n"
)


def read(kind: str, text: str, encoding: str = "cp1252") -> Reading:
    data = text.encode(encoding)
    assert detect("Listado.csv", data[:4096]) == kind
    reading = read_list(kind, "listas/Listado.csv", data, "f" * 16, dt.date(2026, 11, 1))
    for name, table in reading.tables.items():
        assert table.schema == RAW_TABLES[name].arrow_schema
    return reading


def rows(reading: Reading) -> list[dict[str, Any]]:
    (table,) = reading.tables.values()
    found: list[dict[str, Any]] = table.to_pylist()
    return found


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
def test_69b_below_its_titles(encoding: str) -> None:
    reading = read("sat_69b", (TITLES + HEADER_69B + ROWS_69B).replace("\n1,", "\r\n1,"), encoding)
    assert not reading.refusals
    assert [(r["rfc"], r["nombre"], r["situacion"], r["row_number"]) for r in rows(reading)] == [
        ("AAA080808HL8", "ASESORES EN ÁRBOLES, S.A. DE C.V.", "Sentencia Favorable", 4),
        ("ÑA&110202KX7", 'TALLER "LA NIÑA" S.C.', "Definitivo", 5),
        ("BBB120202KX7", "DOS RENGLONES", "Presunto", 7),
    ]
    assert "500-05-2019, de fecha 2" in rows(reading)[1]["extra"]


def test_69() -> None:
    found = rows(read("sat_69", LIST_69))
    assert [(r["rfc"], r["supuesto"], r["fecha_publicacion"]) for r in found] == [
        ("AAA080808HL8", "NO LOCALIZADOS", "01/01/2014"),
        ("PEPJ800101AB1", "FIRMES", "16/05/2015"),
    ]


def test_bad_rows_are_set_aside_and_hidden_names_are_not() -> None:
    text = (
        TITLES
        + HEADER_69B
        + "1,XXXXXXXXXXXX,X,Definitivo,\n2,no es,Y,Presunto,\n3,AAA080808HL8,Z,,\n,,,,\n4\n"
    )
    reading = read("sat_69b", text)
    assert [r["rfc"] for r in rows(reading)] == ["XXXXXXXXXXXX"]
    assert [(r.row_number, r.code) for r in reading.refusals] == [
        (5, "bad_rfc"),
        (6, "missing_value"),
        (8, "missing_value"),
    ]
    assert "«Situación del contribuyente»" in reading.refusals[1].reason
    assert reading.rows_read == 4


def test_an_open_quote_does_not_swallow_the_list_in_silence() -> None:
    body = "".join(f"{i},AAA080808HL8,UNO,Definitivo,\n" for i in range(6000))
    reading = read("sat_69b", TITLES + HEADER_69B + '1,AAA080808HL8,"UNO,Definitivo,\n' + body)
    assert reading.file_refused
    assert "comillas" in reading.refusals[0].reason


def test_a_register_with_an_rfc_and_a_status_is_no_list_of_the_sat() -> None:
    own = "customer_id,RFC,Nombre,Situación\nC1,AAA080808HL8,Uno,Activo\n"
    assert detect("clientes.csv", own.encode()) == "table_text"
