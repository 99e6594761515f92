"""The one way to ask a snapshot: a cursor per question, bound parameters, filters as a value.

Every SELECT of the screens is in this package. Identifiers in the SQL come from constants of the code;
whatever a person can write travels as a parameter. No screen library is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

Row = dict[str, Any]
Params = dict[str, Any]

NO_VALUE = ""  # how a missing branch, segment or owner is named in a filter


@dataclass(frozen=True)
class Filters:
    """What the filter bar holds; an empty tuple means all."""

    company: tuple[str, ...] = ()
    branch: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    currency: tuple[str, ...] = ()

    def clause(self, columns: Mapping[str, str]) -> tuple[str, Params]:
        """A condition over `columns` (filter name -> SQL column) and its parameters."""
        parts, params = [], {}
        for name, column in columns.items():
            values = getattr(self, name)
            if values:
                parts.append(f"list_contains($f_{name}, coalesce({column}, ''))")
                params[f"f_{name}"] = list(values)
        return " and ".join(parts) or "true", params

    def active(self) -> dict[str, tuple[str, ...]]:
        """The filters in use."""
        return {name: values for name in FILTER_NAMES if (values := getattr(self, name))}


FILTER_NAMES = ("company", "branch", "owner", "segment", "currency")
# the name of each filter as a `dimension` of the marts
DIMENSIONS = {
    "company": "company", "branch": "branch", "owner": "account_owner", "segment": "segment",
    "currency": "currency",
}  # fmt: skip

CUT_COLUMNS = {
    "company": "a.company", "branch": "a.branch", "owner": "a.account_owner", "segment": "a.segment",
    "currency": "a.currency",
}  # fmt: skip
INVOICE_COLUMNS = {
    "company": "i.company_rfc", "branch": "i.branch", "owner": "i.account_owner", "segment": "i.segment",
    "currency": "i.currency",
}  # fmt: skip

# bucket code -> column of the aging marts, oldest last
BUCKETS = {
    "current": "current_mxn", "1-30": "d1_30_mxn", "31-60": "d31_60_mxn", "61-90": "d61_90_mxn",
    "91-120": "d91_120_mxn", "120+": "d120_plus_mxn",
}  # fmt: skip


def rows(connection: duckdb.DuckDBPyConnection, sql: str, params: Params | None = None) -> list[Row]:
    """The answer as dictionaries. Money arrives as Decimal and stays so."""
    cursor = connection.cursor()
    try:
        answer = cursor.execute(sql, params or {})
        names = [column[0] for column in answer.description or []]
        return [dict(zip(names, values, strict=True)) for values in answer.fetchall()]
    finally:
        cursor.close()


def one(connection: duckdb.DuckDBPyConnection, sql: str, params: Params | None = None) -> Row | None:
    """The first row, or None."""
    found = rows(connection, sql, params)
    return found[0] if found else None
