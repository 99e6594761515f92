"""Registers as companies have them, in every file type: what is loaded, what is refused, and why."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from ingestion.contracts import REGISTERS
from ingestion.tables.grid import column_letter
from tests.ingestion.tables_kit import DELIVERED, FILE_ID, INVOICE, codes, column, read, refused, rows

VALUES = {
    "text": "X1",
    "money": "1160.50",
    "rate": "17.1234",
    "date": "2026-01-31",
    "integer": "30",
    "boolean": "sí",
}
SPECIAL = {
    "currency": "MXN",
    "account_currency": "USD",
    "credit_limit_currency": "MXN",
    "uuid": "6C0A0D5E-0000-4000-8000-00000000000A",
    "rep_uuid": "6C0A0D5E-0000-4000-8000-00000000000B",
    "invoice_uuid": "6C0A0D5E-0000-4000-8000-00000000000C",
}


@pytest.mark.parametrize("kind", REGISTERS)
@pytest.mark.parametrize("only_required", [True, False])
def test_every_kind_reads_by_contract_names(kind: str, only_required: bool) -> None:
    columns = [c for c in REGISTERS[kind].columns if c.required or not only_required]
    if kind == "payments" and only_required:
        columns += [c for c in REGISTERS[kind].columns if c.name == "invoice_id"]
    header = ",".join(c.name for c in columns)
    line = ",".join(SPECIAL.get(c.name, VALUES[c.type]) for c in columns)
    reading = read(f"{kind}_2026.csv", f"{header}\n{line}\n{line}\n")
    assert (reading.kind, reading.refusals, reading.rows_read) == (kind, [], 2)
    found = rows(reading)
    expected = {
        "text": "X1",
        "money": Decimal("1160.50"),
        "rate": Decimal("17.1234"),
        "date": date(2026, 1, 31),
        "integer": 30,
        "boolean": True,
    }
    for c in columns:
        value = SPECIAL.get(c.name, expected[c.type])
        assert found[0][c.name] == (value.lower() if c.name.endswith("uuid") else value)
    assert found[0]["row_hash"] == found[1]["row_hash"]
    assert [r["row_number"] for r in found] == [2, 3]
    assert {r["source_file_id"] for r in found} == {FILE_ID}
    assert {r["delivery_date"] for r in found} == {DELIVERED}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    text = "Clave cliente,Razón social,Límite de crédito\n007,Ñandú y Cía,1500.25\n".replace(",", delimiter)
    reading = read("catalogo.csv", text.encode(encoding))
    assert reading.kind == "customers"
    assert column(reading, "name") == ["Ñandú y Cía"]
    assert column(reading, "customer_id") == ["007"]
    assert column(reading, "credit_limit") == [Decimal("1500.25")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    reading = read("x.csv", f"{INVOICE}{end}1,C,MXN,5,2026-01-01{end}2,C,MXN,6,2026-01-02{end}")
    assert column(reading, "row_number") == [2, 3]


def test_damaged_utf8_is_refused_and_not_misread() -> None:
    good = "customer_id,name\n1,Compañía Ñuñez México\n".encode()
    assert refused(read("x.csv", good[:-12] + b"\xff" + good[-12:])) == "bad_encoding"


def test_excel_sep_line() -> None:
    reading = read("x.csv", "sep=|\n" + INVOICE.replace(",", "|") + "\n1|C|MXN|5|2026-01-01\n")
    assert column(reading, "row_number") == [3]


def test_titles_totals_repeated_headers_and_blank_rows() -> None:
    reading = read(
        "facturas.csv",
        "Comercializadora del Norte SA,,,,\n"
        "Relación de facturas,,,,\n"
        ",,,,\n"
        "Factura,Cliente,Moneda,Total,Fecha de emisión\n"
        "001,C1,MXN,100.00,2026-01-01\n"
        ",,,,\n"
        "Factura,Cliente,Moneda,Total,Fecha de emisión\n"
        "002,C1,MXN,200.00,2026-01-02\n"
        " , ,,  ,\n"
        ",,Total general,300.00,\n"
        "TOTAL,,,300.00,\n"
        ",,,300.00,\n",
    )
    assert column(reading, "invoice_id") == ["001", "002"]
    assert column(reading, "row_number") == [5, 8]
    assert codes(reading) == [
        (7, "repeated_header"),
        (10, "total_row"),
        (11, "total_row"),
        (12, "blank_required"),
    ]
    assert reading.rows_read == 6


def test_a_customer_called_total_is_no_total_row() -> None:
    reading = read("c.csv", "customer_id,name\n1,Total Play\nTOTAL-1,Totalmente\n")
    assert column(reading, "customer_id") == ["1", "TOTAL-1"]


def test_bad_rows_go_to_quarantine_and_the_rest_load() -> None:
    reading = read(
        "pagos_marzo.csv",
        "payment_id,customer_id,payment_date,currency,amount\n"
        "1,C,2026-03-01,MXN,10\n"
        "2,C,2026-03-01,MXN,N/A\n"
        "3,C,2026-02-30,MXN,10\n"
        "4,,2026-03-01,MXN,10\n"
        "5,C,2026-03-01,,10\n"
        "6,C,2026-03-01,PESOTES,10\n"
        "7,C,2026-03-01,mxn,10\n",
    )
    assert column(reading, "payment_id") == ["1", "7"]
    assert codes(reading) == [
        (3, "bad_amount"),
        (4, "bad_date"),
        (5, "blank_required"),
        (6, "blank_required"),
        (7, "bad_currency"),
    ]
    first = reading.refusals[0]
    assert first.location == "fila 3, columna «amount»"
    assert first.reason.startswith("Fila 3 de pagos_marzo.csv: columna «amount»: «N/A» no es un importe")
    assert first.raw_text == "2 | C | 2026-03-01 | MXN | N/A"


def test_a_payment_needs_a_customer_or_an_invoice() -> None:
    head = "payment_id,payment_date,currency,amount"
    assert refused(read("payments.csv", f"{head}\n1,2026-01-01,MXN,5\n")) == "missing_column"
    uuid = "6c0a0d5e-0000-4000-8000-00000000000a"
    reading = read(
        "p.csv",
        f"{head},customer_id,invoice_id,invoice_uuid\n1,2026-01-01,MXN,5,C,,\n2,2026-01-01,MXN,5,,F,\n"
        f"3,2026-01-01,MXN,5,,,{uuid}\n4,2026-01-01,MXN,5,,,\n",
    )
    assert column(reading, "payment_id") == ["1", "2", "3"]
    assert codes(reading) == [(5, "blank_required")]


def test_blank_is_unknown_and_never_zero() -> None:
    reading = read("x.csv", f"{INVOICE},iva,due_date,fx_rate\n1,C,MXN,5,2026-01-01,, ,\u00a0\n")
    row = rows(reading)[0]
    assert (row["iva"], row["due_date"], row["fx_rate"], row["subtotal"]) == (None, None, None, None)


def test_order_format_and_file_type_do_not_change_the_hash() -> None:
    a = read("a.csv", f"{INVOICE},iva\n1,C,MXN,1160.5,2026-01-13,\n")
    b = read("b.csv", "Fecha;Total;Moneda;Cliente;Factura;Saldo\n13/01/2026;$1,160.50;Pesos;C;1;9\n")
    frame = pl.DataFrame(
        {
            "total": [Decimal("1160.50")],
            "invoice_id": ["1"],
            "customer_id": ["C"],
            "issue_date": [date(2026, 1, 13)],
            "currency": ["mxn"],
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    c = read("c.parquet", buffer.getvalue())
    assert column(a, "row_hash") == column(b, "row_hash") == column(c, "row_hash")
    d = read("d.csv", f"{INVOICE}\n1,C,MXN,1160.51,2026-01-13\n")
    assert column(d, "row_hash") != column(a, "row_hash")


def test_unknown_columns_are_kept_and_flagged() -> None:
    reading = read("x.csv", f"Saldo,{INVOICE},,Nota\n12,1,C,MXN,5,2026-01-01,,\n,2,C,MXN,5,2026-01-01,,\n")
    assert reading.flags == ["extra_columns:Saldo,Nota"]
    assert [json.loads(e) if e else None for e in column(reading, "extra")] == [{"Saldo": "12"}, None]


def test_missing_column_names_it() -> None:
    reading = read("invoices_enero.csv", "invoice_id,customer_id,total,issue_date\n1,C,5,2026-01-01\n")
    assert (refused(reading), reading.kind) == ("missing_column", "invoices")
    assert "«currency»" in reading.refusals[0].reason
    assert "invoices_enero.csv" in reading.refusals[0].reason


def test_an_invoice_file_without_totals_is_not_taken_for_customers() -> None:
    reading = read(
        "datos.csv", "invoice_id,customer_id,name,currency,issue_date,due_date\n1,C,N,MXN,2026-01-01,\n"
    )
    assert (refused(reading), reading.kind) == ("missing_column", "invoices")


def test_identifiers_are_text() -> None:
    reading = read("x.csv", f"{INVOICE},folio,company_rfc\n000123,0045,MXN,5,2026-01-01,1e5, aaa010101aaa \n")
    row = rows(reading)[0]
    assert (row["invoice_id"], row["customer_id"], row["folio"]) == ("000123", "0045", "1e5")
    assert row["company_rfc"] == "AAA010101AAA"


def test_control_characters_are_refused_and_line_breaks_are_blanks() -> None:
    reading = read("x.csv", 'customer_id,name\n1,"Uno\nDos"\n2,a\x07b\n3,a\u202eb\n4,bien\n')
    assert column(reading, "name") == ["Uno Dos", "bien"]
    assert codes(reading) == [(3, "control_character"), (4, "control_character")]
    assert "\\x07" in reading.refusals[0].reason


def test_uuid_must_be_one() -> None:
    reading = read("x.csv", f"{INVOICE},uuid\n1,C,MXN,5,2026-01-01,pendiente\n2,C,MXN,5,2026-01-01,\n")
    assert codes(reading) == [(2, "bad_uuid")]
    assert column(reading, "uuid") == [None]


def test_rows_that_cannot_be_cut_are_set_aside() -> None:
    reading = read(
        "x.csv",
        f"{INVOICE},branch\n"
        '1,C,MXN,5,2026-01-01,"Norte, ""A"""\n'
        "2,C,MXN,1,160.00,2026-01-01,Sur\n"
        '3,C,MXN,5,2026-01-01,"sin cerrar\n'
        "4,C,MXN,5,2026-01-01\n"
        '5,C,MXN,5,2026-01-01,Tubo 3/8" x 2\n'
        '6,C,MXN,5,2026-01-01,"a"b\n',
    )
    assert column(reading, "invoice_id") == ["1", "4", "5"]
    assert column(reading, "branch") == ['Norte, "A"', None, 'Tubo 3/8" x 2']
    assert codes(reading) == [(3, "extra_cells"), (4, "bad_quotes"), (7, "bad_quotes")]


