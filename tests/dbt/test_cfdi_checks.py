"""Offline verification of CFDIs in SQL: what must agree inside one document, with the answers worked out by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import Raw, uuid_of

# A company's and a person's RFC whose last digit is right (modulo 11, see the reference below), and two that are not.
GOOD, PERSON = "EKU9003173C9", "CACX7605101P8"


def reference_digit(rfc: str) -> str:
    """The check digit by the SAT's annex: weights 13 to 2 over the first twelve places."""
    places = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
    total = sum(places.index(c) * (13 - i) for i, c in enumerate(rfc.rjust(13)[:12]))
    rest = 11 - total % 11
    return {11: "0", 10: "A"}.get(rest, str(rest))


def money(text: str) -> Decimal:
    return Decimal(text)


def pay(amount: str, *documents: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"date": "2026-02-01", "amount": amount, "documents": list(documents)} | more


def company() -> Raw:
    raw = Raw()
    # 1000 - 50 + 152 - 100 - 5 = 997
    parts = {
        "subtotal": money("1000"), "descuento": money("50"), "total_traslados": money("152"),
        "total_retenciones": money("100"), "implocal_retenciones": money("5"), "emisor_rfc": GOOD, "receptor": PERSON,
    }  # fmt: skip
    raw.cfdi("sum_right", "I", "997.00", "2026-01-10", **parts)
    raw.cfdi("sum_rounded", "I", "997.03", "2026-01-10", **parts)  # six amounts: 6 x 0.005 allowed
    raw.cfdi("sum_wrong", "I", "997.04", "2026-01-10", **parts)
    yen = {"moneda": "JPY", "tipo_cambio": money("0.12"), "emisor_rfc": GOOD, "receptor": PERSON}
    raw.cfdi("yen", "I", "1161", "2026-01-10", subtotal=money("1000"), total_traslados=money("160"), **yen)
    old = {"version": "3.2", "emisor_rfc": GOOD, "receptor": PERSON}  # only the taxes, not their total
    raw.cfdi("old", "I", "1160", "2016-01-10", subtotal=money("1000"), **old)
    raw.add(
        "cfdi__taxes",
        source_file_id="x-old",
        uuid=uuid_of("old"),
        position=1,
        kind="traslado",
        importe=money("160"),
    )
    times = {"emisor_rfc": GOOD, "receptor": PERSON}
    raw.cfdi("cancun", "I", "1", "2026-01-10T13:00:00", stamped="2026-01-10T12:00:00", **times)
    raw.cfdi("early", "I", "1", "2026-01-10T13:00:01", stamped="2026-01-10T12:00:00", **times)
    raw.cfdi("tijuana", "I", "1", "2026-01-10T12:00:00", stamped="2026-01-13T14:00:00", **times)
    raw.cfdi("late", "I", "1", "2026-01-10T12:00:00", stamped="2026-01-13T14:00:01", **times)
    raw.cfdi("sealed", "I", "1", "2026-01-10", flags="bom,seal_mismatch", **times)
    raw.add("sat__seals", source_file_id="x-signed", outcome="valid", issuer="sat")
    raw.add("sat__seals", source_file_id="x-forged", outcome="altered", issuer="sat", detail="el XML cambió")
    raw.cfdi("signed", "I", "1", "2026-01-10", **times)
    raw.cfdi("forged", "I", "1", "2026-01-10", **times)
    raw.cfdi("bare", "I", "1", "2026-01-10", flags="without_seal", **times)
    for name, rfc in (("public", "XAXX010101000"), ("foreign", "XEXX010101000"), ("amp", "A&Ñ010101AB5"),
                      ("month", "CLI021302XY2"), ("digit", "EKU9003173C8"), ("short", "CLI02020XY2")):  # fmt: skip
        raw.cfdi(name, "I", "1", "2026-01-10", emisor_rfc=GOOD, receptor=rfc)
    return raw


