"""From flat rows of text to the Arrow tables of the contract, checked a column at a time.

Every amount, date and key meets a strict pattern before anything is cast; a value that fails refuses its
document (all its rows, in every table) and no other. Patterns and casts
run inside Arrow: about 100 ns a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.amounts import MONEY_TEXT, RATE_TEXT
from ingestion.cfdi.names import locate
from ingestion.cfdi.refused import ASK_AGAIN, Refused, shown
from ingestion.cfdi.rows import LAYOUT, WIDTHS, Rows, Value, named
from ingestion.contracts import ARROW_TYPES, CFDI_TABLES, Column

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_UNSIGNED = frozenset(
    {"total", "subtotal", "descuento", "monto", "imp_pagado", "tipo_cambio", "tipo_cambio_p"}
)


@dataclass(frozen=True)
class Rule:
    """What a value must look like, and what to say when it does not."""

    pattern: str
    code: str
    what: str


_RULES: dict[str, Rule] = {
    "money": Rule(
        MONEY_TEXT.pattern, "bad_amount", "no es un importe (solo dígitos, un punto y hasta 6 decimales)"
    ),
    "rate": Rule(RATE_TEXT.pattern, "bad_rate", "no es una tasa o tipo de cambio (hasta 10 decimales)"),
    "timestamp": Rule(
        r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?",
        "bad_date",
        "no es una fecha y hora de 2000 a 2099 como 2026-06-30T12:00:00",
    ),
    "integer": Rule(r"[0-9]{1,18}", "bad_integer", "no es un número entero"),
}
_CURRENCY = Rule(r"[A-Za-z]{3}", "bad_currency", "no es una clave de moneda de tres letras")
_COLUMN_RULES: dict[str, Rule] = {
    "uuid": Rule(_UUID, "bad_uuid", "no es un folio fiscal (UUID)"),
    "related_uuid": Rule(_UUID, "bad_uuid", "no es un folio fiscal (UUID)"),
    "moneda": _CURRENCY,
    "moneda_p": _CURRENCY,
    "moneda_dr": _CURRENCY,
}
_REQUIRED = frozenset({"imp_pagado"})
_TEXT_INTEGERS = frozenset({"num_parcialidad"})  # the other integers are positions and counts
_LOWER = frozenset({"uuid", "related_uuid", "id_documento"})
_UPPER = frozenset(
    {
        "emisor_rfc",
        "receptor_rfc",
        "moneda",
        "moneda_p",
        "moneda_dr",
        "rfc_emisor_cta_ord",
        "rfc_emisor_cta_ben",
    }
)
_CONTROL = Rule(r"[^\x00-\x1f\x7f-\x{9f}]*", "control_character", "trae caracteres de control")
_CONTROL_IN_PROSE = Rule(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]*", _CONTROL.code, _CONTROL.what)
_PROSE = frozenset({"descripcion", "condiciones_de_pago"})  # line breaks are legal here, and nowhere else
_RFC = "^[A-Z&Ñ]{3,4}[0-9]{6}[A-Z0-9]{3}$"


@dataclass
class Fault:
    """One value that refuses its document: the row, and the rule it broke (None: it is missing)."""

    row: int
    text: str | None
    rule: Rule | None


def rule_of(column: Column) -> Rule | None:
    """The rule of a column, by its name, else by its type."""
    rule = _COLUMN_RULES.get(column.name) or _RULES.get(column.type)
    if rule is not None and column.name in _UNSIGNED:
        return Rule(
            rule.pattern.removeprefix("-?"), rule.code, rule.what.replace("no es", "no es (o es negativo)", 1)
        )
    return rule


def _patterned(rule: Rule) -> str:
    return f"^(?:{rule.pattern})$"


_COLUMN_RULE = {(name, c.name): rule_of(c) for name, columns in LAYOUT.items() for c in columns}


def to_tables(
    rows: Rows, ids: Sequence[str], deliveries: Sequence[date]
) -> tuple[dict[str, pa.Table], dict[int, Refused]]:
    """The tables of a batch, keyed by raw table name, and the documents that a value refused."""
    refused: dict[int, Refused] = {}
    indices: dict[str, pa.Array] = {}
    columns: dict[str, list[pa.Array]] = {}
    for name, layout in LAYOUT.items():
        flat, width = rows.table(name), WIDTHS[name]
        indices[name] = pa.array(flat[0::width], pa.int32())
        columns[name] = []
        for offset, column in enumerate(layout, start=1):
            array, faults = _column(name, column, flat[offset::width])
            columns[name].append(array)
            for fault in faults:
                _refuse(rows, name, column, fault, refused)
    _flag_rfcs(rows, indices["documents"], columns["documents"])
    tables = _assembled(rows, indices, columns, (ids, deliveries))
    return {
        CFDI_TABLES[name].name: _without(table, indices[name], refused) for name, table in tables.items()
    }, refused


def _column(table: str, column: Column, values: list[Value]) -> tuple[pa.Array, list[Fault]]:
    """One column as Arrow, with the values that break its rule (null in the array)."""
    target = ARROW_TYPES[column.type]
    if column.type == "boolean" or (column.type == "integer" and column.name not in _TEXT_INTEGERS):
        return pa.array(values, target), []
    texts = pa.array(values, pa.string())
    if texts.null_count == len(texts) and not (column.required or column.name in _REQUIRED):
        return pa.nulls(len(texts), target), []
    rule = _COLUMN_RULE[table, column.name]
    faults: list[Fault] = []
    if rule is not None:
        texts, faults = _checked(texts, values, rule)
        if column.type != "text":
            texts, late = _cast(texts, target, rule)
            faults += late
    else:
        texts, faults = _clean(texts, column.name in _PROSE)
    if column.name == "id_documento":
        texts = pc.fill_null(texts, "")  # a payment to a document that is not named still counts
    if column.name in _LOWER:
        texts = pc.utf8_lower(texts)
    elif column.name in _UPPER:
        texts = pc.utf8_upper(texts)
    if (column.required or column.name in _REQUIRED) and texts.null_count:
        known = {fault.row for fault in faults}
        missing = [i for i, valid in enumerate(texts.is_valid().to_pylist()) if not valid and i not in known]
        faults += [Fault(i, None, None) for i in missing]
    return texts, faults


def _clean(texts: pa.Array, prose: bool) -> tuple[pa.Array, list[Fault]]:
    """Free text without blanks at its ends; control characters refuse it.

    The bytes of the whole column are looked at first: few columns hold any byte that could be one.
    """
    if texts.null_count == len(texts):
        return texts, []
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[: len(texts) + 1]
    raw = np.frombuffer(data, np.uint8)[: bounds[-1]] if bounds[-1] else np.zeros(0, np.uint8)
    if ((raw < 0x20) | (raw == 0x7F) | (raw == 0xC2)).any():
        texts, faults = _checked(texts, texts.to_pylist(), _CONTROL_IN_PROSE if prose else _CONTROL)
        return _trimmed(texts), faults
    starts, ends = bounds[:-1], bounds[1:]
    filled = starts < ends
    blank_ends = (raw[starts[filled]] == 0x20).any() or (raw[ends[filled] - 1] == 0x20).any()
    if blank_ends or filled.sum() + texts.null_count < len(texts):
        return _trimmed(texts), []
    return texts, []


def _trimmed(texts: pa.Array) -> pa.Array:
    """Without blanks at the ends (XSD collapses them); what is only blank is unknown."""
    trimmed = pc.ascii_trim_whitespace(texts)
    if pc.any(pc.equal(trimmed, "")).as_py():
        return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    return trimmed


def _checked(texts: pa.Array, values: list[Value], rule: Rule) -> tuple[pa.Array, list[Fault]]:
    """The texts that meet the rule; the slow way only when one of them does not at once."""
    if pc.all(pc.match_substring_regex(texts, _patterned(rule))).as_py() is not False:
        return texts, []
    trimmed = texts if rule.code == _CONTROL.code else _trimmed(texts)
    good = pc.match_substring_regex(trimmed, _patterned(rule)).to_pylist()
    faults = [Fault(i, str(values[i]), rule) for i, ok in enumerate(good) if ok is False]
    cleaned = pc.if_else(pa.array([ok is True for ok in good]), trimmed, pa.scalar(None, pa.string()))
    return cleaned, faults


def _cast(texts: pa.Array, target: pa.DataType, rule: Rule) -> tuple[pa.Array, list[Fault]]:
    """Cast patterned texts; only dates that no calendar has can still fail."""
    try:
        return texts.cast(target), []
    except pa.ArrowInvalid:
        values, faults = texts.to_pylist(), []
        for i, value in enumerate(values):
            if value is not None and not _castable(value, target):
                values[i] = None
                faults.append(Fault(i, value, rule))
        return pa.array(values, pa.string()).cast(target), faults


def _castable(value: str, target: pa.DataType) -> bool:
    try:
        pa.scalar(value).cast(target)
    except pa.ArrowInvalid:
        return False
    return True


def _refuse(rows: Rows, table: str, column: Column, fault: Fault, refused: dict[int, Refused]) -> None:
    """Refuse the document of a faulty value, unless an earlier value did."""
    width = WIDTHS[table]
    row = rows.table(table)[fault.row * width : (fault.row + 1) * width]
    position = row[0]
    if not isinstance(position, int) or position in refused:
        return
    version, pagos = _versions(rows, position)
    where = locate(table, column.name, named(table, row), version, pagos)
    if fault.rule is None:
        refused[position] = Refused("missing_value", where, "Falta un dato obligatorio", ASK_AGAIN)
    else:
        refused[position] = Refused(
            fault.rule.code, where, f"El valor {shown(fault.text or '')} {fault.rule.what}"
        )


def _versions(rows: Rows, position: int) -> tuple[str, str | None]:
    """The version of the CFDI and of its Pagos, for a location."""
    width, names = WIDTHS["documents"], [c.name for c in LAYOUT["documents"]]
    start = rows.documents[0::width].index(position) * width + 1
    pagos = rows.documents[start + names.index("pagos_version")]
    return str(rows.documents[start + names.index("version")]), str(pagos) if pagos else None


def _flag_rfcs(rows: Rows, index: pa.Array, columns: list[pa.Array]) -> None:
    """An RFC of an impossible form is told, not refused: the SAT's own test RFCs break the rules."""
    for side in ("emisor_rfc", "receptor_rfc"):
        offset = [c.name for c in LAYOUT["documents"]].index(side)
        matches = pc.match_substring_regex(columns[offset], _RFC)
        if pc.all(matches).as_py() is False:
            for i, ok in zip(index.to_pylist(), matches.to_pylist(), strict=True):
                if ok is False:
                    rows.flags.setdefault(i, []).append(f"rfc_pattern:{side.removesuffix('_rfc')}")


