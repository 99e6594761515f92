"""One cell at a time: text as people and spreadsheets write it → a typed value, or an `AmountError` in Spanish.

`values.py` calls this only for the distinct texts of a column that its quick patterns do not settle. The strict
patterns themselves are those of `ingestion.amounts`; here only what surrounds them is taken off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from cartera.calendar import MEXICO_CITY
from ingestion.amounts import AmountError, parse_amount, parse_date
from ingestion.tables.names import normalise

_MAX_LENGTH = 80  # of an amount or a date; the patterns below are tried on no more
FIRST_YEAR, LAST_YEAR = 1990, 2100
CURRENCY_WORDS = {
    "mxn": "MXN", "mxp": "MXN", "mx": "MXN", "mn": "MXN", "peso": "MXN", "pesos": "MXN", "pesomexicano": "MXN",
    "pesosmexicanos": "MXN", "monedanacional": "MXN", "nacional": "MXN", "mex": "MXN",
    "us": "USD", "usd": "USD", "usdollar": "USD", "dls": "USD", "dlls": "USD", "dlrs": "USD", "dolar": "USD",
    "dolares": "USD", "dolaramericano": "USD", "dolaresamericanos": "USD",
    "euro": "EUR", "euros": "EUR",
}  # fmt: skip

_EDGES = re.compile(r"(?P<lead>[^0-9(+\-]*)(?P<core>[0-9(+\-].*?)(?P<trail>[^0-9)\-]*)", re.DOTALL)
_CORE = re.compile(
    r"(?P<open>\()?(?P<sign>[+-])?\s*\$?\s*(?P<sign2>-)?(?P<number>[0-9][0-9.,'\s\u00a0\u202f]*)(?P<after>-)?(?P<close>\))?"
)
_CANONICAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_ISO = re.compile(
    r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[ T]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?))?"
)
MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]{1,9})?"
    r" ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?"
)
_ISO_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_CLOCK = r"(?:[ T]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\s*[aApP]\.?\s*[mM]\.?)?)?"
NUMERIC_DATE = re.compile(rf"([0-9]{{1,2}})[/.\-]([0-9]{{1,2}})[/.\-]([0-9]{{4}}){_CLOCK}")
_NAMED_MONTH = re.compile(
    r"([0-9]{1,2})(?:[-/. ]|\s+de\s+)([A-Za-z]{3,10})\.?(?:[-/. ,]|\s+del?\s+)([0-9]{4})" + _CLOCK
)
_SERIAL = re.compile(r"([0-9]{4,6})(?:\.[0-9]+)?")


@dataclass(frozen=True)
class Amount:
    """An amount's canonical text, the currency that stood beside it, and whether a float was rounded."""

    text: str
    currency: str | None = None
    rounded: bool = False


def read_currency(text: str) -> str:
    """A currency code: ISO's three letters, or a Mexican way to say pesos, dollars or euros."""
    word = normalise(text)
    if word in CURRENCY_WORDS:
        return CURRENCY_WORDS[word]
    if text == "$":
        raise AmountError("«$» no dice qué moneda es; escribe MXN, USD…")
    if len(text) == 3 and text.isascii() and text.isalpha():
        return text.upper()
    raise AmountError(f"«{text[:40]}» no es una moneda: se espera la clave de tres letras (MXN, USD…)")


def read_amount(
    text: str, decimal: str, thousands: str | None, places: int, is_workbook: bool, unsure_comma: bool = False
) -> Amount:
    """An amount with its `$`, its currency, its parentheses or trailing minus taken off, and then strictly."""
    if len(text) > _MAX_LENGTH:
        raise AmountError(f"«{text[:40]}…» no es un importe")
    edges = _EDGES.fullmatch(text)
    core = _CORE.fullmatch(edges["core"].strip()) if edges else None
    if edges is None or core is None:
        parse_amount(text, decimal, thousands, places)  # raises, with the reason
        raise AmountError(f"«{text[:60]}» no es un importe")
    currency = _edge_currency(text, edges["lead"], edges["trail"])
    signs = [core["sign"] == "-", bool(core["sign2"]), bool(core["after"]), bool(core["open"])]
    if sum(signs) > 1 or bool(core["open"]) != bool(core["close"]) or (core["sign"] == "+" and any(signs)):
        raise AmountError(f"«{text[:60]}» no es un importe: tiene más de un signo")
    number = core["number"].strip()
    if unsure_comma and re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})", number):
        raise AmountError(
            f"«{text[:60]}» puede ser con miles o con decimales: la columna mezcla puntos y comas"
        )
    if is_workbook and _CANONICAL.fullmatch(number):
        if decimal == "," and re.fullmatch(r"[0-9]{1,3}\.[0-9]{3}", number):
            raise AmountError(
                f"«{text[:60]}» puede ser con miles o con decimales: guarda la celda como número"
            )
        decimal, thousands = ".", None
        number, rounded = _rounded(number, places)
    else:
        rounded = False
    value = parse_amount(number, decimal, thousands, places)
    return Amount(format(-value if any(signs) else value, "f"), currency, rounded)


