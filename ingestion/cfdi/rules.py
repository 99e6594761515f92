"""What the value of each column must look like, and what to say when it does not.

`Rule` is the strict pattern of one column, taken a value at a time. The functions at the end answer for a
whole Arrow column at once, from its bytes: they may say no of what a rule would take (then `columns` looks
closer), and never yes of what a rule would refuse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.amounts import MONEY_PLACES, MONEY_TEXT, RATE_PLACES, RATE_TEXT
from ingestion.contracts import Column

UUID_TEXT = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
RFC_TEXT = "^[A-Z&Ñ]{3,4}[0-9]{6}[A-Z0-9]{3}$"
_UNSIGNED = frozenset(
    {"total", "subtotal", "descuento", "monto", "imp_pagado", "tipo_cambio", "tipo_cambio_p"}
)
_PLACES = {"money": MONEY_PLACES, "rate": RATE_PLACES}
_WHOLE_DIGITS = {"money": 18, "rate": 14}


@dataclass(frozen=True)
class Rule:
    """What a value must look like, and what to say when it does not."""

    pattern: str
    code: str
    what: str

    @property
    def anchored(self) -> str:
        """The pattern for a whole value."""
        return f"^(?:{self.pattern})$"


_RULES: dict[str, Rule] = {
    "money": Rule(
        MONEY_TEXT.pattern, "bad_amount", "no es un importe (hasta 12 dígitos, un punto y hasta 6 decimales)"
    ),
    "rate": Rule(
        RATE_TEXT.pattern, "bad_rate", "no es una tasa o tipo de cambio (hasta 9 dígitos y 10 decimales)"
    ),
    "timestamp": Rule(
        r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?",
        "bad_date",
        "no es una fecha y hora de 2000 a 2099 como 2026-06-30T12:00:00",
    ),
    "integer": Rule(r"0{0,12}[0-9]{1,5}", "bad_integer", "no es un número entero de hasta 5 dígitos"),
}
_CURRENCY = Rule(r"[A-Za-z]{3}", "bad_currency", "no es una clave de moneda de tres letras")
_FISCAL_FOLIO = Rule(UUID_TEXT, "bad_uuid", "no es un folio fiscal (UUID)")
_COLUMN_RULES: dict[str, Rule] = {
    "uuid": _FISCAL_FOLIO,
    "related_uuid": _FISCAL_FOLIO,
    "moneda": _CURRENCY,
    "moneda_p": _CURRENCY,
    "moneda_dr": _CURRENCY,
}
_CONTROL = Rule(r"[^\x00-\x1f\x7f-\x{9f}]*", "control_character", "trae caracteres de control")
_CONTROL_IN_PROSE = Rule(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]*", _CONTROL.code, _CONTROL.what)
_PROSE = frozenset({"descripcion", "condiciones_de_pago"})  # line breaks are legal here, and nowhere else


def rule_of(column: Column) -> Rule:
    """The rule of a column, by its name, else by its type; free text may not hold control characters."""
    rule = _COLUMN_RULES.get(column.name) or _RULES.get(column.type)
    if rule is None:
        return _CONTROL_IN_PROSE if column.name in _PROSE else _CONTROL
    if column.name in _UNSIGNED:
        return Rule(
            rule.pattern.removeprefix("-?"), rule.code, rule.what.replace("no es", "no es (o es negativo)", 1)
        )
    return rule


def is_free_text(rule: Rule) -> bool:
    """Whether the rule only forbids control characters."""
    return rule.code == _CONTROL.code


def plain_numbers(texts: pa.Array, kind: str) -> bool:
    """Whether every value is digits, with at most one point inside: all that the strict pattern takes.

    Reading the bytes of the column costs a fifth of what matching them does.
    """
    raw, starts, ends = _bytes(texts)
    if not len(raw):
        return bool(texts.null_count == len(texts))
    points = np.flatnonzero(raw == ord("."))
    if np.count_nonzero((raw - ord("0")) <= 9) + len(points) < len(raw):  # bytes wrap around below the zero
        return False
    filled = starts < ends
    starts, ends = starts[filled], ends[filled]
    if len(ends) + texts.null_count < len(texts) or (ends - starts).max() > _WHOLE_DIGITS[kind]:
        return False
    rows = np.searchsorted(ends, points, side="right")  # the row of each point
    if (rows[1:] == rows[:-1]).any() or (points == starts[rows]).any():
        return False
    decimals = ends[rows] - points - 1
    return bool(not len(points) or (decimals.min() > 0 and decimals.max() <= _PLACES[kind]))


def plain_text(texts: pa.Array) -> bool:
    """Whether no value is empty, has a blank at an end, or a control character."""
    raw, starts, ends = _bytes(texts)
    if not len(raw):
        return bool(texts.null_count == len(texts))
    if (raw < 0x20).any() or (raw == 0x7F).any():
        return False
    if (raw[np.flatnonzero(raw == 0xC2) + 1] < 0xA0).any():  # U+0080 to U+009F; UTF-8 never ends in C2
        return False
    filled = starts < ends
    starts, ends = starts[filled], ends[filled]
    if len(ends) + texts.null_count < len(texts):
        return False
    return not bool((raw[starts] == 0x20).any() or (raw[ends - 1] == 0x20).any())


def _bytes(texts: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bytes of a column of text that is no slice, and where each value starts and ends."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[: len(texts) + 1] if len(texts) else np.zeros(1, np.int32)
    size = int(bounds[-1])
    raw = np.frombuffer(data, np.uint8)[:size] if size else np.zeros(0, np.uint8)
    return raw, bounds[:-1], bounds[1:]
