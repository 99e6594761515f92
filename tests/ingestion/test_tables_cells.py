"""Amounts and dates as people write them: worked-out cases, columns that decide, and properties."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.amounts import AmountError
from ingestion.tables import cells
from ingestion.tables.mapping import parse_mappings
from tests.ingestion.tables_kit import INVOICE, codes, column, read, refused


def amounts(*texts: str) -> list[Decimal | None]:
    """What a column of amounts reads as; None where the row was refused."""
    lines = "".join(f'{n},C,MXN,"{text}",2026-01-01\n' for n, text in enumerate(texts))
    reading = read("x.csv", f"{INVOICE}\n{lines}")
    found = dict(zip(column(reading, "invoice_id"), column(reading, "total"), strict=True))
    return [found.get(str(n)) for n in range(len(texts))]


def dates(*texts: str) -> list[date | None]:
    """What a column of dates reads as."""
    lines = "".join(f'{n},C,MXN,5,"{text}"\n' for n, text in enumerate(texts))
    reading = read("x.csv", f"{INVOICE}\n{lines}")
    found = dict(zip(column(reading, "invoice_id"), column(reading, "issue_date"), strict=True))
    return [found.get(str(n)) for n in range(len(texts))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1160", "1160"),
        ("-1160.5", "-1160.5"),
        ("$1,160.50", "1160.50"),
        ("$ 1,160.50 MXN", "1160.50"),
        ("MXN 1,160.50", "1160.50"),
        ("1,234,567.891234", "1234567.891234"),
        ("(1,160.50)", "-1160.50"),
        ("($1,160.50)", "-1160.50"),
        ("-$1,160.50", "-1160.50"),
        ("$-1,160.50", "-1160.50"),
        ("1,160.50-", "-1160.50"),
        ("+5", "5"),
        ("0.10", "0.1"),
        ("007", "7"),
        ("123456789012.123456", "123456789012.123456"),
        ("1.5000000000", "1.5"),
        ("\u00a012.30\u200b", "12.30"),
        ("1,234", "1234"),
    ],
)
def test_amounts_that_are_read(text: str, value: str) -> None:
    assert amounts(text, "1.50") == [Decimal(value), Decimal("1.50")]


@pytest.mark.parametrize(
    "text",
    [
        "N/A", "-", "#N/A", "1e5", "1_234", "NaN", "Infinity", "1,23,456.00", "12,34.5", "1.2.3", "--5", "-(5)", "(5",
        "5)", "1 160.50", "1'160.50", ".", "$", "MXN", "5 MXN USD", "1.1234567", "1234567890123", "٣", "0x10",
        "5 %", "1/2", "12 pesos y medio", "1a1" * 40,
    ],
)  # fmt: skip
def test_amounts_that_are_refused(text: str) -> None:
    assert amounts(text, "1.50") == [None, Decimal("1.50")]


def test_decimal_commas_are_not_guessed() -> None:
    for texts in (["1.234,50", "18"], ["12,5", "1,234"], ["0,00001", "5"]):
        lines = "".join(f'{n};C;MXN;"{t}";2026-01-01\n' for n, t in enumerate(texts))
        reading = read("x.csv", f"{INVOICE.replace(',', ';')}\n{lines}")
        assert (refused(reading), reading.kind) == ("decimal_comma", "invoices")
        assert 'decimal: ","' in reading.refusals[0].reason
    # points prove themselves elsewhere in the column: only the cells with a comma are doubtful
    assert amounts("100.50", "12,5", "1,234", "1,234.00") == [Decimal("100.5"), None, None, Decimal(1234)]


def test_decimal_comma_by_mapping() -> None:
    mapping = parse_mappings(
        b'{name: coma, kind: invoices, match: [Folio, Bruto], decimal: ",", columns: {invoice_id: Folio, '
        b"total: Bruto, customer_id: Cliente, issue_date: Fecha, currency: {const: MXN}}}",
        "coma.yml",
    )
    amounts_written = ["1.234,50", "$0,5", "1.234.567", "1.5"]
    data = "Folio;Bruto;Cliente;Fecha\n" + "".join(
        f"{n};{a};C;2026-01-01\n" for n, a in enumerate(amounts_written)
    )
    reading = read("x.csv", data, mapping)
    assert column(reading, "total") == [Decimal("1234.5"), Decimal("0.5"), Decimal(1234567)]
    assert codes(reading) == [(5, "bad_amount")]


def test_a_rate_has_no_thousands() -> None:
    reading = read(
        "fx.csv", "date;currency;mxn_per_unit\n2026-01-01;USD;18,234\n2026-01-02;USD;18.1234567891\n"
    )
    assert column(reading, "mxn_per_unit") == [Decimal("18.1234567891")]
    assert codes(reading) == [(2, "bad_amount")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2026/01/31", date(2026, 1, 31)),
        ("2026-01-31 14:30", date(2026, 1, 31)),
        ("2026-01-31T23:59:59.999", date(2026, 1, 31)),
        ("31/01/2026", date(2026, 1, 31)),
        ("31-01-2026", date(2026, 1, 31)),
        ("31/01/2026 02:30:00 p. m.", date(2026, 1, 31)),
        ("31-ene-2026", date(2026, 1, 31)),
        ("31 de enero de 2026", date(2026, 1, 31)),
        ("5/5/2026", date(2026, 5, 5)),
    ],
)
def test_dates_that_are_read(text: str, value: date) -> None:
    assert dates(text, "2026-02-01") == [value, date(2026, 2, 1)]


@pytest.mark.parametrize(
    "text",
    ["2026-02-30", "31/02/2026", "31/13/2026", "2026-01-31T10:00:00Z", "2026-01-31 10:00:00+00:00", "31/01/26", "46053",
     "0026-01-01", "9999-12-31", "20260131", "31-foo-2026", "hoy", "2026-1", "32/01/2026"],
)  # fmt: skip
def test_dates_that_are_refused(text: str) -> None:
    assert dates(text, "2026-02-01") == [None, date(2026, 2, 1)]


def test_the_column_proves_day_first() -> None:
    assert dates("03/04/2026", "13/04/2026") == [date(2026, 4, 3), date(2026, 4, 13)]


@pytest.mark.parametrize(
    "texts", [["03/04/2026"], ["03/04/2026", "13/04/2026", "04/13/2026"], ["04/13/2026"]]
)
def test_an_ambiguous_column_is_refused_with_the_way_to_map_it(texts: list[str]) -> None:
    lines = "".join(f"{n},C,MXN,5,{text}\n" for n, text in enumerate(texts))
    reading = read("x.csv", f"{INVOICE}\n{lines}")
    assert (refused(reading), reading.kind) == ("ambiguous_date", "invoices")
    assert 'issue_date: {from: "issue_date", format: "%' in reading.refusals[0].reason


def test_a_mapping_settles_the_order() -> None:
    (mapping,) = parse_mappings(
        b'{name: us, kind: fx_rates, match: [Day, Rate], columns: {date: {from: Day, format: "%m/%d/%Y"}, '
        b"currency: {const: USD}, mxn_per_unit: Rate}}",
        "us.yml",
    )
    reading = read("x.csv", "Day,Rate\n03/04/2026,17\n2026-03-05,18\n13/04/2026,18\n", [mapping])
    assert column(reading, "date") == [date(2026, 3, 4), date(2026, 3, 5)]
    assert codes(reading) == [(4, "bad_date")]


def test_months_alone_in_plans() -> None:
    reading = read(
        "plan_billing.csv", "month,amount,currency\n2026-01,5,MXN\n2026-02-01,5,MXN\n2026-13,5,MXN\n"
    )
    assert column(reading, "month") == [date(2026, 1, 1), date(2026, 2, 1)]
    assert codes(reading) == [(4, "bad_date")]


def test_a_rate_of_zero_or_less_is_no_row_of_rates() -> None:
    reading = read(
        "fx_rates.csv",
        "date,currency,mxn_per_unit\n2026-01-01,USD,17.5\n2026-01-02,USD,0\n2026-01-03,USD,-18.1\n",
    )
    assert column(reading, "mxn_per_unit") == [Decimal("17.5")]
    assert codes(reading) == [(3, "bad_amount"), (4, "bad_amount")]
    assert "mayor que cero" in reading.refusals[0].reason


def test_integers_and_booleans() -> None:
    reading = read(
        "customers.csv",
        "customer_id,name,terms_days,do_not_contact\n"
        "1,A,30,Sí\n2,B,30.0,FALSO\n3,C,30.5,no\n4,D,treinta,no\n5,E,,tal vez\n6,F,5512345678,no\n",
    )
    assert column(reading, "terms_days") == [30, 30]
    assert column(reading, "do_not_contact") == [True, False]
    assert codes(reading) == [(4, "bad_integer"), (5, "bad_integer"), (6, "bad_boolean"), (7, "bad_integer")]


money = st.decimals(
    min_value=-(10**12) + 1, max_value=10**12 - 1, places=2, allow_nan=False, allow_infinity=False
)


@given(
    money,
    st.booleans(),
    st.sampled_from(["", "$", "$ ", "MXN ", "MXN $"]),
    st.sampled_from(["", " MXN", " M.N."]),
)
def test_every_way_to_write_an_amount_reads_back(
    value: Decimal, grouped: bool, lead: str, trail: str
) -> None:
    text = f"{abs(value):,.2f}" if grouped else f"{abs(value):.2f}"
    text = lead + text + ("" if "MXN" in lead else trail)
    assert Decimal(cells.read_amount(text, ".", ",", 6, is_workbook=False).text) == abs(value)
    if lead == "":
        negative = cells.read_amount(f"({text})" if not trail else f"-{text}", ".", ",", 6, is_workbook=False)
        assert Decimal(negative.text) == -abs(value)


@given(money)
def test_decimal_comma_amounts_read_back(value: Decimal) -> None:
    text = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    assert Decimal(cells.read_amount(text, ",", ".", 6, is_workbook=False).text) == value


@given(st.text(max_size=100), st.sampled_from([".", ","]), st.booleans())
def test_any_text_is_an_amount_or_an_error(text: str, decimal: str, is_workbook: bool) -> None:
    try:
        found = cells.read_amount(text, decimal, None, 6, is_workbook)
    except AmountError:
        return
    assert len(found.text.lstrip("-").partition(".")[0]) <= 18


@given(st.dates(date(cells.FIRST_YEAR, 1, 1), date(cells.LAST_YEAR, 12, 31)))
def test_every_date_reads_back(value: date) -> None:
    month = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")[
        value.month - 1
    ]
    for text in (
        value.isoformat(),
        f"{value.isoformat()} 00:00:00",
        f"{value.day}/{value.month}/{value.year}",
        f"{value.day:02d}-{month}-{value.year}",
    ):
        assert cells.read_date(text, None, True, False, False) == value


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 12, 31)))
def test_serial_numbers_of_both_epochs(value: date) -> None:
    for date_1904, epoch in ((False, date(1899, 12, 30)), (True, date(1904, 1, 1))):
        serial = str((value - epoch) // timedelta(days=1))
        if len(serial) > 3:
            assert cells.read_date(serial, None, False, True, date_1904) == value


@given(st.text(max_size=100))
def test_any_text_is_a_date_or_an_error(text: str) -> None:
    for date_format in (None, "%d/%m/%Y", "excel"):
        try:
            found = cells.read_date(text, date_format, True, True, False)
        except AmountError:
            continue
        assert 1900 <= found.year <= 2199
