"""Late and out of order: what names a document that has not come waits, and is applied when it comes.

The same documents are delivered at once, the naming side first, and spread over three runs: the same marts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.documents import invoice, payment, uuid
from tests.home_kit import ingest, make_home, mart_hash, marts, put

pytestmark = pytest.mark.slow

AS_OF = "2026-06-30"
MARTS = [
    "marts/core",
    "marts/sources",
    "disputes",
    "promises",
    "aging_open_items",
]


def related(kind: str, number: int) -> str:
    return (
        f'<cfdi:CfdiRelacionados TipoRelacion="{kind}"><cfdi:CfdiRelacionado UUID="{uuid(number)}"/>'
        "</cfdi:CfdiRelacionados>"
    )


# what names another document
NAMING: dict[str, bytes | str] = {
    "rep.xml": payment(11, "2026-05-20", [(1, "1160.00", "1000.00", "160.00")]),
    "nota.xml": invoice(12, "80.00", kind="E", related=related("01", 2), date="2026-05-21"),
    "sustituta.xml": invoice(13, "700.00", related=related("04", 3), date="2026-05-22"),
    "rep_de_la_vieja.xml": payment(14, "2026-05-10", [(3, "690.00", "90.00", "600.00")]),
    "payments_2026-06-01.csv": "payment_id,invoice_id,customer_id,payment_date,currency,amount\n"
    "P1,F1,,2026-05-25,MXN,400.00\nP2,,C1,2026-05-26,MXN,300.00\n",
    "payment_applications_2026-06-02.csv": "application_id,payment_id,invoice_id,applied_date,amount_invoice_ccy\n"
    "A1,P2,F2,2026-05-26,250.00\nA2,P9,F1,2026-05-27,100.00\n",
    "instalments_2026-06-02.csv": "invoice_id,number,due_date,amount\nF2,1,2026-06-10,500.00\nF2,2,2026-07-10,500.00\n",
    "disputes_2026-06-02.csv": "dispute_id,invoice_id,opened_date,disputed_amount,currency\n"
    "D1,F2,2026-05-28,120.00,MXN\n",
    "promises_2026-06-02.csv": "promise_id,customer_id,invoice_id,made_date,promised_date,amount,currency\n"
    "PR1,C1,F1,2026-05-20,2026-05-30,400.00,MXN\n",
    "write_offs_2026-06-02.csv": "write_off_id,invoice_id,date,amount,currency\nW1,F1,2026-06-01,5.00,MXN\n",
    "credit_notes_2026-06-02.csv": "cn_id,customer_id,currency,issue_date,total,related_invoice_id\n"
    "N1,C1,MXN,2026-05-29,60.00,F2\n",
    "credit_note_applications_2026-06-02.csv": "cn_id,invoice_id,applied_date,amount\nN9,F1,2026-05-30,20.00\n",
}  # fmt: skip
# what they name
NAMED: dict[str, bytes | str] = {
    "uno.xml": invoice(1, "1160.00"),
    "dos.xml": invoice(2, "580.00"),
    "tres.xml": invoice(3, "690.00"),
    "invoices_2026-06-01.csv": "invoice_id,customer_id,currency,total,issue_date\n"
    "F1,C1,MXN,1000.00,2026-05-05\nF2,C1,MXN,1000.00,2026-05-06\n",
    "payments_2026-06-03.csv": "payment_id,customer_id,payment_date,currency,amount\nP9,C1,2026-05-27,MXN,100.00\n",
    "credit_notes_2026-06-03.csv": "cn_id,customer_id,currency,issue_date,total\nN9,C1,MXN,2026-05-30,20.00\n",
}  # fmt: skip
ALL = NAMED | NAMING
# by hand: 1160 - 1000; 700 - the 90 of the old one; 580 - 80; substituted; 1000 - 400 - 100 - 5 - 20;
# 1000 - 250 - 60
OPEN = [("1", "160.00"), ("13", "610.00"), ("2", "500.00"), ("3", "0.00"), ("F1", "475.00"), ("F2", "690.00")]


def open_invoices(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute(
        "select coalesce(folio, invoice_id), open_ccy::varchar from fct_invoices order by 1"
    ).fetchall()


def waiting(connection: duckdb.DuckDBPyConnection) -> set[tuple[Any, ...]]:
    return set(
        connection.execute("select kind, waits_for_kind, waits_for_id from waiting_documents").fetchall()
    )


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int]]:
    """The hashes of the marts when everything comes in one delivery, each document after the one it names."""
    paths = make_home(tmp_path_factory.mktemp("at_once") / "home")
    put(paths, ALL)
    assert ingest(paths) == {"loaded": len(ALL)}
    with marts(paths, AS_OF, MARTS) as connection:
        assert open_invoices(connection) == OPEN
        assert waiting(connection) == set()
        return mart_hash(connection)


def test_the_naming_side_waits_and_is_applied_when_the_other_comes(
    at_once: dict[str, tuple[int, int]], tmp_path: Path
) -> None:
    paths = make_home(tmp_path / "home")
    put(paths, NAMING)
    assert ingest(paths) == {"loaded": len(NAMING)}
    with marts(paths, AS_OF, MARTS) as connection:
        assert open_invoices(connection) == [("13", "700.00")]
        assert waiting(connection) == {
            ("rep", "invoice", uuid(1)), ("rep", "invoice", uuid(3)), ("credit_note", "invoice", uuid(2)),
            ("invoice", "invoice", uuid(3)), ("payment", "invoice", "F1"), ("payment", "invoice", "F2"),
            ("payment_application", "payment", "P9"), ("instalment", "invoice", "F2"), ("dispute", "invoice", "F2"),
            ("promise", "invoice", "F1"), ("write_off", "invoice", "F1"), ("credit_note", "invoice", "F2"),
            ("credit_note_application", "invoice", "F1"), ("credit_note_application", "credit_note", "N9"),
        }  # fmt: skip
        unapplied = "select sum(unapplied_ccy), sum(applied_ccy) from fct_payments"
        assert connection.execute(unapplied).fetchall() == [(Decimal("1790.00"), Decimal(0))]
    put(paths, NAMED)
    assert ingest(paths) == {"loaded": len(NAMED)}
    with marts(paths, AS_OF, MARTS) as connection:
        assert open_invoices(connection) == OPEN
        assert waiting(connection) == set()
        assert mart_hash(connection) == at_once


@pytest.mark.parametrize("runs", [(NAMED, NAMING), ("tri", "per", "ado")], ids=["in order", "three runs"])
def test_any_other_order_gives_the_same_marts(
    at_once: dict[str, tuple[int, int]], tmp_path: Path, runs: Sequence[Any]
) -> None:
    paths = make_home(tmp_path / "home")
    if isinstance(runs[0], str):
        names = sorted(ALL, reverse=True)
        runs = [{name: ALL[name] for name in names[start::3]} for start in range(3)]
    for files in runs:
        put(paths, files)
        ingest(paths)
    with marts(paths, AS_OF, MARTS) as connection:
        assert mart_hash(connection) == at_once
