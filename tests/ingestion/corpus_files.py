"""The corpus's registers, workbooks, archives, and what people drop that is no data."""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
from collections.abc import Iterator

import polars as pl

from tests.ingestion.cfdi_kit import cfdi
from tests.ingestion.corpus_item import Item, bad, ok, stamped, zipped
from tests.ingestion.tables_kit import INVOICE, xlsx
from tests.ingestion.test_archives import make_zip

SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def repack(data: bytes, change: dict[str, bytes | None], extra: dict[str, bytes] | None = None) -> bytes:
    """A workbook with members changed, left out (None) or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return buffer.getvalue()


def row(number: int, total: str = "5.00", day: str = "2026-01-31") -> str:
    return f"T{number},C,MXN,{total},{day}\n"


def tables() -> Iterator[Item]:
    """Registers: what loads whole, in part, or not at all."""
    head = INVOICE + "\n"
    yield ok("llana.csv", head + row(1) + row(2), "invoices", 2)
    yield ok("bom.csv", (head + row(3)).encode("utf-8-sig"), "invoices")
    yield ok("utf16.csv", (head + row(4)).encode("utf-16"), "invoices")
    yield ok(
        "windows.csv",
        (head.replace("\n", ",Notas\n") + "T5,Ñandú,MXN,1,2026-01-31,á\n").encode("cp1252"),
        "invoices",
    )
    yield ok("punto_y_coma.csv", (head + row(6)).replace(",", ";"), "invoices")
    yield ok("tabuladores.tsv", (head + row(7)).replace(",", "\t"), "invoices")
    yield ok("pesos.csv", head + 'T8,C,MXN,"$1,160.00 MXN",2026-01-31\n', "invoices")
    yield ok(
        "titulo_y_total.csv",
        "Reporte;;;;\n" + (head + row(9) + ",,,5.00,\n").replace(",", ";"),
        "invoices",
        1,
        "blank_required",
    )
    yield ok("encabezado_repetido.csv", head + row(10) + head + row(11), "invoices", 2, "repeated_header")
    yield ok("formula.csv", head + "=1+1,@SUMA(A1),MXN,5.00,2026-01-31\n", "invoices")
    yield ok("fila_mala.csv", head + row(12) + row(13, "N/A") + row(14), "invoices", 2, "bad_amount")
    yield ok(
        "trampas.csv",
        head + row(15) + row(16, "1e400") + row(17, "1_234") + row(18, "NaN"),
        "invoices",
        1,
        "bad_amount bad_amount bad_amount",
    )
    yield ok("de_mas.csv", head + row(19) + row(20).rstrip() + ",x\n", "invoices", 1, "extra_cells")
    yield ok(
        "control.csv", head + row(21) + "T22\x01,C,MXN,5,2026-01-31\n", "invoices", 1, "control_character"
    )
    yield ok("cortada.csv", head + row(23) + "T24,C", "invoices", 1, "truncated_row")
    yield ok("ceros.csv", head + "00025,007,MXN,5.00,2026-01-31\n", "invoices")
    yield bad("vacia.csv", "\n\n", "not_read_empty", "empty")
    yield bad("solo_encabezado_raro.csv", "a,b,c\n1,2,3\n", "unknown_headers", "unknown")
    yield bad(
        "falta_columna.csv",
        "invoice_id,customer_id,currency,issue_date\nT26,C,MXN,2026-01-01\n",
        "missing_column",
        "invoices",
    )
    yield bad(
        "ambigua.csv",
        head + row(27, day="03/04/2026") + row(28, day="05/04/2026"),
        "ambiguous_date",
        "invoices",
    )
    commas = INVOICE.replace(",", ";") + "\nT29;C;MXN;1.160,50;2026-01-31\n"
    yield bad("coma_decimal.csv", commas, "decimal_comma", "invoices")
    yield bad(
        "dos_totales.csv", f"{INVOICE},Total\nT30,C,MXN,5,2026-01-01,6\n", "duplicate_header", "invoices"
    )
    yield bad("todas_malas.csv", head + row(31, "x") + row(32, "y"), "bad_amount bad_amount", "invoices")
    yield bad(
        "utf8_dañado.csv",
        (head + row(33).replace("C", "Ñandú, S. A. de C. V. · México".replace(",", ""))).encode()
        + b"T34,\xff,MXN,5,2026-01-31\n",
        "bad_encoding",
        "unknown",
    )
    yield from binaries()


def binaries() -> Iterator[Item]:
    """Workbooks, Parquet, and what people drop that is no data."""
    header = INVOICE.split(",")
    book = xlsx({"A": [header, ["X1", "C", "MXN", 5, "2026-01-31"]]})
    yield ok("libro.xlsx", book, "invoices")
    yield ok(
        "libro_con_titulo.xlsx",
        xlsx({"A": [["Reporte"], [], header, ["X2", "C", "MXN", 5, "2026-01-31"]], "B": [["x"]]}),
        "invoices",
    )
    yield ok(
        "libro_fila_mala.xlsx",
        xlsx({"A": [header, ["X3", "C", "MXN", 5, "2026-01-31"], ["X4", "C", "MXN", "?", "2026-01-31"]]}),
        "invoices",
        1,
        "bad_amount",
    )
    yield bad("cortado.xlsx", book[: len(book) // 2], "xlsx_damaged", "unknown")
    yield bad(
        "sin_hoja.xlsx", repack(book, {SHEET: b"<worksheet><sheetData><row"}), "xlsx_damaged", "unknown"
    )
    doctype = b'<!DOCTYPE w [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet><sheetData>&e;</sheetData></worksheet>'
    yield bad(
        "entidad.xlsx", repack(book, {SHEET: doctype}), "empty", "unknown"
    )  # nothing is expanded: no cells
    yield bad(
        "binario.xlsb", repack(book, {"xl/workbook.xml": None}, {"xl/workbook.bin": b"x"}), "xlsb", "unknown"
    )
    yield bad("inflada.xlsx", repack(book, {SHEET: b" " * (100 << 20)}), "xlsx_damaged", "unknown")
    far = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    opening = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    yield bad(
        "lejos.xlsx",
        repack(book, {SHEET: opening + far + b"</sheetData></worksheet>"}),
        "sheet_too_wide",
        "unknown",
    )
    parquet = io.BytesIO()
    values = (["X5", "X6"], ["C", "C"], ["MXN", "MXN"], ["1", "x"], ["2026-01-31", "2026-01-31"])
    pl.DataFrame(dict(zip(header, values, strict=True))).write_parquet(parquet)
    yield ok("malo.parquet", parquet.getvalue(), "invoices", 1, "bad_amount")
    yield bad("cortado.parquet", parquet.getvalue()[:-9], "parquet_damaged", "unknown")
    yield bad("viejo.xls", OLE + bytes(600), "not_read_xls", "xls")
    yield bad(
        "cifrado.xlsx", OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le"), "not_read_xls", "xls"
    )
    yield bad(
        "pagina.xls", "<html><table><tr><td>invoice_id</td></tr></table></html>", "not_read_html", "html"
    )
    yield bad("factura.pdf", b"%PDF-1.7\n" + bytes(200), "not_read_pdf", "pdf")
    yield bad("foto.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not_read_unknown", "unknown")
    yield bad("ejecutable.csv", b"MZ" + bytes(range(256)) * 4, "not_read_unknown", "unknown")
    yield bad("comprimido.xml.gz", gzip.compress(cfdi().encode(), mtime=0), "not_read_unknown", "unknown")
    yield bad("vacio.xml", b"", "not_read_empty", "empty")
    yield bad("ceros.xml", bytes(500), "not_read_empty", "empty")


def flagged(data: bytes) -> bytes:
    """The first member marked as encrypted, in its header and in the index."""
    content = bytearray(data)
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def archives(first: int) -> Iterator[Item]:
    """ZIPs; their documents take UUIDs from `first` on."""
    numbers = iter(range(first, first + 100))
    number = lambda: stamped(cfdi(), next(numbers))  # noqa: E731
    one, two = number(), number()
    yield zipped(
        "dos.zip", make_zip(("a.xml", one), ("b.xml", two)), "loaded", ok("a.xml", b""), ok("b.xml", b"")
    )
    names = ("../../etc/x.xml", "/abs.xml", "C:\\w.xml", "a\x1b[31m.xml", "uuid.xml.xml")
    yield zipped(
        "nombres.zip",
        make_zip(*[(n, number()) for n in names]),
        "loaded",
        *[ok(n.replace("\x1b", "\ufffd"), b"") for n in names],
    )
    yield zipped(
        "iguales.zip",
        make_zip(("a.xml", number()), ("a.xml", number())),
        "loaded",
        ok("a.xml", b""),
        ok("a.xml#2", b""),
    )
    table = f"{INVOICE}\nZ1,C,MXN,5,2026-01-31\n"
    book = xlsx({"A": [INVOICE.split(","), ["Z2", "C", "MXN", 5, "2026-01-31"]]})
    yield zipped(
        "mezcla.zip",
        make_zip(
            ("a.xml", number()),
            ("t.csv", table.encode()),
            ("l.xlsx", book),
            ("mal.xml", b"<zip"),
            ("0.xml", b""),
            ("f.pdf", b"%PDF-1.4 zip"),
        ),
        "loaded",
        ok("a.xml", b""),
        ok("t.csv", b"", "invoices"),
        ok("l.xlsx", b"", "invoices"),
        bad("mal.xml", b"", "xml_malformed", "unknown"),
        bad("0.xml", b"", "empty", "unknown"),
        bad("f.pdf", b"", "not_read_pdf", "pdf"),
    )
    yield zipped(
        "mac.zip",
        make_zip(
            ("c/", b""), ("c/a.xml", number()), ("__MACOSX/c/._a.xml", b"\0\5\x16\7"), (".DS_Store", b"x")
        ),
        "loaded",
        ok("c/a.xml", b""),
        Item("__MACOSX/c/._a.xml", b"", "loaded", "system"),
        Item(".DS_Store", b"", "loaded", "system"),
    )
    yield zipped(
        "cifrado.zip",
        flagged(make_zip(("s.xml", number()), ("a.xml", number()))),
        "loaded",
        bad("s.xml", b"", "zip_encrypted", "unknown"),
        ok("a.xml", b""),
    )
    link = zipfile.ZipInfo("enlace.xml")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    yield zipped(
        "enlace.zip",
        make_zip((link, b"/etc/passwd")),
        "quarantined",
        bad("enlace.xml", b"", "zip_symlink", "unknown"),
    )
    inner = make_zip(("x.xml", number()))
    yield zipped(
        "dentro.zip",
        make_zip(("d.zip", inner), ("e.xml", inner + b"\0")),
        "quarantined",
        bad("d.zip", b"", "zip_nested", "unknown"),
        bad("e.xml", b"", "zip_nested", "unknown"),
    )
    yield zipped(
        "bomba.zip",
        make_zip(("b.xml", bytes(30 << 20)), ("c.xml", b"<" + bytes(3 << 20)), ("a.xml", number())),
        "loaded",
        bad("b.xml", b"", "zip_ratio", "unknown"),
        bad("c.xml", b"", "zip_ratio", "unknown"),
        ok("a.xml", b""),
    )
    yield zipped(
        "metodo.zip",
        make_zip(("a.xml", number()), method=zipfile.ZIP_BZIP2),
        "quarantined",
        bad("a.xml", b"", "zip_method", "unknown"),
    )
    damaged = bytearray(make_zip(("1.xml", number()), ("2.xml", number()), method=zipfile.ZIP_STORED))
    damaged[60] ^= 0xFF
    yield zipped(
        "dañado.zip",
        bytes(damaged),
        "loaded",
        bad("1.xml", b"", "zip_member_damaged", "unknown"),
        ok("2.xml", b""),
    )
    yield zipped("con_otro_nombre.xml", make_zip(("a.xml", number())), "loaded", ok("a.xml", b""))
    yield Item("vacio.zip", make_zip(), "loaded", "zip")
    whole = make_zip(*[(f"{i}.xml", number()) for i in range(9)])
    yield bad("cortado.zip", whole[: len(whole) * 7 // 10], "zip_truncated", "zip")
    yield bad("falso.zip", b"PK\x03\x04" + b"no es un ZIP" * 50, "zip_truncated", "zip")