@pytest.mark.parametrize("title", ["", "Relación de facturas\n\n"])
def test_a_row_with_too_many_cells_far_below_the_header(title: str) -> None:
    body = "".join(f"{n},C,MXN,5,2026-01-01\n" for n in range(100))
    reading = read("x.csv", f"{title}{INVOICE}\n{body}a,C,MXN,1,160.00,2026-01-01\nb,C,MXN,7,2026-01-01\n")
    assert reading.rows_read == 102
    assert codes(reading) == [(102 + title.count("\n"), "extra_cells")]
    assert column(reading, "row_number")[-1] == 103 + title.count("\n")


def test_a_file_cut_while_copied_keeps_what_is_whole() -> None:
    reading = read("x.csv", f"{INVOICE}\n1,C,MXN,5,2026-01-01\n2,C,MXN,16")
    assert column(reading, "invoice_id") == ["1"]
    assert codes(reading) == [(3, "truncated_row")]


def test_currency_beside_the_amount() -> None:
    reading = read(
        "x.csv",
        f"{INVOICE}\n"
        "1,C,MXN,$ 100.00 MXN,2026-01-01\n"
        "2,C,USD,USD 100.00,2026-01-01\n"
        "3,C,MXN,US$100,2026-01-01\n"
        "4,C,,100 USD,2026-01-01\n"
        "5,C,M.N.,100 M.N.,2026-01-01\n",
    )
    assert list(zip(column(reading, "invoice_id"), column(reading, "currency"), strict=True)) == [
        ("1", "MXN"),
        ("2", "USD"),
        ("4", "USD"),
        ("5", "MXN"),
    ]
    assert codes(reading) == [(4, "bad_amount")]
    assert "otra moneda" in reading.refusals[0].reason


