"""Business dates: local dates of America/Mexico_City, and the ends of weeks and months.

No function here reads the clock but `today_mx`, which only the command line calls for a default.
"""

from __future__ import annotations

import calendar
import datetime as dt
from zoneinfo import ZoneInfo

MEXICO_CITY = ZoneInfo("America/Mexico_City")


def today_mx() -> dt.date:
    """Today's date in America/Mexico_City: the default of `--as-of`."""
    return dt.datetime.now(tz=MEXICO_CITY).date()


def utc_now() -> dt.datetime:
    """The moment, as naive UTC: for run records only, never for a figure."""
    return dt.datetime.now(tz=dt.UTC).replace(tzinfo=None)


def local_date_of_mtime(mtime_seconds: float) -> dt.date:
    """The local business date of a file's modification time, whatever this computer's time zone."""
    return dt.datetime.fromtimestamp(mtime_seconds, tz=MEXICO_CITY).date()


def month_start(day: dt.date) -> dt.date:
    """First day of the month."""
    return day.replace(day=1)


def month_end(day: dt.date) -> dt.date:
    """Last day of the month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def week_end(day: dt.date) -> dt.date:
    """The Sunday that ends the week of `day` (weeks start on Monday)."""
    return day + dt.timedelta(days=6 - day.weekday())


def last_sunday(day: dt.date) -> dt.date:
    """The latest Sunday on or before `day`."""
    return day - dt.timedelta(days=(day.weekday() + 1) % 7)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day `months` away, cut to the month's length."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def parse_iso(text: str) -> dt.date:
    """`AAAA-MM-DD` to a date; ValueError otherwise."""
    return dt.date.fromisoformat(text.strip())
