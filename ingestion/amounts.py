"""Strict numbers, dates and booleans: text in, a typed value out, or a reason in Spanish.

Every reader uses these patterns before anything is cast, because casts are not validation (DuckDB takes
`1_234`, and `1e400` as infinity). Nothing is guessed: no exponent, no signs of other alphabets, no rounding.
What a blank means is the caller's business: here a blank is an error.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

MONEY_PLACES = 6
RATE_PLACES = 10
# Whole digits by decimals. Nobody is owed 10¹² on one paper: such a number is an account or a folio in the wrong
# column, and the sums of the models, DECIMAL(18,2), could not hold many of them.
WHOLE_DIGITS = {MONEY_PLACES: 12, RATE_PLACES: 9}

# The canonical text of an amount or a rate. Use with `fullmatch`.
MONEY_TEXT = re.compile(r"-?0{0,6}[0-9]{1,12}(?:\.[0-9]{1,6})?")
RATE_TEXT = re.compile(r"-?0{0,5}[0-9]{1,9}(?:\.[0-9]{1,10})?")

_INTEGER_TEXT = re.compile(r"[+-]?0{0,12}[0-9]{1,5}")  # days of a term, numbers of instalments
_TRUE = frozenset({"1", "si", "sí", "s", "true", "verdadero", "yes", "y"})
_FALSE = frozenset({"0", "no", "n", "false", "falso"})
_MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
_MONTHS_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE_PARTS = {
    "%d": r"(?P<day>[0-9]{1,2})",
    "%m": r"(?P<month>[0-9]{1,2})",
    "%Y": r"(?P<year>[0-9]{4})",
    "%y": r"(?P<short_year>[0-9]{2})",
    "%b": r"(?P<month_name>[A-Za-z]{3,10})\.?",
    "%B": r"(?P<month_name>[A-Za-z]{3,10})\.?",
    "%H": r"(?:[01]?[0-9]|2[0-3])",
    "%M": r"[0-5][0-9]",
    "%S": r"[0-5][0-9](?:[.,][0-9]{1,9})?",
}


class AmountError(ValueError):
    """A value that is not what it should be; `str()` is the reason in Spanish."""


def _shown(text: str) -> str:
    """The value as it can be shown in a reason: short, with control characters visible."""
    cut = text if len(text) <= 60 else text[:57] + "…"
    return "«" + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cut) + "»"


@lru_cache(maxsize=64)
def _amount_pattern(decimal: str, thousands: str | None) -> re.Pattern[str]:
    whole = "[0-9]+"
    if thousands:
        # A blank as separator also stands for the no-break ones that spreadsheets write.
        mark = "[ \u00a0\u202f]" if thousands == " " else re.escape(thousands)
        whole = f"(?:[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+)"
    return re.compile(rf"(?P<sign>[+-]?)\$?\s?(?P<whole>{whole})(?:{re.escape(decimal)}(?P<part>[0-9]+))?")


def parse_amount(
    text: str, decimal: str = ".", thousands: str | None = None, places: int = MONEY_PLACES
) -> Decimal:
    """Read an amount exactly. `places`: decimals that the column holds; more of them is an error."""
    if decimal == thousands or len(decimal) != 1:
        raise AmountError("El separador decimal y el de miles deben ser distintos y de un solo carácter.")
    match = _amount_pattern(decimal, thousands).fullmatch(text.strip())
    if match is None:
        marks = f"punto decimal «{decimal}»" + (f" y miles «{thousands}»" if thousands else " y sin miles")
        raise AmountError(f"{_shown(text)} no es un importe: se esperan solo dígitos con {marks}.")
    whole = re.sub(r"[^0-9]", "", match["whole"]).lstrip("0") or "0"
    part = (match["part"] or "").rstrip("0") if len(match["part"] or "") > places else match["part"] or ""
    if len(part) > places:
        raise AmountError(f"{_shown(text)} tiene más de {places} decimales y no se redondea.")
    if len(whole) > WHOLE_DIGITS[places]:
        raise AmountError(
            f"{_shown(text)} es demasiado grande: caben {WHOLE_DIGITS[places]} dígitos enteros."
        )
    sign = "-" if match["sign"] == "-" else ""
    return Decimal(f"{sign}{whole}.{part}" if part else f"{sign}{whole}")


def parse_rate(text: str, decimal: str = ".", thousands: str | None = None) -> Decimal:
    """Read a rate (up to 10 decimals): exchange rates, tax rates."""
    return parse_amount(text, decimal, thousands, RATE_PLACES)


def parse_integer(text: str) -> int:
    """Read a whole number; `12.0`, as spreadsheets write it, counts as 12."""
    cleaned = text.strip()
    head, dot, tail = cleaned.partition(".")
    if dot and tail.strip("0") == "" and tail:
        cleaned = head
    if _INTEGER_TEXT.fullmatch(cleaned) is None:
        raise AmountError(f"{_shown(text)} no es un número entero de hasta 5 dígitos.")
    return int(cleaned)


def parse_boolean(text: str) -> bool:
    """Read sí/no, true/false, verdadero/falso, 1/0."""
    word = text.strip().casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise AmountError(f"{_shown(text)} no es sí ni no.")


@lru_cache(maxsize=64)
def _date_pattern(fmt: str) -> re.Pattern[str]:
    """A regular expression for a date format; only the directives of `_DATE_PARTS`."""
    parts = re.split(r"(%.)", fmt)
    unknown = [p for p in parts if p.startswith("%") and p not in _DATE_PARTS]
    if unknown:
        raise AmountError(f"El formato de fecha «{fmt}» usa {unknown[0]}, que no se conoce.")
    return re.compile("".join(_DATE_PARTS.get(p) or re.escape(p) for p in parts))


@lru_cache(maxsize=16384)
def parse_date(text: str, fmt: str) -> date:
    """Read a date in one given format (`%d/%m/%Y`, `%Y-%m-%d`, …); a time in the format is dropped."""
    match = _date_pattern(fmt).fullmatch(text.strip())
    if match is None:
        raise AmountError(f"{_shown(text)} no es una fecha con el formato {fmt}.")
    found = match.groupdict()
    year = int(found["year"]) if found.get("year") else 2000 + int(found["short_year"])
    try:
        return date(year, _month(found, text), int(found["day"]))
    except ValueError as error:
        raise AmountError(f"{_shown(text)} no es una fecha del calendario (formato {fmt}).") from error


def _month(found: dict[str, str | None], text: str) -> int:
    """The month of a match, given as a number or as a Spanish or English name."""
    if found.get("month"):
        return int(found["month"] or "0")
    name = (found.get("month_name") or "")[:3].casefold()
    for names in (_MONTHS, _MONTHS_ENGLISH):
        if name in names:
            return names.index(name) + 1
    raise AmountError(f"{_shown(text)} no trae un mes que se reconozca.")