def _rounded(number: str, places: int) -> tuple[str, bool]:
    """A workbook's number is a binary float: what goes beyond the column's decimals is noise, and is rounded."""
    if len(number.partition(".")[2].rstrip("0")) <= places:
        return number, False
    return format(Decimal(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f"), True


def _edge_currency(text: str, lead: str, trail: str) -> str | None:
    """The currency said beside an amount; `$` says none."""
    found = None
    for edge in (lead, trail):
        word = edge.replace("$", " ").strip() if edge.strip() not in {"US$", "MX$"} else edge.strip()[:2]
        if not word:
            continue
        if found is not None:
            raise AmountError(f"«{text[:60]}» no es un importe")
        try:
            found = read_currency(word)
        except AmountError as error:
            raise AmountError(f"«{text[:60]}» no es un importe") from error
    return found


def read_date(
    text: str,
    date_format: str | None,
    day_first: bool,
    is_workbook: bool,
    date_1904: bool,
    month_alone: bool = False,
) -> date:
    """ISO always; the mapping's format; dd/mm only where the column proved it; serial numbers in a workbook."""
    if len(text) > _MAX_LENGTH:
        raise AmountError(f"«{text[:40]}…» no es una fecha")
    found = _ISO.fullmatch(text)
    if found:
        return _calendar(text, int(found[1]), int(found[2]), int(found[3]))
    if month_alone:
        found = _ISO_MONTH.fullmatch(text)
        if found:
            return _calendar(text, int(found[1]), int(found[2]), 1)
    if (is_workbook or date_format == "excel") and _SERIAL.fullmatch(text):
        return _serial(text, date_1904)
    if date_format and date_format != "excel":
        parsed = parse_date(text, date_format)
        return _calendar(text, parsed.year, parsed.month, parsed.day)
    found = NUMERIC_DATE.fullmatch(text) if day_first else None
    if found:
        return _calendar(text, int(found[3]), int(found[2]), int(found[1]))
    found = _NAMED_MONTH.fullmatch(text)
    if found:
        parsed = parse_date(f"{found[1]}/{found[2]}/{found[3]}", "%d/%b/%Y")
        return _calendar(text, parsed.year, parsed.month, parsed.day)
    raise AmountError(f"«{text[:60]}» no es una fecha que se reconozca (se espera aaaa-mm-dd)")


def read_moment(text: str, zone: str) -> date:
    """The business date of a moment: its date in Mexico City. Its own offset counts, else the mapping's zone.

    A date without a time has no zone to change and stays as it is.
    """
    found = MOMENT.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if found is None:
        return read_date(text, None, day_first=False, is_workbook=False, date_1904=False)
    offset = {"Z": "+00:00", "UTC": "+00:00"}.get(found[3] or "", found[3] or "")
    try:
        moment = datetime.fromisoformat(f"{found[1]} {found[2]}{offset}")
        local = (moment if offset else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(MEXICO_CITY)
    except (ValueError, OverflowError) as error:
        raise AmountError(f"«{text[:60]}» no es una fecha con hora del calendario") from error
    return _calendar(text, local.year, local.month, local.day)


def _calendar(text: str, year: int, month: int, day: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise AmountError(f"«{text[:60]}» tiene un año imposible")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise AmountError(f"«{text[:60]}» no es una fecha del calendario") from error


def _serial(text: str, date_1904: bool) -> date:
    """Excel's day number. Numbers that would fall before 1950 or after 2100 are taken for something else."""
    epoch = date(1904, 1, 1) if date_1904 else date(1899, 12, 30)
    found = epoch + timedelta(days=int(text.partition(".")[0]))
    if not 1950 <= found.year <= 2100:
        raise AmountError(f"«{text[:60]}» no es una fecha que se reconozca")
    return found
