import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartera import calendar, formats


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234567.891"), "$1,234,567.89 MXN"),
        (Decimal("0"), "$0.00 MXN"),
        (Decimal("-0.004"), "$0.00 MXN"),
        (Decimal("-1234.5"), "−$1,234.50 MXN"),
        (Decimal("0.005"), "$0.01 MXN"),
        (None, "—"),
    ],
)
def test_money(value, text):
    assert plain(formats.money(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("12345678"), "$12.3 mdp"),
        (Decimal("999999.99"), "$1.00 mdp"),
        (Decimal("450000"), "$0.45 mdp"),
        (Decimal("99999.4"), "$99,999"),
        (Decimal("-2500000"), "−$2.5 mdp"),
    ],
)
def test_headline_amounts_are_in_millions_of_pesos(value, text):
    assert plain(formats.mdp(value)) == text


def test_percent_days_and_dates_read_as_in_mexico():
    assert plain(formats.pct(Decimal("18.449"))) == "18.4 %"
    assert plain(formats.days(47)) == "47 días"
    assert plain(formats.days(1)) == "1 día"
    assert plain(formats.date_long(dt.date(2026, 11, 22))) == "22 nov 2026"
    assert formats.date_short(dt.date(2026, 11, 2)) == "02/11/2026"
    assert formats.plural(1, "archivo", "archivos") == "1 archivo"
    assert formats.signed("2.0") == "+2.0"
    assert formats.signed("0.0") == "0.0"


@given(st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)))
def test_weeks_end_on_sunday_and_months_on_their_last_day(day):
    assert calendar.week_end(day).weekday() == 6
    assert 0 <= (calendar.week_end(day) - day).days <= 6
    assert calendar.last_sunday(day).weekday() == 6
    assert 0 <= (day - calendar.last_sunday(day)).days <= 6
    assert (calendar.month_end(day) + dt.timedelta(days=1)).day == 1
    assert calendar.month_start(day) <= day <= calendar.month_end(day)


def test_months_are_added_within_the_month():
    assert calendar.add_months(dt.date(2024, 1, 31), 1) == dt.date(2024, 2, 29)
    assert calendar.add_months(dt.date(2024, 3, 31), -1) == dt.date(2024, 2, 29)
    assert calendar.add_months(dt.date(2024, 12, 1), 1) == dt.date(2025, 1, 1)


def test_a_files_date_is_mexico_citys_whatever_this_computers_zone(monkeypatch):
    moment = dt.datetime(2026, 7, 1, 3, 0, tzinfo=dt.UTC).timestamp()  # 21:00 of the day before there
    for zone in ("UTC", "Asia/Tokyo", "America/Tijuana"):
        monkeypatch.setenv("TZ", zone)
        assert calendar.local_date_of_mtime(moment) == dt.date(2026, 6, 30)