def _assembled(
    rows: Rows,
    indices: dict[str, pa.Array],
    columns: dict[str, list[pa.Array]],
    provenance: tuple[Sequence[str], Sequence[date]],
) -> dict[str, pa.Table]:
    """Tables with the contract's schema: own columns, `uuid` or `flags`, and provenance."""
    ids, days = pa.array(provenance[0], pa.string()), pa.array(provenance[1], pa.date32())
    index = indices["documents"]
    uuids: list[str | None] = [None] * len(ids)
    for position, uuid in zip(index.to_pylist(), columns["documents"][0].to_pylist(), strict=True):
        uuids[position] = uuid
    flags = [",".join(rows.flags[i]) if rows.flags.get(i) else None for i in index.to_pylist()]
    tables = {}
    for name, own in columns.items():
        if name == "documents":
            body = [*own, pa.array(flags, pa.string())]
        else:
            body = [pa.array(uuids, pa.string()).take(indices[name]), *own]
        body += [ids.take(indices[name]), days.take(indices[name])]
        tables[name] = pa.Table.from_arrays(body, schema=CFDI_TABLES[name].arrow_schema)
    return tables


def _without(table: pa.Table, index: pa.Array, refused: dict[int, Refused]) -> pa.Table:
    """The table without the rows of refused documents."""
    if not refused or not len(index):
        return table
    return table.filter(pc.invert(pc.is_in(index, value_set=pa.array(sorted(refused), pa.int32()))))
