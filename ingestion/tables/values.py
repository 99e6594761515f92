"""Columns of text → typed columns, as fast as the common case allows.

A quick pattern over the whole column settles what is already plain; the distinct texts that remain go one by one
through `cells.py`. A blank is null; what cannot be read is null and marked bad, with its reason by text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ingestion.amounts import (
    MONEY_PLACES,
    MONEY_TEXT,
    RATE_PLACES,
    RATE_TEXT,
    AmountError,
    parse_boolean,
    parse_integer,
)  # fmt: skip
from ingestion.contracts import Column
from ingestion.tables import cells
from ingestion.tables.grid import FileRefused

MAX_TEXT = 32_767  # what a spreadsheet cell can hold
CURRENCY_COLUMNS = frozenset({"currency", "account_currency", "credit_limit_currency"})
UUID_COLUMNS = frozenset({"uuid", "rep_uuid", "invoice_uuid"})
RFC_COLUMNS = frozenset({"rfc", "company_rfc"})

_PLAIN_MONEY = f"^(?:{MONEY_TEXT.pattern})$"
_PLAIN_RATE = f"^(?:{RATE_TEXT.pattern})$"
_GROUPED_MONEY = r"^-?\$? ?[0-9]{1,3}(?:,[0-9]{3}){1,3}(?:\.[0-9]{1,6})?$"
_PROVES_COMMA = r"[0-9],[0-9]{1,2}[^0-9,]*$|[0-9],[0-9]{4,}[^0-9,]*$|[0-9]\.[0-9]{3},[0-9]"
_PROVES_POINT = r"[0-9]\.[0-9]{1,2}[^0-9.]*$|[0-9]\.[0-9]{4,}[^0-9.]*$|[0-9],[0-9]{3}\.[0-9]"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]"
_LINE_BREAKS = r"[\t\r\n\x85\u2028\u2029]+"
_EXCEL_ERROR = r"^#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|ERROR!|¡REF!|¡VALOR!|¡DIV/0!|¿NOMBRE\?)$"
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_POLARS_TYPES: dict[str, Any] = {
    "text": pl.String(),
    "money": pl.Decimal(24, MONEY_PLACES),
    "rate": pl.Decimal(24, RATE_PLACES),
    "date": pl.Date(),
    "integer": pl.Int64(),
    "boolean": pl.Boolean(),
}


@dataclass(frozen=True)
class Reader:
    """How the cells of one column are written."""

    header: str = ""
    decimal: str = "."
    thousands: str | None = None
    date_format: str | None = None
    zone: str | None = None
    is_workbook: bool = False
    date_1904: bool = False

    def marks(self, column: Column) -> tuple[str, str | None]:
        """Decimal and thousands marks. A rate has no thousands unless the mapping says so: `18,234` is not 18234."""
        if self.thousands is not None:
            return self.decimal, self.thousands or None
        other = "," if self.decimal == "." else "."
        return self.decimal, other if column.type == "money" else None


@dataclass
class Typed:
    """A typed column: values, which cells could not be read and why (by their text), the odd things seen."""

    values: pl.Series
    bad: pl.Series
    code: str
    source: pl.Series  # the texts, by which `reasons` are found
    reasons: dict[str, str] = field(default_factory=dict)
    currencies: pl.Series | None = None
    flags: list[str] = field(default_factory=list)


def clean(frame: pl.DataFrame) -> pl.DataFrame:
    """Blanks around cells and invisible marks go; what is then empty is null."""
    invisible = "[\u200b\u200c\u200d\u2060\ufeff\u00ad]"
    stripped = frame.select(pl.all().str.replace_all(invisible, "").str.strip_chars())
    return stripped.select(pl.when(pl.all() == "").then(None).otherwise(pl.all()).name.keep())


def polars_type(column: Column) -> Any:
    """The polars type of a contract column."""
    return _POLARS_TYPES[column.type]


def convert(series: pl.Series, column: Column, reader: Reader) -> Typed:
    """Type one clean column."""
    if column.type == "text":
        return _text(series, column, reader)
    if column.type in {"money", "rate"}:
        return _amounts(series, column, reader)
    if column.type == "date":
        return _dates(series, column, reader)
    if column.type == "integer":
        return _distinct(series, parse_integer, pl.Int64(), "bad_integer")
    return _distinct(series, parse_boolean, pl.Boolean(), "bad_boolean")


def _distinct(series: pl.Series, read: Callable[[str], Any], dtype: Any, code: str) -> Typed:
    """Read each distinct text once."""
    known: list[str] = []
    values: list[Any] = []
    reasons: dict[str, str] = {}
    for text in series.drop_nulls().unique(maintain_order=True).to_list():
        try:
            values.append(read(text))
            known.append(text)
        except AmountError as error:
            reasons[text] = str(error).rstrip(".")
    return Typed(_mapped(series, known, values, dtype), _is_in(series, reasons), code, series, reasons)


def _mapped(series: pl.Series, known: list[str], values: list[Any], dtype: Any) -> pl.Series:
    if not known:
        return pl.Series(series.name, [None] * len(series), dtype=dtype)
    new = pl.Series(values, dtype=dtype)
    return series.replace_strict(pl.Series(known, dtype=pl.String), new, default=None, return_dtype=dtype)


def _is_in(series: pl.Series, texts: dict[str, str]) -> pl.Series:
    if not texts:
        return pl.Series([False] * len(series), dtype=pl.Boolean)
    return series.is_in(pl.Series(list(texts), dtype=pl.String).implode()).fill_null(value=False)


def _text(series: pl.Series, column: Column, reader: Reader) -> Typed:
    if column.name in CURRENCY_COLUMNS:
        return _distinct(series, cells.read_currency, pl.String(), "bad_currency")
    series = series.str.replace_all(_LINE_BREAKS, " ")
    flags: list[str] = []
    if reader.is_workbook:  # a date that Excel made out of a text
        series = series.str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$", "$1")
    errors = series.str.contains(_EXCEL_ERROR).fill_null(value=False)
    if errors.any():
        series = pl.select(pl.when(errors).then(None).otherwise(series).alias(series.name)).to_series()
        flags.append(f"cell_errors:{reader.header}")
    if column.name in UUID_COLUMNS:
        series = series.str.to_lowercase().str.strip_chars("{}")
        return _refusing(series, ~series.str.contains(_UUID), "bad_uuid", _uuid_reason, flags)
    if column.name in RFC_COLUMNS:
        series = series.str.to_uppercase()
    bad = series.str.contains(_CONTROL) | (series.str.len_bytes() > MAX_TEXT)
    return _refusing(series, bad, "control_character", _text_reason, flags)


def _refusing(
    series: pl.Series, bad: pl.Series, code: str, reason: Callable[[str], str], flags: list[str]
) -> Typed:
    bad = bad.fill_null(value=False)
    reasons = {text: reason(text) for text in series.filter(bad).unique().to_list()}
    return Typed(series, bad, code, series, reasons, flags=flags)


def _uuid_reason(text: str) -> str:
    return f"«{text[:60]}» no es un UUID de CFDI; si no lo tienes, deja la celda vacía"


def _text_reason(text: str) -> str:
    if len(text.encode("utf-8")) > MAX_TEXT:
        return f"el texto mide más de {MAX_TEXT:,} caracteres"
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:60])
    return f"«{shown}» lleva caracteres de control invisibles"


def _amounts(series: pl.Series, column: Column, reader: Reader) -> Typed:
    places = MONEY_PLACES if column.type == "money" else RATE_PLACES
    decimal, thousands = reader.marks(column)
    plain = pl.Series([False] * len(series), dtype=pl.Boolean)
    texts = series
    if decimal == ".":
        plain = series.str.contains(_PLAIN_MONEY if column.type == "money" else _PLAIN_RATE).fill_null(
            value=False
        )
    unsure = decimal == "." and reader.thousands is None and _unsure_comma(series, reader)
    if decimal == "." and thousands == "," and column.type == "money" and not unsure and not plain.all():
        grouped = series.str.contains(_GROUPED_MONEY).fill_null(value=False)
        texts = series.str.replace_all(r"[$, ]", "")
        texts = pl.select(pl.when(grouped).then(texts).otherwise(series).alias("t")).to_series()
        plain = plain | grouped
    odd = series.filter(~plain & series.is_not_null()).unique(maintain_order=True).to_list()
    found: dict[str, cells.Amount] = {}
    reasons: dict[str, str] = {}
    for text in odd:
        try:
            found[text] = cells.read_amount(text, decimal, thousands, places, reader.is_workbook, unsure)
        except AmountError as error:
            reasons[text] = str(error).rstrip(".")
    if found:
        read = _mapped(series, list(found), [amount.text for amount in found.values()], pl.String())
        texts = pl.select(pl.when(plain).then(texts).otherwise(read).alias("t")).to_series()
    else:
        texts = pl.select(pl.when(plain).then(texts).otherwise(None).alias("t")).to_series()
    currencies = {text: amount.currency for text, amount in found.items() if amount.currency}
    values = texts.cast(polars_type(column)).alias(series.name)
    if column.name == "mxn_per_unit":  # a row of rates says nothing else
        none = (values <= 0).fill_null(value=False)
        reasons |= {
            text: f"«{text}» no es un tipo de cambio: es mayor que cero" for text in series.filter(none)
        }
    return Typed(
        values,
        _is_in(series, reasons),
        "bad_amount",
        series,
        reasons,
        _mapped(series, list(currencies), list(currencies.values()), pl.String()) if currencies else None,
        [f"rounded_numbers:{reader.header}"] if any(amount.rounded for amount in found.values()) else [],
    )


def _unsure_comma(series: pl.Series, reader: Reader) -> bool:
    """Whether commas in this column may be decimals. A column that only writes decimal commas refuses the file."""
    comma = series.str.contains(_PROVES_COMMA).fill_null(value=False)
    if not comma.any():
        return False
    if series.str.contains(_PROVES_POINT).any():
        return True
    example = series.filter(comma)[0]
    raise FileRefused(
        "decimal_comma",
        f"La columna «{reader.header}» usa coma decimal (por ejemplo «{example[:40]}») y eso no se adivina. "
        'Haz un mapeo con decimal: "," (prueba «cartera mapping suggest») y ponlo en mappings/.',
    )


def _dates(series: pl.Series, column: Column, reader: Reader) -> Typed:
    if reader.zone is not None:
        zone = reader.zone
        return _distinct(series, lambda text: cells.read_moment(text, zone), pl.Date(), "bad_date")
    month_alone = column.name == "month"
    day_first, flags = _day_order(series, column, reader)
    typed = _distinct(
        series,
        lambda text: cells.read_date(
            text, reader.date_format, day_first, reader.is_workbook, reader.date_1904, month_alone
        ),
        pl.Date(),
        "bad_date",
    )
    typed.flags.extend(flags)
    return typed


def _day_order(series: pl.Series, column: Column, reader: Reader) -> tuple[bool, list[str]]:
    """Whether numeric dates are proven dd/mm. A column that does not say is refused with the way to map it."""
    if reader.date_format and reader.date_format != "excel":
        return False, []
    distinct = series.drop_nulls().unique(maintain_order=True)
    slashed = [m for m in map(cells.NUMERIC_DATE.fullmatch, distinct.to_list()) if m]
    parts = [(int(m[1]), int(m[2])) for m in slashed]
    parts = [(a, b) for a, b in parts if a != b and min(a, b) <= 12]
    day_first = any(a > 12 for a, _ in parts)
    month_first = any(b > 12 for _, b in parts)
    if (parts and day_first == month_first) or month_first:
        example = next(m[0] for m in slashed if int(m[1]) != int(m[2]))
        raise FileRefused("ambiguous_date", _date_advice(column, reader, example, day_first, month_first))
    flags = []
    if reader.is_workbook and parts and all(a > 12 for a, _ in parts):
        days = distinct.str.extract(r"^[0-9]{4}-[0-9]{2}-([0-9]{2}) ", 1).drop_nulls().cast(pl.Int64)
        if len(days) and days.max() <= 12:  # type: ignore[operator]
            flags.append(f"mixed_dates:{reader.header}")  # an American Excel has turned some of them round
    return True, flags


def _date_advice(column: Column, reader: Reader, example: str, day_first: bool, month_first: bool) -> str:
    if day_first and month_first:
        what = "mezcla fechas día/mes y mes/día"
    elif month_first:
        what = "trae fechas mes/día/año"
    else:
        what = "trae fechas que pueden ser día/mes o mes/día, y ninguna lo aclara"
    order = "%m/%d/%Y" if month_first and not day_first else "%d/%m/%Y"
    mark = next((c for c in example if c in "/.-"), "/")
    return (
        f"La columna «{reader.header}» {what} (por ejemplo «{example[:30]}»). Guárdala como aaaa-mm-dd, o di el "
        f'formato en un mapeo: {column.name}: {{from: "{reader.header}", format: "{order.replace("/", mark)}"}}.'
    )
