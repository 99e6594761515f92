# ruff: noqa: E501 -- a case and its query stand on one line
"""VAT on cash basis by hand: one small case for each rule of METRICS.md section 10, worked out on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.raw_home import OWN_RFC, Raw, uuid_of
from tests.dbt.test_register_rules import apply, invoice, payment

AS_OF = "2026-06-30"
SELECT = ["sales_book", "vat_cash_basis", "vat_late_changes", "vat_ties_to_documents"]
D = Decimal


def sold(
    raw: Raw, name: str, day: str, total: str, *taxes: tuple[str, str, str], metodo: str = "PPD", **more: Any
) -> None:
    """A CFDI of ours with its VAT; `taxes`: (rate, base, amount)."""
    raw.cfdi(name, "I", total, f"{day}T10:00:00", metodo_pago=metodo,
             subtotal=sum((D(b) for r, b, _ in taxes if r != "retenido"), D(0)) or D(total), **more)  # fmt: skip
    raw.taxes(name, *taxes)


def credited(
    raw: Raw,
    name: str,
    day: str,
    total: str,
    related: tuple[tuple[str, str], ...],
    *taxes: tuple[str, str, str],
) -> None:
    raw.cfdi(
        name,
        "E",
        total,
        f"{day}T10:00:00",
        metodo_pago="PUE",
        related=related,
        subtotal=sum((D(b) for _, b, _ in taxes), D(0)),
    )
    raw.taxes(name, *taxes)


def rep(
    raw: Raw, name: str, paid_day: str, amount: str, document: dict[str, Any], issued: str = "", **more: Any
) -> None:
    pago = {
        "date": f"{paid_day}T12:00:00",
        "amount": amount,
        "documents": [{"paid": amount} | document],
    } | more
    raw.rep(name, f"{issued or paid_day}T13:00:00", pago)


def books() -> Raw:
    raw = Raw()
    what_is_paid(raw)
    what_is_undone(raw)
    what_is_odd(raw)
    return raw


def what_is_paid(raw: Raw) -> None:
    raw.register("customers", customer_id="C1", name="Uno", rfc="CLI020202XY2")
    # the payments register starts on 1 March: from then on, the bank reading wants a receipt
    payment(raw, "START", "1", "2026-03-01", company_rfc=OWN_RFC)
    # two payments of a PPD: the first REP says its taxes, the second does not (290 of 1160 is a quarter)
    sold(raw, "ppd", "2026-03-10", "1160", ("16", "1000", "160"))
    rep(
        raw,
        "ppd-1",
        "2026-04-10",
        "580",
        {"invoice": "ppd", "taxes": [("16", "500", "80")]},
        issued="2026-04-12",
    )
    rep(raw, "ppd-2", "2026-05-10", "290", {"invoice": "ppd"})
    # two rates: half of 1000 + 160 + 500 + 40
    sold(raw, "two", "2026-03-11", "1700", ("16", "1000", "160"), ("8", "500", "40"))
    rep(raw, "two-1", "2026-04-11", "850", {"invoice": "two"})
    # thirds of 100 + 16: 5.33, then up to 10.67, then up to 16.00
    sold(raw, "thirds", "2026-03-11", "116", ("16", "100", "16"))
    for month, amount in ((3, "38.67"), (4, "38.67"), (5, "38.66")):
        rep(raw, f"thirds-{month}", f"2026-0{month}-20", amount, {"invoice": "thirds"})
    # the same thirds, of which the second came back after the third: what stays is two thirds, 10.67, and then all of it
    sold(raw, "middle", "2026-03-11", "116", ("16", "100", "16"))
    for month, amount in ((3, "38.67"), (4, "38.66"), (5, "38.67"), (6, "38.66")):
        rep(
            raw, f"middle-{month}", f"2026-0{month}-21", amount, {"invoice": "middle"}, reference=f"MI{month}"
        )
    payment(raw, "MIDDLE", "38.66", "2026-04-21", invoice_uuid=uuid_of("middle"), bank_reference="MI4",
            reversed_date="2026-05-28", company_rfc=OWN_RFC)  # fmt: skip
    # two rates and two thirds of 160 + 40 withheld: the REP does not say of which, and it is split as the invoice's is
    both = ("16", "1000", "160"), ("8", "500", "40"), ("retenido", "1700", "133.33")
    sold(raw, "held3", "2026-03-13", "1566.67", *both, total_retenciones=D("133.33"))
    rep(raw, "held3-1", "2026-06-13", "1566.67", {"invoice": "held3", "taxes": both})
    # withheld: 1000 + 160 - 106.67; paid whole without taxes, and another with them
    sold(
        raw,
        "held",
        "2026-03-12",
        "1053.33",
        ("16", "1000", "160"),
        ("retenido", "", "106.67"),
        total_retenciones=D("106.67"),
    )
    rep(raw, "held-1", "2026-04-12", "1053.33", {"invoice": "held"})
    sold(
        raw,
        "held2",
        "2026-03-12",
        "1053.33",
        ("16", "1000", "160"),
        ("retenido", "", "106.67"),
        total_retenciones=D("106.67"),
    )
    rep(
        raw,
        "held2-1",
        "2026-04-12",
        "1053.33",
        {"invoice": "held2", "taxes": [("retenido", "1000", "106.67"), ("16", "1000", "160")]},
    )
    # PUE: assumed before the register starts; received on 31 March and in the bank on 2 April; never received
    sold(raw, "assumed", "2026-02-10", "116", ("16", "100", "16"), metodo="PUE")
    sold(raw, "pue", "2026-03-28", "232", ("16", "200", "32"), metodo="PUE")
    payment(raw, "PUE", "232", "2026-03-31", invoice_uuid=uuid_of("pue"), company_rfc=OWN_RFC)
    raw.register(
        "bank_lines", bank_line_id="L1", account_currency="MXN", value_date="2026-04-02", amount=D(232)
    )
    sold(raw, "unpaid", "2026-03-28", "348", ("16", "300", "48"), metodo="PUE")
    # a cheque of 29 April clears on 1 May and comes back on 5 June
    sold(raw, "cheque", "2026-04-01", "464", ("16", "400", "64"))
    rep(raw, "cheque-1", "2026-04-29", "464", {"invoice": "cheque"}, form="02", reference="CH1")
    payment(raw, "CHEQUE", "464", "2026-04-29", invoice_uuid=uuid_of("cheque"), method="cheque", bank_reference="CH1",
            reversed_date="2026-06-05", company_rfc=OWN_RFC)  # fmt: skip
    raw.register(
        "bank_lines",
        bank_line_id="L2",
        account_currency="MXN",
        value_date="2026-05-01",
        amount=D(464),
        reference="CH1",
    )


def what_is_undone(raw: Raw) -> None:
    # a note of 16 of VAT: on an invoice not yet paid it only lowers what is pending (1044 paid: all that is left);
    # on one that was paid it takes back what had been collected
    sold(raw, "open", "2026-04-02", "1160", ("16", "1000", "160"))
    credited(raw, "open-n", "2026-04-20", "116", (("01", "open"),), ("16", "100", "16"))
    rep(raw, "open-1", "2026-05-02", "1044", {"invoice": "open"})
    sold(raw, "paid", "2026-04-02", "1160", ("16", "1000", "160"))
    rep(raw, "paid-1", "2026-04-15", "1160", {"invoice": "paid"})
    credited(raw, "paid-n", "2026-05-20", "116", (("03", "paid"),), ("16", "100", "16"))
    # an advance of 1160 (PUE, received in March); the final invoice of 11600; the E of relation 07; the rest by REP
    sold(raw, "adv", "2026-03-05", "1160", ("16", "1000", "160"), metodo="PUE")
    payment(raw, "ADV", "1160", "2026-03-05", invoice_uuid=uuid_of("adv"), company_rfc=OWN_RFC)
    sold(raw, "final", "2026-05-05", "11600", ("16", "10000", "1600"), related=(("07", "adv"),))
    credited(raw, "final-n", "2026-05-05", "1160", (("07", "final"),), ("16", "1000", "160"))
    rep(raw, "final-1", "2026-06-05", "10440", {"invoice": "final"})
    # cancelled in June, of April; a REP of April issued in June; a REP of April cancelled in May; a substitute
    sold(raw, "gone", "2026-04-03", "580", ("16", "500", "80"))
    raw.metadata("gone", cancelled="2026-06-03")
    sold(raw, "late", "2026-04-03", "696", ("16", "600", "96"))
    rep(raw, "late-1", "2026-04-30", "696", {"invoice": "late"}, issued="2026-06-20")
    sold(raw, "undone", "2026-04-04", "812", ("16", "700", "112"))
    rep(raw, "undone-1", "2026-04-25", "812", {"invoice": "undone"})
    raw.metadata("undone-1", cancelled="2026-05-09")
    sold(raw, "old", "2026-04-05", "928", ("16", "800", "128"))
    sold(raw, "new", "2026-05-06", "1044", ("16", "900", "144"), related=(("04", "old"),))


def what_is_odd(raw: Raw) -> None:
    # of 1160 received in May, 116 went back in June, and 58 of them came again
    sold(raw, "back", "2026-05-11", "1160", ("16", "1000", "160"))
    rep(raw, "back-1", "2026-05-12", "1160", {"invoice": "back"}, reference="BK")
    payment(
        raw,
        "BACK",
        "1160",
        "2026-05-12",
        invoice_uuid=uuid_of("back"),
        bank_reference="BK",
        company_rfc=OWN_RFC,
    )
    for name, amount, day, is_restored in (("RV", 116, "2026-06-10", False), ("RW", 58, "2026-06-20", True)):
        raw.register("payment_reversals", reversal_id=name, payment_id="BACK", amount=D(amount), reversed_date=day,
                     currency="MXN", is_restored=is_restored)  # fmt: skip
    # USD 100 + 16 at 18, paid in USD at 20; and USD 50 + 8 at 18 paid with 1102 pesos (19 each)
    sold(raw, "usd", "2026-04-06", "116", ("16", "100", "16"), moneda="USD", tipo_cambio=D(18))
    rep(raw, "usd-1", "2026-05-06", "116", {"invoice": "usd", "currency": "USD"}, currency="USD", fx="20")
    sold(raw, "usd2", "2026-04-06", "58", ("16", "50", "8"), moneda="USD", tipo_cambio=D(18))
    rep(raw, "usd2-1", "2026-05-06", "1102",
        {"invoice": "usd2", "currency": "USD", "paid": "58", "eq": "0.0526315789", "taxes": [("16", "50", "8")]})  # fmt: skip
    # forgiven; compensated; 0 % and exempt; no object of the tax
    sold(raw, "pardon", "2026-04-07", "1276", ("16", "1100", "176"))
    rep(raw, "pardon-1", "2026-05-07", "1276", {"invoice": "pardon"}, form="15")
    sold(raw, "swap", "2026-04-07", "1392", ("16", "1200", "192"))
    rep(raw, "swap-1", "2026-05-07", "1392", {"invoice": "swap"}, form="17")
    sold(raw, "zero", "2026-04-08", "1500", ("0", "1000", "0"), ("exento", "500", ""))
    rep(
        raw,
        "zero-1",
        "2026-05-08",
        "750",
        {"invoice": "zero", "taxes": [("0", "500", "0"), ("exento", "250", "")]},
    )
    sold(raw, "none", "2026-04-08", "77")
    # of the register alone: 8 / 100 is 8 %; and one whose VAT nobody says
    invoice(raw, "reg", "108", "2026-04-09", subtotal=D(100), iva=D(8), company_rfc=OWN_RFC)
    payment(raw, "REG", "54", "2026-05-09", invoice_id="reg", company_rfc=OWN_RFC)
    invoice(raw, "blank", "99", "2026-04-09", company_rfc=OWN_RFC)
    payment(raw, "BLANK", "99", "2026-05-09", invoice_id="blank", company_rfc=OWN_RFC)
    # received in April and applied in June: it counts in April, and April was closed
    sold(raw, "slow", "2026-04-10", "1508", ("16", "1300", "208"), metodo="PUE")
    payment(raw, "SLOW", "1508", "2026-04-11", company_rfc=OWN_RFC)
    apply(raw, "SLOW", uuid_of("slow"), "1508", "2026-06-11")


@pytest.fixture(scope="module")
def vat() -> Callable[..., duckdb.DuckDBPyConnection]:
    built: dict[bool, duckdb.DuckDBPyConnection] = {}

    def get(condonation: bool = False) -> duckdb.DuckDBPyConnection:
        if condonation not in built:
            built[condonation] = straight.build(books(), AS_OF, SELECT, condonation_causes_vat=condonation)
        return built[condonation]

    return get


def month(number: int) -> date:
    return date(2026, number, 1)


def collected(vat: duckdb.DuckDBPyConnection, *names: str) -> list[tuple[Any, ...]]:
    ids = [uuid_of(n) for n in names] + list(names)
    return vat.execute(
        "select month, rate, reading, rule, base_mxn, vat_mxn from vat_cash_basis_documents where entry = 'collected' "
        "and (list_contains(?, invoice_id) or list_contains(?, cn_id)) order by month, rate desc, vat_mxn desc, reading", [ids, ids]
    ).fetchall()  # fmt: skip


COLLECTED = [
    ("ppd", [(month(4), "16", "fiscal", "rep_taxes", D(500), D(80)), (month(5), "16", "fiscal", "proportion", D(250), D(40))]),
    ("two", [(month(4), "8", "fiscal", "proportion", D(250), D(20)), (month(4), "16", "fiscal", "proportion", D(500), D(80))]),
    ("thirds", [(month(3), "16", "fiscal", "proportion", D("33.34"), D("5.33")),
                (month(4), "16", "fiscal", "proportion", D("33.33"), D("5.34")),
                (month(5), "16", "fiscal", "proportion", D("33.33"), D("5.33"))]),
    ("middle", [(month(3), "16", "fiscal", "proportion", D("33.34"), D("5.33")),
                (month(4), "16", "fiscal", "proportion", D("33.32"), D("5.34")),
                (month(4), "16", "bank", "proportion", D("33.33"), D("5.33")),
                (month(5), "16", "fiscal", "proportion", D("33.34"), D("5.33")),
                (month(5), "16", "both", "reversal", D("-33.33"), D("-5.33")),
                (month(6), "16", "fiscal", "proportion", D("33.33"), D("5.33"))]),
    ("assumed", [(month(2), "16", "both", "pue_assumed", D(100), D(16))]),
    ("pue", [(month(4), "16", "both", "proportion", D(200), D(32))]),
    ("unpaid", []),
    ("cheque", [(month(5), "16", "both", "proportion", D(400), D(64)), (month(6), "16", "both", "reversal", D(-400), D(-64))]),
    ("open", [(month(5), "16", "fiscal", "proportion", D(900), D(144))]),
    ("paid", [(month(4), "16", "fiscal", "proportion", D(1000), D(160)), (month(5), "16", "fiscal", "credit_note", D(-100), D(-16))]),
    ("adv", [(month(3), "16", "both", "proportion", D(1000), D(160))]),
    ("final", [(month(6), "16", "fiscal", "proportion", D(9000), D(1440))]),
    ("late", [(month(4), "16", "fiscal", "proportion", D(600), D(96))]),
    ("undone", []),
    ("usd", [(month(5), "16", "fiscal", "proportion", D(2000), D(320))]),
    ("usd2", [(month(5), "16", "fiscal", "rep_taxes", D(950), D(152))]),
    ("pardon", []),
    ("back", [(month(5), "16", "fiscal", "proportion", D(1000), D(160)), (month(5), "16", "bank", "proportion", D(900), D(144)),
              (month(5), "16", "bank", "proportion", D(100), D(16)), (month(6), "16", "both", "proportion", D(50), D(8)),
              (month(6), "16", "both", "reversal", D(-100), D(-16))]),
    ("swap", [(month(5), "16", "both", "proportion", D(1200), D(192))]),
    ("zero", [(month(5), "exento", "fiscal", "rep_taxes", D(250), D(0)), (month(5), "0", "fiscal", "rep_taxes", D(500), D(0))]),
    ("reg", [(month(5), "8", "bank", "proportion", D(50), D(4))]),
    ("blank", [(month(5), "sin_dato", "bank", "no_taxes", None, None)]),
    ("slow", [(month(4), "16", "both", "proportion", D(1300), D(208))]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), COLLECTED, ids=[c[0] for c in COLLECTED])
def test_what_is_collected(
    vat: Callable[..., duckdb.DuckDBPyConnection], name: str, expected: list[Any]
) -> None:
    assert collected(vat(), name) == expected


def test_forgiving_causes_vat_where_the_setting_says_so(
    vat: Callable[..., duckdb.DuckDBPyConnection],
) -> None:
    assert collected(vat(True), "pardon") == [(month(5), "16", "both", "proportion", D(1100), D(176))]


DOCUMENTS = "select {} from vat_cash_basis_documents where "
CASES = [
    ("withheld in proportion and by the REP", DOCUMENTS.format("vat_mxn, withheld_mxn") + "entry = 'collected' and withheld_mxn <> 0 and month = '2026-04-01'",
     [(D(160), D("106.67"))] * 2),
    ("withheld by document date", "select rate, vat_withheld_mxn from vat_cash_basis where month = '2026-03-01' and vat_withheld_mxn <> 0 order by 1",
     [("16", D("320.00")), ("8", D("26.67"))]),
    ("a REP's withheld by rate", "select rate, fiscal_vat_withheld_mxn from vat_cash_basis where month = '2026-06-01' and fiscal_vat_withheld_mxn <> 0 order by 1",
     [("16", D("106.66")), ("8", D("26.67"))]),
    ("what exchange did", DOCUMENTS.format("vat_mxn, fx_mxn") + "fx_mxn <> 0 order by 1", [(D(152), D(8)), (D(320), D(32))]),
    ("no VAT at all", DOCUMENTS.format("entry, base_mxn, vat_mxn") + "rate = 'no_objeto'", [("charged", D(77), D(0))]),
    ("inferred rates", DOCUMENTS.format("rate, rule, base_mxn, vat_mxn") + "entry = 'charged' and (is_rate_inferred or rate = 'sin_dato') order by 1",
     [("8", "register", D(100), D(8)), ("sin_dato", "no_taxes", None, None)]),
    # May: final 1600 + new 144 + back 160 - the notes of May 16 + 160
    ("charged in May", "select vat_charged_mxn from vat_cash_basis where month = '2026-05-01' and rate = '16'", [(D(1600 + 144 + 160 - 16 - 160),)]),
    # April: cheque 64, open 160 - 16, paid 160, late 96, undone 112, usd 288 + 144, pardon 176, swap 192, slow 208; gone and old count for nothing
    ("charged in April", "select vat_charged_mxn from vat_cash_basis where month = '2026-04-01' and rate = '16'", [(D(64 + 144 + 160 + 96 + 112 + 432 + 176 + 192 + 208),)]),
    # pending at 16 %: ppd 40, two 80, unpaid 48, cheque 64, undone 112, new 144, pardon 176, back 8
    ("pending, fiscal", "select fiscal_vat_pending_mxn from vat_cash_basis where month = '2026-06-01' and rate = '16'", [(D(40 + 80 + 48 + 64 + 112 + 144 + 176 + 8),)]),
    ("unknown is not 0", "select vat_charged_mxn, bank_vat_collected_mxn, lines, unvalued_lines from vat_cash_basis where month = '2026-05-01' and rate = 'sin_dato'",
     [(None, None, 1, 1)]),
    ("a month with nothing", "select vat_charged_mxn, fiscal_vat_collected_mxn, lines from vat_cash_basis where month = '2026-06-01' and rate = '0'", [(D(0), D(0), 0)]),
    ("the register's first month", "select month, has_cash_source from vat_cash_basis where rate = '16' order by 1 limit 2", [(month(2), False), (month(3), True)]),
    ("late changes", "select month, kind, recorded_date, charged_difference_mxn, fiscal_difference_mxn, bank_difference_mxn from vat_late_changes order by 2, 1",
     [(month(4), "invoice_cancelled", date(2026, 6, 3), D(-80), D(0), D(0)),
      (month(4), "invoice_substituted", date(2026, 5, 6), D(-128), D(0), D(0)),
      (month(4), "late_application", date(2026, 6, 11), D(0), D(208), D(208)),
      (month(4), "late_rep", date(2026, 6, 20), D(0), D(96), D(0)),
      (month(4), "rep_cancelled", date(2026, 5, 9), D(0), D(-112), D(0))]),
    ("money on no invoice", DOCUMENTS.format("reading, rule, vat_mxn") + "payment_id = 'START'", [("bank", "unapplied", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_months(vat: Callable[..., duckdb.DuckDBPyConnection], query: str, expected: list[Any]) -> None:
    assert vat().execute(query).fetchall() == expected
