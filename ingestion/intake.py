"""What an intake counts, which reader versions it used, and the words for what Cartera does not read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # workers need the words alone, and start twice as fast without what mappings import
    from ingestion.tables.mapping import Mapping

CFDI_READER_VERSION = "cfdi1"
TABLE_READER_VERSION = "table3"  # 3: mappings that choose rows, third parties of the metadata
UNREADABLE = {
    "xls": "es un Excel antiguo (.xls); ábrelo y guárdalo como .xlsx o .csv",
    "pdf": "es un PDF; Cartera lee el XML, no su representación impresa",
    "html": "es una página web, no una tabla; descárgalo otra vez o expórtalo como .xlsx o .csv",
    "empty": "está vacío; vuelve a copiarlo",
}


@dataclass
class Intake:
    """What `collect` found: counts for people, and what gate 1 needs to judge."""

    files_new: int = 0
    files_by_status: dict[str, int] = field(default_factory=dict)
    delivered_rows: dict[str, int] = field(default_factory=dict)  # raw table -> new rows
    delivered_totals: dict[str, str] = field(default_factory=dict)  # raw table -> sum of its amounts
    refused_rows: dict[str, int] = field(default_factory=dict)  # kind -> rows set aside
    inbox_state: str = ""
    problems: list[str] = field(default_factory=list)  # the first refusals, in words


def reader_keys(mappings: Sequence[Mapping]) -> dict[str, str]:
    """The version of each reader: a file read by an older one is read again."""
    digest = hashlib.sha256("".join(sorted(m.content_hash for m in mappings)).encode()).hexdigest()[:12]
    table = f"{TABLE_READER_VERSION}:{digest}"
    return {"cfdi": CFDI_READER_VERSION, "table": table, "mixed": f"{CFDI_READER_VERSION}+{table}"}


def sentence(name: str, problem: str) -> str:
    """A refusal in words: where, what happened, and what became of it."""
    return f"{name}: {problem}. Se guardó en cuarentena."
