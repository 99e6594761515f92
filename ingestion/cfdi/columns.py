"""From flat rows of text to the Arrow tables of the contract, checked many columns at a time.

Every amount, date and key meets a strict rule before anything is cast; a value that fails refuses its
document (all its rows, in every table) and no other. Columns of one rule are checked and cast together, in
one Arrow array; only where something in it is odd is each looked at by itself, and then value by value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.cfdi.names import locate
from ingestion.cfdi.refused import ASK_AGAIN, Refused, shown
from ingestion.cfdi.rows import COUNTS, LAYOUT, TEXTS, Rows
from ingestion.cfdi.rules import RFC_TEXT, Rule, is_free_text, plain_numbers, plain_text, rule_of
from ingestion.contracts import ARROW_TYPES, CFDI_TABLES, Column, ColumnType

_REQUIRED = frozenset({"imp_pagado"})
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


@dataclass
class Fault:
    """One value that refuses its document: the row, and the rule it broke (None: it is missing)."""

    row: int
    text: str | None
    rule: Rule | None


class Place(NamedTuple):
    """Where a column of text stands: its table, its offset among the row's texts, what it is, and its rule."""

    table: str
    offset: int
    column: Column
    rule: Rule

    @property
    def is_required(self) -> bool:
        """Whether a blank refuses the document."""
        return self.column.required or self.column.name in _REQUIRED


class Group(NamedTuple):
    """What columns that are checked and cast together share."""

    type: ColumnType
    rule: Rule | None  # None: numbers, where signed and unsigned go together
    case: str


def _group(place: Place) -> Group:
    name, kind = place.column.name, place.column.type
    case = (
        "id" if name == "id_documento" else "lower" if name in _LOWER else "upper" if name in _UPPER else ""
    )
    return Group(kind, None if kind in ("money", "rate") else place.rule, case)


_GROUPS: dict[Group, list[Place]] = {}
for _table, _columns in TEXTS.items():
    for _offset, _column_ in enumerate(_columns):
        _place = Place(_table, _offset, _column_, rule_of(_column_))
        _GROUPS.setdefault(_group(_place), []).append(_place)


class _Texts:
    """All texts of a batch in one Arrow array, table after table, row after row."""

    def __init__(self, rows: Rows):
        rows.seal()
        self.start: dict[str, int] = {}
        self.size: dict[str, int] = {}
        parts: list[pa.Array] = []
        total = 0
        for name in LAYOUT:
            parts += rows.table(name).sealed
            self.start[name], self.size[name] = total, sum(map(len, rows.table(name).sealed))
            total += self.size[name]
        self.all = pa.concat_arrays(parts) if parts else pa.array([], pa.string())

    def of(self, places: Iterable[Place]) -> pa.Array:
        """The values of some columns, one column after the other."""
        wanted = [
            np.arange(self.start[table] + offset, self.start[table] + self.size[table], len(TEXTS[table]))
            for table, offset, _, _ in places
        ]
        return self.all.take(pa.array(np.concatenate(wanted)))


class _Counts:
    """What the walk counted, a matrix a table: the document's position first."""

    def __init__(self, rows: Rows):
        self.tables: dict[str, np.ndarray] = {}
        for name in LAYOUT:
            flat = np.array(rows.table(name).counts, np.int64)
            self.tables[name] = flat.reshape(-1, 1 + len(COUNTS[name]))

    def column(self, table: str, column: Column) -> pa.Array:
        """One column as Arrow."""
        values = np.ascontiguousarray(self.tables[table][:, 1 + COUNTS[table].index(column)])
        return pa.array(values.astype(bool) if column.type == "boolean" else values)

    def positions(self, table: str) -> pa.Array:
        """The position in the batch of each row's document."""
        return pa.array(self.tables[table][:, 0].astype(np.int32))

    def named(self, table: str, row: int) -> dict[str, object]:
        """What was counted in one row, by column."""
        values = self.tables[table][row].tolist()
        return {column.name: value for column, value in zip(COUNTS[table], values[1:], strict=True)}


