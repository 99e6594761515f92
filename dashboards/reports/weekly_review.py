"""What the weekly review says, gathered from one published snapshot as a value, `Review`.

The SELECTs stand in weekly_queries.py, the sheets in weekly_sheets.py. Figures of the marts are only
compared here (now and a week before); none is calculated.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from cartera import calendar
from cartera.errors import InputError
from dashboards.reports import weekly_queries as q

Row = dict[str, Any]
# the bridge's lines in order: the mart signs them, so that they add up to `end`
BRIDGE_LINES = (
    "start", "billed", "collected_applied", "credit_notes", "cancelled", "write_offs", "other", "fx", "rounding",
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One figure of the cover: now and before, each as of its own date, and which way is good."""

    name: str
    unit: str
    now: Decimal | None
    now_date: dt.date | None
    before: Decimal | None
    before_date: dt.date | None
    good: str = "down"
    note: str = ""

    @property
    def change(self) -> Decimal | None:
        """Now less before; points where the unit is a percentage."""
        return None if self.now is None or self.before is None else self.now - self.before


@dataclass(frozen=True)
class Review:
    """Everything the workbook says."""

    d: dt.date
    source: str
    week_end: dt.date | None
    snapshot: Row
    quality: Row
    rates: list[Row]
    figures: list[Figure]
    buckets: list[Row]
    bridge: dict[str, Decimal | None]  # a line of which nothing has a rate is not known
    week: dict[tuple[dt.date, str], Decimal]
    matrix: list[Row]
    customers: list[Row]
    items: list[Row]
    definitions: list[Row]
    counts: Row
    totals: Row

    @property
    def company(self) -> str:
        """The company's name, or a word for it."""
        return self.snapshot["company_name"] or "Mi empresa"

    def bridge_residual(self) -> Decimal:
        """What the bridge's lines leave beside the published end: 0.00, or the review says so."""
        lines = sum((self.bridge.get(line) or Decimal(0) for line in BRIDGE_LINES), Decimal(0))
        return lines - (self.bridge.get("end") or Decimal(0))


def gather(connection: duckdb.DuckDBPyConnection, as_of: dt.date | None) -> Review:
    """Read everything the review needs."""
    snapshot = _one(connection, q.SNAPSHOT)
    d = as_of or snapshot["as_of"]
    if d > snapshot["as_of"]:
        raise InputError(
            f"La revisión al {d:%d/%m/%Y} pide una fecha posterior a los datos",
            f"la última publicación tiene corte al {snapshot['as_of']:%d/%m/%Y}",
            "Elige una fecha igual o anterior, o corre primero «cartera run»",
        )
    ago = d - dt.timedelta(7)
    aging, aging_before = _aging(connection, d), _aging(connection, ago)
    is_latest = d == snapshot["as_of"]
    week_end = _one(connection, q.WEEK_END, d=d)["week_end"]
    week = _rows(connection, q.WEEK, week_end=week_end) if week_end else []
    totals = _one(connection, q.TOTALS.format(aging=aging), d=d)
    totals_before = _one(connection, q.TOTALS.format(aging=aging_before), d=ago)
    found = {(row["week_end"], row["metric"]): row["value"] for row in week}
    return Review(
        d=d,
        source=_source(is_latest, aging == q.AGING_TABLE),
        week_end=week_end,
        snapshot=snapshot,
        quality=_one(connection, q.QUALITY),
        rates=_rows(connection, q.FX_RATES, d=d),
        figures=_figures(connection, d, week_end, found, totals, totals_before),
        buckets=_rows(connection, q.BUCKETS),
        bridge={r["line"]: r["value_mxn"] for r in _rows(connection, q.BRIDGE, d=d)},
        week=found,
        matrix=_rows(connection, q.MATRIX, d=d, start=ago),
        customers=_rows(connection, q.CUSTOMERS.format(aging=aging), d=d, is_latest=is_latest),
        items=_rows(connection, q.ITEMS, d=d),
        definitions=_rows(connection, q.DEFINITIONS),
        counts=_one(connection, q.ROW_COUNTS),
        totals=totals,
    )


def _aging(connection: duckdb.DuckDBPyConnection, d: dt.date) -> str:
    """Where a date's aging is read: the mart where it holds the date, else the macro that rebuilds it."""
    return q.AGING_TABLE if _one(connection, q.HAS_AGING, d=d)["has"] else q.AGING_MACRO


def _source(is_latest: bool, has_aging: bool) -> str:
    if is_latest:
        return "el corte de la última publicación"
    if has_aging:
        return "una fecha pasada que la publicación conserva"
    return "una fecha pasada reconstruida a partir de los movimientos"


def _figures(
    connection: duckdb.DuckDBPyConnection,
    d: dt.date,
    week_end: dt.date | None,
    week: dict[tuple[dt.date, str], Decimal],
    totals: Row,
    before: Row,
) -> list[Figure]:
    """The cover's eight figures; one whose mart is silent stays blank, never zero."""
    ago = d - dt.timedelta(7)
    found = [
        Figure("Cartera bruta", "money", totals["gross_mxn"], d, before["gross_mxn"], ago, "none"),
        Figure("Cartera vencida", "money", totals["overdue_mxn"], d, before["overdue_mxn"], ago),
        Figure("Morosidad", "pct", _share(totals, "overdue_mxn"), d, _share(before, "overdue_mxn"), ago),
        Figure("Vencido a más de 90 días", "money", totals["over_90_mxn"], d, before["over_90_mxn"], ago),
    ]
    if week_end is not None:
        last = week_end - dt.timedelta(7)
        now_value, last_value = week.get((week_end, "collected_mxn")), week.get((last, "collected_mxn"))
        note = f"semana cerrada el {week_end:%d/%m/%Y}"
        found.append(
            Figure("Cobrado en la semana", "money", now_value, week_end, last_value, last, "up", note)
        )
    for kpi, name, unit, good in (
        ("dso_countback", "Días cartera (conteo hacia atrás)", "days", "down"),
        ("dso_rolling_3m", "Días cartera (tres meses)", "days", "down"),
        ("promises_kept_pct", "Promesas cumplidas", "pct", "up"),
    ):
        now, then = _kpi(connection, kpi, d), _kpi(connection, kpi, ago)
        found.append(Figure(name, unit, now[1], now[0], then[1], then[0], good))
    found.append(Figure("En disputa", "money", totals["disputed_mxn"], d, before["disputed_mxn"], ago))
    return found


def _share(totals: Row, name: str) -> Decimal | None:
    gross = totals["gross_mxn"]
    return Decimal(100) * totals[name] / gross if gross else None


def _kpi(
    connection: duckdb.DuckDBPyConnection, kpi: str, d: dt.date
) -> tuple[dt.date | None, Decimal | None]:
    row = _one(connection, q.KPI_AT, kpi=kpi, period=d.isoformat())
    return (calendar.parse_iso(row["period"]) if row["period"] else None), row["value"]


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> list[Row]:
    cursor = connection.execute(sql, parameters or None)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _one(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> Row:
    return _rows(connection, sql, **parameters)[0]
