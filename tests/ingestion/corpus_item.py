"""An item of the corpus: a name in the inbox, its bytes, and what the ledger must say of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.ingestion.cfdi_kit import UUID as KIT_UUID


@dataclass(frozen=True)
class Item:
    """A file of the corpus and its outcome: status and kind in the ledger, rows, and the codes of its refusals."""

    name: str
    data: bytes
    status: str
    kind: str
    loaded: int = 0
    codes: tuple[str, ...] = ()
    members: dict[str, Item] = field(default_factory=dict)


def ok(name: str, data: str | bytes, kind: str = "cfdi", rows: int = 1, codes: str = "") -> Item:
    """It loads, but for the rows whose refusals are named."""
    return Item(name, as_bytes(data), "loaded", kind, rows, tuple(sorted(codes.split())))


def bad(name: str, data: str | bytes, code: str, kind: str = "cfdi") -> Item:
    """It is set aside, whole or row by row."""
    return Item(name, as_bytes(data), "quarantined", kind, 0, tuple(sorted(code.split())))


def zipped(name: str, data: bytes, status: str, *members: Item) -> Item:
    """An archive and what becomes of each member."""
    found = {m.name: m for m in members}
    return Item(name, data, status, "zip", sum(m.loaded for m in members), (), found)


def as_bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def uuid(number: int) -> str:
    return f"C0C0C0C0-0000-4000-8000-{number:012d}"


def stamped(data: str | bytes, number: int) -> bytes:
    """A document of the kit under a UUID of its own, in whatever encoding it is."""
    content = as_bytes(data)
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        content = content.replace(KIT_UUID.encode(encoding), uuid(number).encode(encoding))
    return content