def test_equal_rows_are_all_returned() -> None:
    reading = read("x.csv", f"{INVOICE}\n" + "1,C,MXN,5,2026-01-01\n" * 3)
    assert reading.rows_read == len(rows(reading)) == 3
    assert len(set(column(reading, "row_hash"))) == 1


def test_a_header_without_rows_is_an_empty_register() -> None:
    reading = read("invoices.csv", f"{INVOICE}\n\n")
    assert (reading.kind, reading.rows_read, reading.flags) == ("invoices", 0, ["no_rows"])


def test_a_needed_header_that_stands_twice_is_refused() -> None:
    assert refused(read("x.csv", f"{INVOICE},Total\n1,C,MXN,5,2026-01-01,6\n")) == "duplicate_header"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\xef\xbb\xbf\n\n", "empty"),
        ("a.csv", b"hola\nmundo\n", "unknown_headers"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "xls"),
        (
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
        ("a.xlsx", b"<html><table><tr><td>invoice_id</td></tr></table></html>", "html"),
        ("a.xlsx", b"\n<?xml version='1.0'?><Workbook/>", "html"),
        ("a.xlsx", b"PK\x03\x04" + bytes(40), "xlsx_damaged"),
        ("a.parquet", b"PAR1" + bytes(40) + b"PAR1", "parquet_damaged"),
        ("a.csv", b"%PDF-1.7 ...", "pdf"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(name: str, data: bytes, code: str) -> None:
    reading = read(name, data)
    assert refused(reading) == code
    assert name in reading.refusals[0].reason


def test_parquet_types() -> None:
    frame = pl.DataFrame(
        {
            "invoice_id": [1, 2, 3],
            "customer_id": pl.Series(["C", "C", "D"], dtype=pl.Categorical),
            "currency": ["MXN"] * 3,
            "total": [0.1 + 0.2, 1e11, None],
            "issue_date": [datetime.fromisoformat("2026-01-01T10:30:00")] * 3,
            "due_date": [date(2026, 2, 1), None, None],
            "notas": [["a"], None, []],
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    reading = read("x.parquet", buffer.getvalue())
    assert column(reading, "invoice_id") == ["1", "2"]
    assert column(reading, "total") == [Decimal("0.3"), Decimal(10) ** 11]
    assert column(reading, "issue_date") == [date(2026, 1, 1)] * 2
    assert codes(reading) == [(4, "blank_required")]


def test_a_time_with_a_zone_is_no_business_date() -> None:
    frame = pl.DataFrame(
        {"date": ["2026-01-01"], "currency": ["USD"], "mxn_per_unit": ["17.5"]}
    ).with_columns(pl.col("date").str.to_datetime("%Y-%m-%d").dt.replace_time_zone("UTC"))
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    assert codes(read("x.parquet", buffer.getvalue())) == [(2, "bad_date")]


def test_column_letters() -> None:
    assert [column_letter(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