def to_tables(
    rows: Rows, ids: Sequence[str], deliveries: Sequence[date]
) -> tuple[dict[str, pa.Table], dict[int, Refused]]:
    """The tables of a batch, keyed by raw table name, and the documents that a value refused."""
    texts, counts = _Texts(rows), _Counts(rows)
    columns = {name: {c.name: counts.column(name, c) for c in COUNTS[name]} for name in LAYOUT}
    faults: list[tuple[Place, Fault]] = []
    for group, places in _GROUPS.items():
        for place, array, wrong in _read_group(group, places, texts):
            columns[place.table][place.column.name] = array
            faults += [(place, fault) for fault in wrong]
    refused = _refusals(faults, columns, counts)
    indices = {name: counts.positions(name) for name in LAYOUT}
    _flag_rfcs(rows, indices["documents"], columns["documents"])
    tables = _assembled(rows, indices, columns, (ids, deliveries))
    return {
        CFDI_TABLES[name].name: _without(table, indices[name], refused) for name, table in tables.items()
    }, refused


def _read_group(
    group: Group, places: list[Place], texts: _Texts
) -> Iterable[tuple[Place, pa.Array, list[Fault]]]:
    """Each column of a group as Arrow, with the values that break its rule."""
    whole = _at_once(group, texts.of(places))
    start = 0
    for place in places:
        if whole is None:
            yield place, *_column(group, place, texts.of([place]))
            continue
        size = texts.size[place.table] // len(TEXTS[place.table])
        array = whole.slice(start, size)
        start += size
        yield place, array, _missing(array, []) if place.is_required else []


def _at_once(group: Group, texts: pa.Array) -> pa.Array | None:
    """All values of a group, cast, when nothing in it is odd."""
    target = ARROW_TYPES[group.type]
    if texts.null_count == len(texts) and group.case != "id":
        return pa.nulls(len(texts), target)
    if group.rule is None:
        return texts.cast(target) if plain_numbers(texts, group.type) else None
    if is_free_text(group.rule):
        return _cased(texts, group.case) if plain_text(texts) else None
    if pc.all(pc.match_substring_regex(texts, group.rule.anchored)).as_py() is False:
        return None
    try:
        return _cased(texts, group.case) if group.type == "text" else texts.cast(target)
    except pa.ArrowInvalid:  # a date that no calendar has
        return None


def _column(group: Group, place: Place, texts: pa.Array) -> tuple[pa.Array, list[Fault]]:
    """One column as Arrow, with the values that break its rule (null in the array)."""
    target = ARROW_TYPES[group.type]
    texts, faults = _checked(texts, place.rule)
    if group.type != "text":
        texts, late = _cast(texts, target, place.rule)
        faults += late
    texts = _cased(texts, group.case)
    return texts, faults + (_missing(texts, faults) if place.is_required else [])


def _cased(texts: pa.Array, case: str) -> pa.Array:
    """Keys and codes in their one case; a payment to a document that is not named still counts."""
    if case == "upper":
        return pc.utf8_upper(texts)
    if case == "id":
        texts = pc.fill_null(texts, "")
    return pc.utf8_lower(texts) if case else texts


def _missing(array: pa.Array, faults: list[Fault]) -> list[Fault]:
    """The rows of a required column that hold nothing, beyond those with a fault already."""
    if not array.null_count:
        return []
    known = {fault.row for fault in faults}
    valid = array.is_valid().to_pylist()
    return [Fault(i, None, None) for i, there in enumerate(valid) if not there and i not in known]


def _trimmed(texts: pa.Array) -> pa.Array:
    """Without blanks at the ends (XSD collapses them); what is only blank is unknown."""
    trimmed = pc.ascii_trim_whitespace(texts)
    if pc.any(pc.equal(trimmed, "")).as_py():
        return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    return trimmed


def _checked(texts: pa.Array, rule: Rule) -> tuple[pa.Array, list[Fault]]:
    """The texts that meet the rule; value by value only when one of them does not at once."""
    free = is_free_text(rule)
    if pc.all(pc.match_substring_regex(texts, rule.anchored)).as_py() is not False:
        return _trimmed(texts) if free else texts, []
    trimmed = texts if free else _trimmed(texts)
    good = pc.match_substring_regex(trimmed, rule.anchored).to_pylist()
    faults = [Fault(i, texts[i].as_py(), rule) for i, ok in enumerate(good) if ok is False]
    cleaned = pc.if_else(pa.array([ok is True for ok in good]), trimmed, pa.scalar(None, pa.string()))
    return _trimmed(cleaned) if free else cleaned, faults


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


