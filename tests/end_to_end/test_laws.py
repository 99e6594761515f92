"""The laws of conservation on a mixed inbox of our own: L4 money by an independent reader, L5 any order and batching.

L1 to L3 are asserted on the corpus and the mutants too (tests/ingestion); L7 is test_rebuild. The independent
reader is plain Python: ElementTree and csv over the very files, never the project's readers.
"""

from __future__ import annotations

import csv
import io
import os
import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest

from tests.documents import invoice, payment, uuid
from tests.end_to_end.test_late_documents import ALL, AS_OF, MARTS
from tests.home_kit import ingest, laws, make_home, mart_hash, marts, put, raw_hash
from tests.ingestion.test_archives import make_zip

pytestmark = pytest.mark.slow

ORDERS = int(os.environ.get("CARTERA_FUZZ_ORDERS", "15"))
CFDI = "{http://www.sat.gob.mx/cfd/4}"
STAMP = f"{CFDI}Complemento/{{http://www.sat.gob.mx/TimbreFiscalDigital}}TimbreFiscalDigital"
PAGO = f"{CFDI}Complemento/{{http://www.sat.gob.mx/Pagos20}}Pagos/{{http://www.sat.gob.mx/Pagos20}}Pago"
Money = dict[tuple[str, str], Decimal]

MIXED: dict[str, bytes | str] = ALL | {
    "usd.xml": invoice(21, "100.10", currency="USD"),
    "usd_otra.xml": invoice(22, "0.01", currency="USD"),
    "otra_vez/usd.xml": invoice(21, "100.10", currency="USD"),  # the same bytes
    "con_espacios.xml": invoice(22, "0.01", currency="USD").replace(b"<cfdi:Conceptos>", b"\n <cfdi:Conceptos>"),
    "lote.zip": make_zip(
        ("uno.xml", invoice(23, "33.33")), ("uno.xml.bak", invoice(24, "66.67")), ("mal.xml", b"<cfdi:Comprobante"),
    ),
    "pue.xml": invoice(25, "250.00", method="PUE"),
    "rep_de_nadie.xml": payment(26, "2026-05-29", [(99, "10.00", "10.00", "0.00")]),
    "roto.xml": invoice(27)[:-20],
    "sin_sentido.bin": bytes(range(256)),
    "invoices_2026-06-04.csv": "invoice_id,uuid,customer_id,currency,total,issue_date\n"
    f"F3,,C1,MXN,77.77,2026-05-07\nF4,,C1,USD,12.34,2026-05-08\nR1,{uuid(1)},C9,MXN,1160.00,2026-05-04\n"
    "F5,,C1,MXN,no sé,2026-05-09\n",
    "payments_2026-06-05.csv": "payment_id,customer_id,payment_date,currency,fx_rate,amount\n"
    "P10,C1,2026-05-28,USD,17.5,12.00\nP11,C1,2026-05-29,MXN,,0.03\nP12,C1,2026-05-30,MXN,,x\n",
}  # fmt: skip


def contents() -> dict[bytes, str]:
    """Every distinct content of the inbox with a name of it, ZIPs opened."""
    import zipfile

    found: dict[bytes, str] = {}
    for name, data in MIXED.items():
        content = data if isinstance(data, bytes) else data.encode()
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                found |= {archive.read(entry): entry.filename for entry in archive.infolist()}
        else:
            found[content] = name
    return found


def independent() -> tuple[Money, Money]:
    """Money per (what, currency) as the sources say it, and once a document as the ledger must say it."""
    said: Money = defaultdict(Decimal)
    once: dict[tuple[str, str], tuple[str, Decimal]] = {}
    registers: dict[str, list[dict[str, str]]] = defaultdict(list)
    for content, name in contents().items():
        if name.endswith(".csv"):
            registers[name.split("_2026")[0]] += csv.DictReader(io.StringIO(content.decode()))
            continue
        try:
            root = ElementTree.fromstring(content)
        except (ElementTree.ParseError, ValueError):
            continue
        kind, currency, total = (root.attrib[n] for n in ("TipoDeComprobante", "Moneda", "Total"))
        stamp = root.find(STAMP)
        assert stamp is not None
        identity = stamp.attrib["UUID"].lower()
        said[f"cfdi {kind}", currency] += Decimal(total)
        if kind in "IE":
            once["invoice" if kind == "I" else "credit_note", identity] = currency, Decimal(total)
        for number, pago in enumerate(root.iterfind(PAGO), start=1):
            amount = Decimal(pago.attrib["Monto"])
            said["pago", pago.attrib["MonedaP"]] += amount
            once["payment", f"{identity}#{number}"] = pago.attrib["MonedaP"], amount
    for kind, key, entity, amount_name in (
        ("invoices", "invoice_id", "invoice", "total"),
        ("payments", "payment_id", "payment", "amount"),
        ("credit_notes", "cn_id", "credit_note", "total"),
    ):
        for row in registers[kind]:
            try:
                amount = Decimal(row[amount_name])
            except ArithmeticError:
                continue  # set aside
            said[kind, row["currency"]] += amount
            if not row.get("uuid"):  # its CFDI says the money of a row that names one
                once[entity, row[key]] = row["currency"], amount
    counted: Money = defaultdict(Decimal)
    for (entity, _), (currency, amount) in once.items():
        counted[entity, currency] += amount
    return dict(said), dict(counted)


