"""What every reader returns: rows as Arrow tables, refusals in words, and the counts that must add up.

Readers are pure: bytes in, a `Reading` out. No database, no clock, no path of this machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True)
class Refusal:
    """One thing set aside: a row, or a whole file (`location` = "archivo").

    `row_number` is the physical row as a spreadsheet shows it (the header counts), or None.
    `code` is stable and for machines; `reason` is for people: what happened, where, what to do.
    """

    row_number: int | None
    location: str
    code: str
    reason: str
    raw_text: str = ""


@dataclass
class Reading:
    """The outcome of reading one file or one ZIP member.

    `rows_read` = rows in the kind's main table + refused rows. A CFDI is one row.
    `file_refused`: the whole file is set aside; then `tables` is empty and a refusal says why.
    """

    kind: str
    tables: dict[str, pa.Table] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    rows_read: int = 0
    flags: list[str] = field(default_factory=list)
    file_refused: bool = False


def refuse_file(kind: str, code: str, reason: str, raw_text: str = "", location: str = "archivo") -> Reading:
    """A reading that sets the whole file aside with one reason."""
    refusal = Refusal(None, location, code, reason, raw_text[:500])
    return Reading(kind, refusals=[refusal], rows_read=1, file_refused=True)