def payments(raw: Raw) -> Raw:
    """Rule B: 5,137.42 USD with 96,426.29 MXN at six decimals is within rounding; a peso more is not."""
    own = {"emisor_rfc": GOOD, "receptor": PERSON, "pagos_version": "2.0"}
    usd = {"invoice": "u", "paid": "5137.42", "currency": "USD", "eq": "0.053278"}
    raw.rep("rep_right", "2026-02-03", pay("96426.29", usd), **own)
    raw.rep("rep_ten", "2026-02-03", pay("96426.29", usd | {"eq": "0.0532780001"}), **own)
    raw.rep("rep_cent", "2026-02-03", pay("500.01", {"invoice": "m", "paid": "500"}), **own)
    raw.rep("rep_wrong", "2026-02-03", pay("502", {"invoice": "m", "paid": "500", "before": "500"}), **own)
    raw.rep(
        "rep_two",
        "2026-02-03",
        pay("8", {"invoice": "m", "paid": "5"}),
        pay("9", {"invoice": "m", "paid": "5"}),
        **own,
    )
    raw.rep(
        "rep_version",
        "2026-02-03",
        pay("5", {"invoice": "m", "paid": "5"}),
        **(own | {"pagos_version": "1.0"}),
    )
    raw.rep("rep_balance", "2026-02-03", pay("5", {"invoice": "m", "paid": "5", "before": "100"}), **own)
    raw.rows["cfdi__payment_documents"][-1]["imp_saldo_insoluto"] = money("96")
    raw.rep("rep_id", "2026-02-03", pay("5", {"invoice": "m", "paid": "5"}), **own)
    raw.rows["cfdi__payment_documents"][-1]["id_documento"] = "a-12"
    return raw


@pytest.fixture(scope="module")
def marts() -> duckdb.DuckDBPyConnection:
    raw = payments(company())
    assert all(isinstance(row["fecha"], datetime) for row in raw.rows["cfdi__documents"])
    return straight.build(raw, only=["exceptions", "cfdi_checks_summary"], own_rfcs=[GOOD])


FAILS: dict[str, set[str]] = {
    "sum_wrong": {"total"}, "yen": set(), "early": {"stamp_before_issue"}, "late": {"stamp_late"}, "sealed": {"seal"},
    "bare": {"seal"}, "month": {"rfc_receptor"}, "short": {"rfc_receptor"}, "digit": {"rfc_receptor_digit"},
    "amp": set(),
    "signed": set(), "forged": {"signature"},
    "rep_wrong": {"rep_amount"}, "rep_two": {"rep_amount"}, "rep_version": {"pagos_version"},
    "rep_balance": {"rep_balance"}, "rep_id": {"rep_document_id"}, "rep_ten": {"rep_amount"},
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "sum_right",
        "sum_rounded",
        "old",
        "cancun",
        "tijuana",
        "public",
        "foreign",
        "rep_right",
        "rep_cent",
        *FAILS,
    ],
)
def test_each_document_fails_the_checks_it_should_and_no_other(
    marts: duckdb.DuckDBPyConnection, name: str
) -> None:
    rows = marts.execute("select check_name from cfdi_checks where uuid = ?", [uuid_of(name)]).fetchall()
    assert {row[0] for row in rows} == FAILS.get(name, set())


def test_a_finding_says_what_was_expected_and_found(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select check_name, expected, found, difference, severity from cfdi_checks where uuid in (?, ?, ?) order by 1",
        [uuid_of("sum_wrong"), uuid_of("rep_balance"), uuid_of("digit")],
    ).fetchall()
    assert found == [
        ("rep_balance", "95.000000", "96.000000", money("1"), "error"),
        ("rfc_receptor_digit", "9", "8", None, "warning"),
        ("total", "997.000000", "997.040000", money("0.04"), "error"),
    ]
    two = marts.execute(
        "select found, detail from cfdi_checks where uuid = ?", [uuid_of("rep_two")]
    ).fetchall()
    assert two == [("9.00", "El Monto del pago 2 no es lo que pagan sus documentos (y 1 más)")]


def test_the_check_digit_is_the_reference_s(marts: duckdb.DuckDBPyConnection) -> None:
    assert reference_digit(GOOD) == GOOD[-1]
    assert reference_digit(PERSON) == PERSON[-1]
    warned = marts.execute(
        "select distinct found, expected, receptor_rfc from cfdi_checks where check_name like '%digit'"
    )
    for found, expected, rfc in warned.fetchall():
        assert found == rfc[-1]
        assert expected == reference_digit(rfc)


def test_errors_of_our_own_are_exceptions_and_good_ones_are_quiet(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select rule, count(*) from exceptions where rule like 'CFDI_%' and rule not like '%REGISTER' "
        "or rule = 'REP_AMOUNT_MISMATCH' "
        "group by 1 order by 1"
    ).fetchall()
    assert rows == [
        ("CFDI_SEAL_INVALID", 1), ("CFDI_SEAL_MISMATCH", 2), ("CFDI_STAMP_DATE", 2),
        ("CFDI_TOTAL_MISMATCH", 1), ("REP_AMOUNT_MISMATCH", 3),
    ]  # fmt: skip


def test_the_summary_counts_what_was_looked_at(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select check_name, documents_checked, documents_failed from cfdi_checks_summary "
        "where check_name in ('total', 'rep_amount', 'signature') order by position"
    ).fetchall()
    assert rows == [("total", 27, 1), ("signature", 2, 1), ("rep_amount", 8, 3)]
