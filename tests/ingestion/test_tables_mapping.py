"""Mapping files: what they may say, what is refused and how, which one wins, and the mappings that are shipped."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cartera.errors import InputError
from ingestion.contracts import REGISTERS
from ingestion.tables.mapping import MappingError, load_mappings, mappings_hash, parse_mappings
from ingestion.tables.suggest import suggest
from tests.ingestion.tables_kit import INVOICE, SHIPPED, codes, column, read, refused, rows

GOOD = """
name: contpaqi-facturas
kind: invoices
match: [Folio, "Fecha de emisión", Total]
columns:
  invoice_id: {join: [Serie, Folio]}
  serie: Serie
  folio: Folio
  customer_id: Código
  issue_date: {from: "Fecha de emisión", format: "%d/%m/%Y"}
  total: Total
  currency: {const: MXN}
decimal: "."
ignore: [Saldo]
delivery: full
"""


def test_the_contract_example_works() -> None:
    mapping = parse_mappings(GOOD.encode(), "contpaqi.yml")
    data = "Serie,Folio,FECHA DE EMISION,total,Código,Saldo,Otra\nA,0012,03/04/2026,5,C,9,z\n,13,04/04/2026,6,C,,\n"
    reading = read("x.csv", data, mapping)
    first, second = rows(reading)
    assert (first["invoice_id"], first["serie"], first["folio"]) == ("A-0012", "A", "0012")
    assert (second["invoice_id"], second["currency"]) == ("13", "MXN")
    assert first["issue_date"] == date(2026, 4, 3)
    assert first["extra"] == '{"Otra": "z"}'
    assert reading.flags == ["extra_columns:Otra", "delivery_full:invoices"]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("kindd: x", "kindd"),
        ("kind: facturas", "kind"),
        ("name: ''", "name"),
        ("columns: {factura: Folio}", "columns.factura"),
        ("columns: {invoice_id: 5}", "columns.invoice_id"),
        ("columns: {invoice_id: No}", "columns.invoice_id"),
        ("columns: {invoice_id: {desde: Folio}}", "columns.invoice_id.desde"),
        ("columns: {invoice_id: {from: A, const: B}}", "columns.invoice_id"),
        ("columns: {issue_date: {from: A, format: '%d/%m'}}", "columns.issue_date.format"),
        ("columns: {issue_date: {from: A, format: '%d/%m/%Q %Y'}}", "columns.issue_date.format"),
        ("columns: {invoice_id: {from: A, format: '%d/%m/%Y'}}", "columns.invoice_id.format"),
        ("columns: {total: {join: [A, B]}}", "columns.total.join"),
        ("columns: [A]", "columns"),
        ("decimal: ';'", "decimal"),
        ("thousands: '.'", "thousands"),
        ("header_row: 0", "header_row"),
        ("encoding: klingon", "encoding"),
        ("encoding: base64", "encoding"),
        ("delimiter: abc", "delimiter"),
        ("delivery: maybe", "delivery"),
        ("ignore: [5]", "ignore"),
    ],
)
def test_a_wrong_mapping_names_the_file_and_the_key(change: str, key: str) -> None:
    base = {"name": "m", "kind": "invoices", "columns": "{invoice_id: Folio}", "decimal": "'.'"}
    base.pop(change.partition(":")[0], None)
    text = "\n".join([f"{k}: {v}" for k, v in base.items()] + [change])
    with pytest.raises(MappingError) as caught:
        parse_mappings(text.encode(), "malo.yml")
    assert isinstance(caught.value, InputError)
    assert "malo.yml" in str(caught.value)
    assert f"«{key}»" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        b"a: [",
        b"- a",
        b"name: a\nname: b",
        b"x: &a [1]\ny: *a",
        b"\xff\xfe",
        b"name: !!python/object:os.system {}",
        b"5",
    ],
)
def test_what_is_no_mapping(text: bytes) -> None:
    with pytest.raises(MappingError, match=r"malo\.yml"):
        parse_mappings(text, "malo.yml")


def test_the_home_wins_by_name_and_when_both_fit(tmp_path: Path) -> None:
    (tmp_path / "mio.yml").write_text(
        "{name: mio, kind: payments, match: [Number, Partner], columns: {payment_id: Number, customer_id: Partner, "
        "payment_date: Invoice/Bill Date, currency: Currency, amount: Total}}"
    )
    (tmp_path / "leeme.txt").write_text("no es un mapeo")
    mappings = load_mappings(tmp_path)
    assert [m.name for m in mappings if m.origin == "home"] == ["mio"]
    data = "Number,Partner,Invoice/Bill Date,Total,Currency\n1,C,2026-01-01,5,MXN\n"
    assert read("x.csv", data).kind == "invoices"
    assert read("x.csv", data, mappings[:1]).kind == "payments"
    (tmp_path / "mio.yml").write_text(
        "{name: odoo-facturas, kind: invoices, match: [Zzz], columns: {invoice_id: Zzz}}"
    )
    replaced = load_mappings(tmp_path)
    assert [m.source for m in replaced if m.name == "odoo-facturas"] == ["mio.yml"]
    assert mappings_hash(replaced) != mappings_hash(SHIPPED) == mappings_hash(SHIPPED[::-1])


def test_two_mappings_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yaml"):
        (tmp_path / name).write_text("{name: m, kind: invoices, columns: {invoice_id: Folio}}")
    with pytest.raises(MappingError, match=r"b\.yaml"):
        load_mappings(tmp_path)


def test_a_missing_home_folder_is_no_fault(tmp_path: Path) -> None:
    assert load_mappings(tmp_path / "no") == SHIPPED


def test_encoding_delimiter_and_header_row_by_mapping() -> None:
    mapping = parse_mappings(
        "{name: sae, kind: customers, match: [Clave, Compañía], encoding: cp850, delimiter: '^', header_row: 2, "
        "columns: {customer_id: Clave, name: Compañía}}".encode(),
        "sae.yml",
    )
    data = "Clave^Compañía\nClave^Compañía\n01^Ñandú\n".encode("cp850")
    reading = read("x.txt", data, mapping)
    assert column(reading, "name") == ["Ñandú"]


def test_every_kind_has_spanish_headers() -> None:
    generic = {m.kind: m for m in SHIPPED if m.is_generic}
    assert set(generic) == set(REGISTERS)
    for kind, mapping in generic.items():
        header = [
            mapping.columns[c.name].headers[0] for c in REGISTERS[kind].columns if c.name in mapping.columns
        ]
        reading = read(f"{kind}.csv", ",".join(header) + "\n")
        assert (reading.kind, reading.file_refused) == (kind, False)
        for name in mapping.file_names:
            assert read(f"{name} 2026.csv", ",".join(header) + "\n").kind == kind, name


def test_odoo_invoices() -> None:
    data = (
        "Number,Partner,Invoice/Bill Date,Due Date,Untaxed Amount,Tax,Total,Amount Due,Currency,Status\n"
        "INV/2026/00001,Azul SA,2026-01-15,2026-02-14,100.00,16.00,116.00,116.00,MXN,Posted\n"
    )
    row = rows(read("account.move.csv", data))[0]
    assert (row["invoice_id"], row["customer_id"], row["total"]) == (
        "INV/2026/00001",
        "Azul SA",
        Decimal(116),
    )
    assert row["extra"] is None


def test_ambiguity_is_settled_by_the_name_or_refused() -> None:
    data = "Folio,Cliente,Fecha,Importe,Moneda\n1,C,2026-01-31,5,MXN\n"
    reading = read("datos.csv", data)
    assert refused(reading) == "ambiguous_kind"
    assert all(kind in reading.refusals[0].reason for kind in ("invoices", "payments", "credit_notes"))
    for name, kind in (
        ("Pagos enero.csv", "payments"),
        ("invoices-1.csv", "invoices"),
        ("notas_de_credito.csv", "credit_notes"),
    ):
        assert read(name, data).kind == kind


def test_headers_decide_between_close_kinds() -> None:
    assert read("x.csv", "write_off_id,invoice_id,date,amount,currency,customer_id\n").kind == "write_offs"
    assert read("x.csv", f"{INVOICE},name,Saldo\n").kind == "invoices"
    assert read("x.csv", "Fecha,Total,Moneda,Cliente,Factura,Saldo\n").kind == "invoices"
    assert read("x.csv", "Pago,Factura,Fecha de pago,Importe pagado,Moneda\n").kind == "payments"


def test_what_stands_in_parentheses() -> None:
    reading = read("x.csv", "Clave cliente (SAE),Nombre,Plazo (en días),Zona\nc\tx\n1,A,30,\n")
    assert column(reading, "terms_days") == [30]
    reading = read(
        "facturas.csv", "Factura,Cliente,Moneda,Total (MXN),Fecha de emisión\n1,C,USD,5,2026-01-01\n"
    )
    assert refused(reading) == "missing_column"


def test_a_systems_mapping_wins_over_synonyms_whatever_it_declares() -> None:
    mapping = parse_mappings(
        b"{name: m, kind: payments, match: [Factura, Pagado], encoding: utf-8, delimiter: ';', columns: "
        b"{payment_id: Factura, invoice_id: Factura, payment_date: Fecha, amount: Pagado, currency: Moneda}}",
        "m.yml",
    )
    data = "Factura;Cliente;Fecha;Total;Moneda;Pagado\n1;C;2026-01-31;5;MXN;4\n"
    assert read("x.csv", data).kind == "invoices"
    reading = read("x.csv", data, mapping)
    assert (reading.kind, column(reading, "invoice_id")) == ("payments", ["1"])


def test_suggestion_reads_what_it_proposes() -> None:
    data = (
        "Reporte;;;;\nFolio Factura;Cliente;Moneda;Importe total;Fecha de emisión;Fecha venci\n"
        "1;C;MXN;1.234,50;03/04/2026;\n2;C;MXN;N/A;04/04/2026;\n"
    )
    text = suggest("carpeta/Facturas ene.csv", data.encode())
    assert "¿será due_date?" in text
    assert "1 filas leídas, 1 en cuarentena" in text
    mapping = parse_mappings(text.encode(), "propuesto.yml")
    assert mapping[0].name == "facturas-ene"
    reading = read("x.csv", data, mapping)
    assert column(reading, "total") == [Decimal("1234.50")]
    assert column(reading, "issue_date") == [date(2026, 4, 3)]
    assert codes(reading) == [(4, "bad_amount")]


def test_suggestion_says_what_is_missing() -> None:
    text = suggest("x.csv", b"Folio;Cliente;Importe total;Fecha\n1;2;3;4\n")
    assert "# currency: FALTA" in text
    assert parse_mappings(text.encode(), "propuesto.yml")[0].kind == "invoices"
    assert suggest("x.pdf", b"%PDF-1.7").startswith("# El archivo es un PDF")
    assert suggest("x.csv", b"hola\n").startswith("# ")
