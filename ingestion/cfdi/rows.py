"""The rows that walking documents leaves behind, as texts and counts a table, before they become columns.

A row leaves its texts in one flat list and what the walk counted in another: the position of its document
in the batch, then positions, counts and yes or no (1 or 0). Both in the order of the contract, without
`uuid` in child tables (it follows from the document) and without `flags`. Texts become Arrow every few
documents, while the processor still has them at hand: that halves what keeping them costs.
"""

from __future__ import annotations

import pyarrow as pa

from ingestion.contracts import CFDI_TABLES, Column

SEAL_EVERY = 32
_TEXT_INTEGERS = frozenset({"num_parcialidad"})  # the other integers are positions and counts


def _is_counted(column: Column) -> bool:
    """Whether the walk makes the value itself, so that there is no text to check."""
    return column.type == "boolean" or (column.type == "integer" and column.name not in _TEXT_INTEGERS)


# What each row holds: every column but `flags` and a child's `uuid`, and of those the texts and the counts.
LAYOUT: dict[str, tuple[Column, ...]] = {
    name: tuple(
        column for column in table.columns if column.name != ("flags" if name == "documents" else "uuid")
    )
    for name, table in CFDI_TABLES.items()
}
TEXTS = {name: [c for c in columns if not _is_counted(c)] for name, columns in LAYOUT.items()}
COUNTS = {name: [c for c in columns if _is_counted(c)] for name, columns in LAYOUT.items()}


class TableRows:
    """The rows of one table."""

    __slots__ = ("counts", "sealed", "texts")

    def __init__(self) -> None:
        self.texts: list[str | None] = []  # those not sealed yet
        self.counts: list[int] = []
        self.sealed: list[pa.Array] = []


class Rows:
    """The rows of a batch, a table each, and each document's flags."""

    def __init__(self) -> None:
        self.documents = TableRows()
        self.related = TableRows()
        self.taxes = TableRows()
        self.concepts = TableRows()
        self.payments = TableRows()
        self.payment_documents = TableRows()
        self.payment_taxes = TableRows()
        self.flags: dict[int, list[str]] = {}

    def table(self, name: str) -> TableRows:
        """The rows of one table."""
        table: TableRows = getattr(self, name)
        return table

    def seal(self) -> None:
        """Make Arrow of the texts so far; every SEAL_EVERY documents, each of them whole."""
        for name in LAYOUT:
            table = self.table(name)
            if table.texts:
                table.sealed.append(pa.array(table.texts, pa.string()))
                table.texts.clear()

    def forget_last(self, position: int) -> None:
        """Take out whatever a document left before it was refused; it is the last one walked."""
        for name in LAYOUT:
            table, width = self.table(name), 1 + len(COUNTS[name])
            start = len(table.counts)
            while start and table.counts[start - width] == position:
                start -= width
            count = (len(table.counts) - start) // width
            del table.counts[start:]
            del table.texts[len(table.texts) - count * len(TEXTS[name]) :]
        self.flags.pop(position, None)
