"""Kind by content: the name never decides what the bytes already say."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.detect import detect

CFDI = '<?xml version="1.0" encoding="UTF-8"?><cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4"/>'
METADATA = "Uuid~RfcEmisor~NombreEmisor~RfcReceptor~NombreReceptor~RfcPac~FechaEmision\r\n"


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.xml", CFDI.encode(), "cfdi_xml"),
        ("a.pdf", CFDI.encode(), "cfdi_xml"),
        ("a.xml", b"\xef\xbb\xbf" + CFDI.encode(), "cfdi_xml"),
        ("a.xml", CFDI.encode("utf-16"), "cfdi_xml"),
        ("a.xml", CFDI.encode("utf-16-le"), "cfdi_xml"),
        ("a.xml", CFDI.encode("utf-16-be"), "cfdi_xml"),
        ("a.xml", b"\n  " + CFDI.encode(), "cfdi_xml"),
        ("a.xml", b"basura" + CFDI.encode(), "cfdi_xml"),
        ("a.xml", b"<root/>", "cfdi_xml"),
        ("a.xml", b"<!DOCTYPE html><html><body>No encontrado</body></html>", "html"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "html"),
        ("a.xml", zipped("1.xml"), "zip"),
        ("a.zip", zipped("1.xml", "2.xml"), "zip"),
        ("a.zip", zipped(), "zip"),
        ("a.zip", zipped("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        ("a.xlsx", zipped("xl/workbook.xml", "[Content_Types].xml"), "xlsx"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 50, "xls"),
        ("a.bin", b"PAR1\x15\x04", "parquet"),
        ("a.xml", b"%PDF-1.7\n", "pdf"),
        ("a.csv", b"invoice_id,total\n1,2\n", "table_text"),
        ("a.txt", b"invoice_id\ttotal\n1\t2\n", "table_text"),
        ("a", "cliente;importe\n1;2\n".encode("utf-16"), "table_text"),
        ("a.csv", "número,año\n1,2\n".encode("windows-1252"), "table_text"),
        ("clientes.csv", b"customer_id\nC1\n", "table_text"),
        ("a.txt", METADATA.encode(), "sat_metadata"),
        ("a.csv", b"\xef\xbb\xbf" + METADATA.encode(), "sat_metadata"),
        ("a.xml", b"", "empty"),
        ("a.csv", b"\r\n  \t", "empty"),
        ("a.xml", b"\0" * 100, "empty"),
        ("foto.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(32)) * 4, "unknown"),
        ("a.dat", b"hola", "unknown"),
    ],
)
def test_kind(name: str, head: bytes, kind: str) -> None:
    assert detect(name, head) == kind


@given(st.text(max_size=20), st.binary(max_size=600))
def test_anything_has_a_kind(name: str, head: bytes) -> None:
    assert detect(name, head)
