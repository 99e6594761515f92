"""Strict numbers, dates and booleans: what is taken, what is refused, and that nothing is rounded."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.amounts import (
    MONEY_TEXT,
    AmountError,
    parse_amount,
    parse_boolean,
    parse_date,
    parse_integer,
    parse_rate,
)


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "expected"),
    [
        ("1160", ".", None, "1160"),
        ("1160.00", ".", None, "1160.00"),
        ("-0.01", ".", None, "-0.01"),
        ("+5.5", ".", None, "5.5"),
        (" 12.34 ", ".", None, "12.34"),
        ("$1,234,567.89", ".", ",", "1234567.89"),
        ("-$ 1,234.50", ".", ",", "-1234.50"),
        ("1234.5", ".", ",", "1234.5"),
        ("1.234,56", ",", ".", "1234.56"),
        ("1 234,5", ",", " ", "1234.5"),
        ("1\u00a0234,5", ",", " ", "1234.5"),
        ("0.1234560000", ".", None, "0.123456"),
        ("999999999999.999999", ".", None, "999999999999.999999"),
        ("000000000000000000000000012", ".", None, "12"),
    ],
)
def test_amounts_that_are_read(text: str, decimal: str, thousands: str | None, expected: str) -> None:
    value = parse_amount(text, decimal, thousands)
    assert value == Decimal(expected)
    assert str(value) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1e400",
        "1e2",
        "1_234",
        "NaN",
        "Infinity",
        "inf",
        "1,234.56",
        "12.",
        ".5",
        "1 234",
        "0x10",
        "--1",
        "١٢٣",
        "１２",
        "(100.00)",
        "100-",
        "1.2.3",
        "MXN 5",
        "0.1234567",
        "1000000000000",
        "012180001234567890",
        "12\x00",
        "½",
    ],
)
def test_amounts_that_are_refused(text: str) -> None:
    with pytest.raises(AmountError):
        parse_amount(text)


@pytest.mark.parametrize("text", ["1,23", "12,34.5", "1,234,56.0", ",123", "1,2345", "1234,567"])
def test_groups_of_thousands_must_be_whole(text: str) -> None:
    with pytest.raises(AmountError):
        parse_amount(text, ".", ",")


def test_the_separators_must_differ() -> None:
    with pytest.raises(AmountError, match="distintos"):
        parse_amount("1", ".", ".")


def test_a_rate_holds_ten_decimals() -> None:
    assert parse_rate("0.0532780001") == Decimal("0.0532780001")
    with pytest.raises(AmountError, match="10 decimales"):
        parse_rate("0.05327800011")


@given(st.decimals(min_value=-(10**12) + 1, max_value=10**12 - 1, places=6))
def test_any_amount_comes_back_exactly(value: Decimal) -> None:
    text = f"{value:f}"
    assert parse_amount(text) == value
    assert MONEY_TEXT.fullmatch(text)


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_a_reason(text: str) -> None:
    with suppress(AmountError):
        assert parse_amount(text, ".", ",").is_finite()


@pytest.mark.parametrize(("text", "expected"), [("7", 7), ("007", 7), ("12.0", 12), ("-3", -3), (" 4 ", 4)])
def test_integers(text: str, expected: int) -> None:
    assert parse_integer(text) == expected


@pytest.mark.parametrize("text", ["", "1.5", "1.", "1,000", "1e3", "٣", "1_0", "12345678901234567890"])
def test_integers_that_are_refused(text: str) -> None:
    with pytest.raises(AmountError):
        parse_integer(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sí", True),
        ("si", True),
        ("VERDADERO", True),
        ("1", True),
        ("No", False),
        ("falso", False),
        ("0", False),
    ],
)
def test_booleans(text: str, expected: bool) -> None:
    assert parse_boolean(text) is expected


def test_a_boolean_in_doubt_is_refused() -> None:
    with pytest.raises(AmountError):
        parse_boolean("tal vez")


@pytest.mark.parametrize(
    ("text", "fmt", "expected"),
    [
        ("2026-06-30", "%Y-%m-%d", date(2026, 6, 30)),
        ("30/06/2026", "%d/%m/%Y", date(2026, 6, 30)),
        ("1/6/2026", "%d/%m/%Y", date(2026, 6, 1)),
        ("06/30/26", "%m/%d/%y", date(2026, 6, 30)),
        ("30-jun-2026", "%d-%b-%Y", date(2026, 6, 30)),
        ("5 de agosto de 2026", "%d de %B de %Y", date(2026, 8, 5)),
        ("30/06/2026 23:59:59", "%d/%m/%Y %H:%M:%S", date(2026, 6, 30)),
        ("2026-06-30T00:00:00.000", "%Y-%m-%dT%H:%M:%S", date(2026, 6, 30)),
    ],
)
def test_dates(text: str, fmt: str, expected: date) -> None:
    assert parse_date(text, fmt) == expected


@pytest.mark.parametrize(
    ("text", "fmt"),
    [
        ("31/06/2026", "%d/%m/%Y"),
        ("06/30/2026", "%d/%m/%Y"),
        ("2026-06-30", "%d/%m/%Y"),
        ("30/06/26", "%d/%m/%Y"),
        ("30/06/2026x", "%d/%m/%Y"),
        ("30-xyz-2026", "%d-%b-%Y"),
        ("٣٠/06/2026", "%d/%m/%Y"),
        ("0/6/2026", "%d/%m/%Y"),
        ("", "%Y-%m-%d"),
        ("2026", "%j"),
    ],
)
def test_dates_that_are_refused(text: str, fmt: str) -> None:
    with pytest.raises(AmountError):
        parse_date(text, fmt)