def _refusals(
    faults: list[tuple[Place, Fault]], columns: dict[str, dict[str, pa.Array]], counts: _Counts
) -> dict[int, Refused]:
    """The refusal of each document with a faulty value: its first, in the order of the contract."""
    refused: dict[int, Refused] = {}
    order = {name: number for number, name in enumerate(LAYOUT)}
    for place, fault in sorted(faults, key=lambda f: (order[f[0].table], f[0].offset, f[1].row)):
        position = int(counts.tables[place.table][fault.row, 0])
        if position not in refused:
            refused[position] = _refusal(place, fault, columns, counts)
    return refused


def _refusal(place: Place, fault: Fault, columns: dict[str, dict[str, pa.Array]], counts: _Counts) -> Refused:
    table, name = place.table, place.column.name
    document = counts.tables["documents"][:, 0].tolist().index(counts.tables[table][fault.row, 0])
    version, pagos = (columns["documents"][c][document].as_py() for c in ("version", "pagos_version"))
    kind = columns[table]["kind"][fault.row].as_py() if "kind" in columns[table] else None
    where = locate(table, name, {**counts.named(table, fault.row), "kind": kind}, version, pagos)
    if fault.rule is None:
        return Refused("missing_value", where, "Falta un dato obligatorio", ASK_AGAIN)
    return Refused(fault.rule.code, where, f"El valor {shown(fault.text or '')} {fault.rule.what}")


def _flag_rfcs(rows: Rows, index: pa.Array, columns: dict[str, pa.Array]) -> None:
    """An RFC of an impossible form is told, not refused: the SAT's own test RFCs break the rules."""
    for side in ("emisor_rfc", "receptor_rfc"):
        matches = pc.match_substring_regex(columns[side], RFC_TEXT)
        if pc.all(matches).as_py() is False:
            for i, ok in zip(index.to_pylist(), matches.to_pylist(), strict=True):
                if ok is False:
                    rows.flags.setdefault(i, []).append(f"rfc_pattern:{side.removesuffix('_rfc')}")


def _assembled(
    rows: Rows,
    indices: dict[str, pa.Array],
    columns: dict[str, dict[str, pa.Array]],
    provenance: tuple[Sequence[str], Sequence[date]],
) -> dict[str, pa.Table]:
    """Tables with the contract's schema: own columns, `uuid` or `flags`, and provenance."""
    ids, days = pa.array(provenance[0], pa.string()), pa.array(provenance[1], pa.date32())
    index = indices["documents"].to_numpy()
    row_of = np.zeros(len(ids), np.int32)  # the row of each document that has one
    row_of[index] = np.arange(len(index), dtype=np.int32)
    uuids = columns["documents"]["uuid"]
    tables = {}
    for name, layout in LAYOUT.items():
        own = [columns[name][column.name] for column in layout]
        if name == "documents":
            body = [*own, _flags(rows, index.tolist())]
        else:
            body = [uuids.take(pa.array(row_of[indices[name].to_numpy()])), *own]
        body += [ids.take(indices[name]), days.take(indices[name])]
        tables[name] = pa.Table.from_arrays(body, schema=CFDI_TABLES[name].arrow_schema)
    return tables


def _flags(rows: Rows, index: list[int]) -> pa.Array:
    """The flags of each document in one text; nearly none has any."""
    if not rows.flags:
        return pa.nulls(len(index), pa.string())
    return pa.array([",".join(rows.flags[i]) if rows.flags.get(i) else None for i in index], pa.string())


def _without(table: pa.Table, index: pa.Array, refused: dict[int, Refused]) -> pa.Table:
    """The table without the rows of refused documents."""
    if not refused or not len(index):
        return table
    return table.filter(pc.invert(pc.is_in(index, value_set=pa.array(sorted(refused), pa.int32()))))