def money(connection: duckdb.DuckDBPyConnection, parts: dict[str, str]) -> Money:
    found: Money = {}
    for what, sql in parts.items():
        for row in connection.execute(sql).fetchall():
            found[what if len(row) == 2 else f"{what} {row[0]}", row[-2]] = row[-1]
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    paths = make_home(tmp_path_factory.mktemp("laws") / "home")
    put(paths, MIXED)
    ingest(paths)
    with marts(paths, AS_OF, MARTS) as connection:
        yield paths, connection


def test_every_file_member_and_row_has_one_end(home: Any) -> None:
    laws(home[0], MIXED)


def test_money_is_the_same_in_the_files_in_staging_and_in_the_marts(home: Any) -> None:
    said, counted = independent()
    connection = home[1]
    staging = {
        "cfdi": "select tipo_de_comprobante, moneda, sum(total) from warehouse.staging.stg_cfdi__documents "
        "group by 1, 2",
        "pago": "select moneda_p, sum(monto) from warehouse.staging.stg_cfdi__payments group by 1",
        "invoices": "select currency, sum(total) from warehouse.staging.stg_register__invoices group by 1",
        "payments": "select currency, sum(amount) from warehouse.staging.stg_register__payments group by 1",
        "credit_notes": "select currency, sum(total) from warehouse.staging.stg_register__credit_notes group by 1",
    }
    assert money(connection, staging) == said
    ledger = {
        "invoice": "select currency, sum(total_ccy) from fct_invoices group by 1",
        "payment": "select currency, sum(amount_ccy) from fct_payments where sources <> 'assumed' group by 1",
        "credit_note": "select currency, sum(total_ccy) from fct_credit_notes group by 1",
    }
    assert money(connection, ledger) == counted


def test_payments_are_applied_or_unapplied_and_balances_are_what_is_left(home: Any) -> None:
    connection = home[1]
    assert connection.execute(
        "select payment_id from fct_payments where reversed_date is null and amount_ccy <> applied_ccy + unapplied_ccy "
        "union all "
        "select cn_id from fct_credit_notes where cancel_date is null and total_ccy <> applied_ccy + unapplied_ccy"
    ).fetchall() == []  # fmt: skip
    left = connection.execute(
        "select i.invoice_id from fct_invoices as i left join (select invoice_id, sum(amount_ccy) as amount_ccy "
        "from fct_movements where kind not in ('billed', 'opening') group by 1) as m on i.invoice_id = m.invoice_id "
        "where i.is_receivable and i.open_ccy <> i.total_ccy + coalesce(m.amount_ccy, 0)"
    )
    assert left.fetchall() == []


def test_any_order_batching_and_repetition_gives_the_same(home: Any, tmp_path: Path) -> None:
    paths, connection = home
    wanted, chance = raw_hash(paths), random.Random(5)
    for number in range(ORDERS):
        files = list(MIXED.items())
        files += [(f"copia_{n}/{name}", data) for n, (name, data) in enumerate(chance.sample(files, 4))]
        chance.shuffle(files)
        runs = chance.randint(1, 3)
        other = make_home(tmp_path / str(number))
        for start in range(runs):
            put(other, dict(files[start::runs]))
            ingest(other)
        assert raw_hash(other) == wanted, (number, runs, [name for name, _ in files])
        laws(other, dict(files))
        if number == ORDERS - 1:
            with marts(other, AS_OF, MARTS) as mine:
                assert mart_hash(mine) == mart_hash(connection)
