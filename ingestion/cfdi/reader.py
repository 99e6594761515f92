"""The batch reader of CFDI: bytes in, the raw tables as Arrow out, and an outcome for each document.

Pure: no database, no clock, no path. Each document is loaded whole or set aside whole with one reason, and
none affects another. Results pickle, so the loader may call this in a process pool.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pyarrow as pa
from lxml import etree

from ingestion.cfdi.columns import to_tables
from ingestion.cfdi.names import CFD3, CFD4, RETENCIONES
from ingestion.cfdi.refused import NOT_LOADED, Refused, shown
from ingestion.cfdi.rows import SEAL_EVERY, Rows
from ingestion.cfdi.walk import TAGS3, TAGS4, local_name, walk
from ingestion.cfdi.walk32 import walk32
from ingestion.cfdi.xml import Node, parse, safe_parser, to_utf8
from ingestion.contracts import CFDI_TABLES
from ingestion.reading import Refusal

_CHUNK_BYTES = 64 * 1024 * 1024
# Refusals that come before the root is known: then only the text says whether it meant to be a CFDI.
_BEFORE_THE_ROOT = frozenset(
    (
        "empty",
        "too_large",
        "too_complex",
        "too_deep",
        "doctype",
        "xml_malformed",
        "bad_encoding",
        "encoding_not_allowed",
        "namespace",
    )
)
_MENTIONS_CFDI = re.compile(rb"sat\.gob\.mx/(?:cfd|TimbreFiscal)|Comprobante")


class Outcome(NamedTuple):
    """What became of one document: loaded if `refusals` is empty.

    `kind`: "cfdi", "cfdi_draft" or "retenciones" (set aside, not errors), or "unknown".
    """

    refusals: list[Refusal]
    flags: list[str]
    kind: str


@dataclass
class CfdiBatch:
    """The raw tables of a batch, by raw table name, and an outcome per item in the order given."""

    tables: dict[str, pa.Table]
    outcomes: list[Outcome]

    def __reduce__(self) -> tuple[Callable[..., CfdiBatch], tuple[dict[str, bytes], list[Outcome]]]:
        """Columns are slices of larger arrays, which a pickle would hold whole, each time; IPC cuts them."""
        return _unpacked, ({name: _packed(table) for name, table in self.tables.items()}, self.outcomes)


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _unpacked(tables: dict[str, bytes], outcomes: list[Outcome]) -> CfdiBatch:
    return CfdiBatch({name: pa.ipc.open_stream(data).read_all() for name, data in tables.items()}, outcomes)


def read_cfdis(items: Sequence[tuple[str, bytes]], delivery: Sequence[date]) -> CfdiBatch:
    """Read documents given as (source_file_id, bytes), each with its delivery date."""
    if len(items) != len(delivery):
        raise ValueError("items and delivery differ in length")
    parts: list[CfdiBatch] = []
    collecting = gc.isenabled()
    gc.disable()  # the rows hold no cycles, and scanning them again and again costs a fifth of the time
    try:
        for start, end in _chunks(items):
            parts.append(_read_chunk(items[start:end], delivery[start:end]))
    finally:
        if collecting:
            gc.enable()
    if len(parts) == 1:
        return parts[0]
    tables = {
        table.name: pa.concat_tables([part.tables[table.name] for part in parts])
        if parts
        else table.arrow_schema.empty_table()
        for table in CFDI_TABLES.values()
    }
    return CfdiBatch(tables, [outcome for part in parts for outcome in part.outcomes])


def _chunks(items: Sequence[tuple[str, bytes]]) -> Iterator[tuple[int, int]]:
    """Bounds of parts of some tens of MB, so that memory stays within reason whatever comes."""
    start = size = 0
    for end, (_, data) in enumerate(items, start=1):
        size += len(data)
        if size >= _CHUNK_BYTES:
            yield start, end
            start, size = end, 0
    if start < len(items):
        yield start, len(items)


def _read_chunk(items: Sequence[tuple[str, bytes]], delivery: Sequence[date]) -> CfdiBatch:
    rows = Rows()
    parser = safe_parser()
    outcomes: list[Outcome] = []
    plain = Outcome([], [], "cfdi")  # nearly every document's: loaded, and nothing odd
    for position, (_, data) in enumerate(items):
        flags: list[str] = []
        try:
            read_one(data, position, rows, parser, flags)
        except Refused as refused:
            rows.forget_last(position)
            outcomes.append(_set_aside(refused, data, flags))
            if refused.code == "xml_malformed":
                parser = safe_parser()  # its error log only grows
            continue
        if flags:
            rows.flags[position] = flags
            outcomes.append(Outcome([], flags, "cfdi"))
        else:
            outcomes.append(plain)
        if position % SEAL_EVERY == 0:
            rows.seal()
    tables, late = to_tables(rows, [name for name, _ in items], delivery)
    for position, reason in late.items():
        outcomes[position] = _set_aside(reason, items[position][1], outcomes[position].flags)
    for position, flags in rows.flags.items():
        if not outcomes[position].refusals:
            outcomes[position] = Outcome([], flags, "cfdi")
    return CfdiBatch(tables, outcomes)


def read_one(data: bytes, position: int, rows: Rows, parser: etree.XMLParser, flags: list[str]) -> None:
    """Add one document's rows, or raise `Refused`."""
    root = parse(to_utf8(data, flags), parser, flags)
    tag = root.tag
    version = root.get("Version")
    if tag == TAGS4.root and version == "4.0":
        walk(root, position, rows, flags, TAGS4)
    elif tag == TAGS3.root and version == "3.3":
        walk(root, position, rows, flags, TAGS3)
    elif tag == TAGS3.root and version is None and root.get("version") == "3.2":
        walk32(root, position, rows, flags)
    else:
        raise _not_a_cfdi(root, version or root.get("version"))


def _not_a_cfdi(root: Node, version: str | None) -> Refused:
    """The refusal of a root that is not a CFDI of a version we read."""
    name = local_name(root.tag)
    if root.tag in RETENCIONES:
        return Refused(
            "retenciones",
            "/retenciones:Retenciones",
            "Es un CFDI de retenciones e información de pagos, que no es una factura ni un pago de clientes",
            "Se apartó sin cargar; no hay nada que corregir.",
            kind="retenciones",
        )
    if root.tag in (f"{{{CFD3}}}Comprobante", f"{{{CFD4}}}Comprobante"):
        told = f"es {shown(version)}" if version else "no aparece"
        return Refused(
            "unsupported_version",
            "/cfdi:Comprobante/@Version",
            f"La versión del CFDI {told} y se leen 3.2, 3.3 y 4.0, cada una en su espacio de nombres",
            NOT_LOADED,
        )
    if name == "Comprobante":
        return Refused(
            "unknown_namespace",
            "/Comprobante",
            "El Comprobante no está en el espacio de nombres de un CFDI 3 o 4 del SAT",
            NOT_LOADED,
        )
    return Refused("not_a_cfdi", f"/{name[:80]}", "El XML no es un CFDI", NOT_LOADED, kind="unknown")


def _set_aside(refused: Refused, data: bytes, flags: list[str]) -> Outcome:
    """The outcome of a refused document, with the start of its text."""
    head = data[:2048]
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = head.decode(encoding, "replace")[:500]
    text = "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
    kind = refused.kind
    if refused.code in _BEFORE_THE_ROOT and not _MENTIONS_CFDI.search(head.replace(b"\0", b"")):
        kind = "unknown"
    return Outcome([Refusal(None, refused.location, refused.code, refused.reason, text)], flags, kind)
