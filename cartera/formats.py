"""How figures read on screens, in workbooks and mails: Mexican Spanish, one way everywhere.

Only text comes out of here. Amounts stay Decimal until they arrive. None reads as an em dash:
unknown is shown as unknown, never as zero.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

UNKNOWN = "—"
MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
NBSP = "\u00a0"  # keeps a number and its unit on one line


def _round(value: Decimal | int, places: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def number(value: Decimal | int | None, places: int = 0) -> str:
    """1234567.5 -> `1,234,568`; a true minus sign for negatives."""
    if value is None:
        return UNKNOWN
    rounded = _round(value, places)
    return f"{rounded:,.{places}f}".replace("-", "−") if rounded else f"{abs(rounded):,.{places}f}"


def money(value: Decimal | int | None, currency: str | None = "MXN") -> str:
    """`$1,234,567.89 MXN`; without the code where `currency` is None."""
    if value is None:
        return UNKNOWN
    text = number(value, 2)
    signed = f"−${text[1:]}" if text.startswith("−") else f"${text}"
    return f"{signed}{NBSP}{currency}" if currency else signed


def mdp(value: Decimal | int | None) -> str:
    """A headline amount in millions of pesos: `$12.3 mdp`; under 100,000 pesos, whole pesos."""
    if value is None:
        return UNKNOWN
    amount = Decimal(value)
    if abs(amount) < 100_000:
        text = number(value, 0)
        return f"−${text[1:]}" if text.startswith("−") else f"${text}"
    text = number(amount / 1_000_000, 1 if abs(amount) >= 1_000_000 else 2)
    return (f"−${text[1:]}" if text.startswith("−") else f"${text}") + f"{NBSP}mdp"


def pct(value: Decimal | None, places: int = 1) -> str:
    """`18.4 %` (the value is already in 0–100)."""
    return UNKNOWN if value is None else f"{number(value, places)}{NBSP}%"


def days(value: Decimal | int | None, places: int = 0) -> str:
    """`47 días`, `1 día`."""
    if value is None:
        return UNKNOWN
    text = number(value, places)
    return f"{text}{NBSP}{'día' if text in {'1', '−1'} else 'días'}"


def signed(text: str) -> str:
    """Put a plus before a change that is not negative nor zero."""
    is_zero = not any(c in "123456789" for c in text)
    return text if is_zero or text.startswith("−") else f"+{text}"


def date_long(value: dt.date | None) -> str:
    """`22 nov 2026`."""
    return UNKNOWN if value is None else f"{value.day}{NBSP}{MONTHS[value.month - 1]}{NBSP}{value.year}"


def date_short(value: dt.date | None) -> str:
    """`22/11/2026`."""
    return UNKNOWN if value is None else f"{value.day:02d}/{value.month:02d}/{value.year:04d}"


def month_label(value: dt.date) -> str:
    """`nov 2026`."""
    return f"{MONTHS[value.month - 1]}{NBSP}{value.year}"


def plural(count: int, one: str, many: str) -> str:
    """`1 archivo`, `3 archivos`."""
    return f"{number(count)} {one if count == 1 else many}"
