"""What the readers of the SAT's files share: rows with their provenance as Arrow, and refusals in words.

These files have fixed headers and no mapping; nothing here knows what a column means.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from ingestion.contracts import ARROW_TYPES, RawTable
from ingestion.reading import Reading, Refusal

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_MEND = "La fila quedó en cuarentena: descarga de nuevo el archivo del SAT, sin abrirlo ni editarlo."


class RowError(ValueError):
    """Why one row cannot be read; `str()` is the reason in Spanish."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass
class Rows:
    """Collects the rows and refusals of one file."""

    table: RawTable
    file: str
    values: dict[str, list[Any]] = field(init=False)
    extras: list[str | None] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    flags: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = {c.name: [] for c in self.table.columns}

    def add(self, number: int, row: dict[str, Any], extra: dict[str, str]) -> None:
        """One good row. Its hash covers its own values, as in registers."""
        digest = hashlib.sha256()
        for name, column in self.values.items():
            value = row[name]
            column.append(value)
            if value is not None:
                digest.update(f"{name}\x1f{value}\x1e".encode())
        self.hashes.append(digest.hexdigest()[:16])
        self.numbers.append(number)
        self.extras.append(json.dumps(extra, ensure_ascii=False) if extra else None)

    def refuse(self, number: int, error: RowError, text: str) -> None:
        """One row set aside with its reason."""
        reason = f"Fila {number} de {self.file}: {error}. {_MEND}"
        self.refusals.append(Refusal(number, f"fila {number}", error.code, reason, text[:500]))

    def reading(self, kind: str, source_file_id: str, delivery_date: date) -> Reading:
        """What the file gave."""
        count = len(self.numbers)
        provenance: dict[str, list[Any]] = {
            "source_file_id": [source_file_id] * count,
            "row_number": self.numbers,
            "delivery_date": [delivery_date] * count,
            "row_hash": self.hashes,
            "extra": self.extras,
        }
        arrays = [
            pa.array((self.values | provenance)[c.name], ARROW_TYPES[c.type]) for c in self.table.all_columns
        ]
        table = pa.Table.from_arrays(arrays, schema=self.table.arrow_schema)
        rows_read = count + len(self.refusals)
        flags = list(self.flags) or ([] if rows_read else ["no_rows"])
        return Reading(kind, {self.table.name: table}, self.refusals, rows_read, flags)


def clean_name(text: str) -> str | None:
    """A name as it can be shown: no control characters, one blank between words; None where there is none."""
    return " ".join(_CONTROL.sub(" ", text).split()) or None
