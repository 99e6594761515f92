"""The rows that walking documents leaves behind: one flat list a table, before they become Arrow columns.

A row starts with the position of its document in the batch; then come the table's own columns in the order
of the contract, without `uuid` in child tables (it follows from the document) and without `flags`.
Flat lists sliced by column are several times faster than a tuple or a list a row.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.contracts import CFDI_TABLES, Column

Value = str | int | bool | None

# What each flat row holds after the document's position.
LAYOUT: dict[str, tuple[Column, ...]] = {
    name: tuple(
        column for column in table.columns if column.name != ("flags" if name == "documents" else "uuid")
    )
    for name, table in CFDI_TABLES.items()
}
WIDTHS = {name: len(columns) + 1 for name, columns in LAYOUT.items()}


class Rows:
    """The flat rows of a batch, and each document's flags."""

    __slots__ = (
        "concepts",
        "documents",
        "flags",
        "payment_documents",
        "payment_taxes",
        "payments",
        "related",
        "taxes",
    )

    def __init__(self) -> None:
        self.documents: list[Value] = []
        self.related: list[Value] = []
        self.taxes: list[Value] = []
        self.concepts: list[Value] = []
        self.payments: list[Value] = []
        self.payment_documents: list[Value] = []
        self.payment_taxes: list[Value] = []
        self.flags: dict[int, list[str]] = {}

    def table(self, name: str) -> list[Value]:
        """The flat rows of one table."""
        rows: list[Value] = getattr(self, name)
        return rows

    def of_last(self, name: str, position: int) -> Iterator[list[Value]]:
        """The rows of the last document walked, the last row first."""
        rows, width = self.table(name), WIDTHS[name]
        for end in range(len(rows), 0, -width):
            if rows[end - width] != position:
                return
            yield rows[end - width : end]

    def forget_last(self, position: int) -> None:
        """Take out whatever a document left before it was refused; it is the last one walked."""
        for name in LAYOUT:
            count = sum(1 for _ in self.of_last(name, position)) * WIDTHS[name]
            rows = self.table(name)
            del rows[len(rows) - count :]
        self.flags.pop(position, None)


def named(table: str, row: list[Value]) -> dict[str, object]:
    """A flat row as column → value."""
    return {column.name: value for column, value in zip(LAYOUT[table], row[1:], strict=True)}
