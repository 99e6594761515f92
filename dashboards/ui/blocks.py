"""The blocks that pages are made of: cards, figures, tables with their downloads, pagers, empty states, links.

Blocks draw and navigate; they ask nothing. Text from data goes through `escape` before it reaches Markdown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from cartera.snapshot import Snapshot
from dashboards.queries.access import Filters, Row
from dashboards.ui import charts, files, filters
from dashboards.ui.files import Column
from dashboards.ui.theme import escape

Tone = Literal["neutral", "good", "bad"]
TONES: dict[Tone, Literal["blue", "green", "red"]] = {"neutral": "blue", "good": "green", "bad": "red"}
PAGES = "paginas"
PAGE_SIZES = (25, 50, 100, 500)


@dataclass(frozen=True)
class Context:
    """What every page receives: the snapshot, the filters, the day asked and the published day that serves it."""

    snapshot: Snapshot
    filters: Filters
    asked: dt.date
    cut: dt.date
    is_report_date: bool
    kpis: dict[str, Row]

    @property
    def is_latest(self) -> bool:
        """Whether the day asked is the snapshot's own."""
        return self.asked == self.snapshot.as_of

    @property
    def origin(self) -> files.Origin:
        """What a downloaded row says of where it comes from."""
        return files.Origin(self.cut, self.snapshot.run_id, filters.in_words(self.filters))

    def meaning(self, kpi: str, *more: str) -> str:
        """The hover of a figure: its definition, then the exact amounts."""
        row = self.kpis.get(kpi)
        lines = [f"**{escape(row['name_es'])}.** {escape(row['formula_es'])}"] if row else []
        return "\n\n".join(lines + [escape(line) for line in more if line]) or None or ""


@contextmanager
def card(key: str, title: str = "", subtitle: str = "", help: str | None = None) -> Iterator[None]:  # noqa: A002
    """A white card with its title (what) and subtitle (unit and when)."""
    with st.container(border=True, key=f"tarjeta_{key}"):
        if title:
            st.subheader(escape(title), anchor=False, help=help)
        if subtitle:
            st.caption(escape(subtitle))
        yield


@contextmanager
def pair(key: str, weights: Sequence[float]) -> Iterator[Sequence[Any]]:
    """Two blocks side by side on a desk, one under the other on a tablet."""
    with st.container(key=f"par_{key}"):
        yield st.columns(list(weights), gap="small")


def figure(
    key: str, label: str, value: str, change: str = "", *, tone: Tone = "neutral", spark: Sequence[Any] = (),
    help: str = "", link: tuple[str, str, dict[str, str]] | None = None,  # noqa: A002
) -> None:  # fmt: skip
    """One figure in a card: value, what changed, sparkline, definition on hover, and where its rows are."""
    with st.container(border=True, key=f"cifra_{key}", gap="xxsmall", height="stretch"):
        st.metric(
            escape(label), escape(value), escape(change) or None, delta_color=TONES[tone] if change else "off",
            delta_arrow="off", chart_data=[float(v or 0) for v in spark] or None, help=help or None,
        )  # fmt: skip
        if link:
            page, words, params = link
            link_to(page, words, **params)


def chart(key: str, drawing: go.Figure, phone: go.Figure | None = None) -> None:
    """A chart in the house template; with `phone`, another drawing of it for a narrow screen."""
    with st.container(key=f"ancho_{key}" if phone is not None else f"grafica_{key}"):
        st.plotly_chart(drawing, theme=None, config=charts.CONFIG, key=f"g_{key}")
    if phone is not None:
        with st.container(key=f"movil_{key}"):
            st.plotly_chart(phone, theme=None, config=charts.CONFIG, key=f"g_{key}_movil")


def link_to(page: str, label: str, **params: str) -> None:
    """A link to another page that keeps the filters; its address can be sent by mail."""
    target = st.session_state[PAGES].get(page)
    if target is not None:
        st.page_link(target, label=escape(label), query_params=filters.url_params(**params))


def switch(page: str, **params: str) -> None:
    """Go to another page now."""
    st.switch_page(st.session_state[PAGES][page], query_params=filters.url_params(**params))


def _arrow(rows: Sequence[Row], columns: Sequence[Column]) -> pa.Table:
    kinds = {
        "money": pa.decimal128(20, 2), "pct": pa.decimal128(20, 4), "days": pa.decimal128(20, 4), "int": pa.int64(),
        "date": pa.date32(), "moment": pa.timestamp("us"), "text": pa.string(),
    }  # fmt: skip
    arrays = []
    for column in columns:
        values = [row.get(column.name) for row in rows]
        if column.kind == "text":
            values = [None if value is None else str(value) for value in values]
        if column.kind in {"money", "pct", "days"}:
            quiet = column.quiet_zero
            values = [None if value is None or (quiet and not value) else Decimal(value) for value in values]
        arrays.append(pa.array(values, type=kinds[column.kind]))
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def _config(column: Column, *, signed: bool) -> Any:
    common: dict[str, Any] = {"width": column.width, "help": column.help, "pinned": column.pinned or None}
    numbers = {"money": "%,.2f" if signed else "$%,.2f", "pct": "%.1f %%", "days": "%.1f", "int": "%,d"}
    if column.kind in numbers:
        return st.column_config.NumberColumn(column.label, format=numbers[column.kind], **common)
    if column.kind == "date":
        return st.column_config.DateColumn(column.label, format="DD/MM/YYYY", **common)
    if column.kind == "moment":
        return st.column_config.DatetimeColumn(column.label, format="DD/MM/YYYY HH:mm", **common)
    return st.column_config.TextColumn(column.label, **common)


def table(
    key: str, rows: Sequence[Row], columns: Sequence[Column], *, opens: Callable[[Row], None] | None = None,
    row_height: int | None = None, height: int | Literal["auto", "content"] = "content",
) -> None:  # fmt: skip
    """A sortable table; with `opens`, its first column is a button that goes to the row's page."""
    # a printf format writes a minus after the $: in a table with a negative amount, amounts stand without it
    money = [column.name for column in columns if column.kind == "money"]
    signed = any((row.get(name) or 0) < 0 for row in rows for name in money)
    config = {column.name: _config(column, signed=signed) for column in columns}
    click_key = f"{key}_abrir"
    if opens:
        first = columns[0]
        config[first.name] = st.column_config.ButtonColumn(
            first.label, type="tertiary", alignment="left", key=click_key, pinned=True, width=first.width,
            help=first.help,
        )  # fmt: skip
    st.dataframe(
        _arrow(rows, columns), column_config=config, hide_index=True, key=key, row_height=row_height, height=height,
        placeholder="", width="stretch",
    )  # fmt: skip
    if opens and (click := st.session_state.get(click_key)):
        opens(rows[click["row"]])


def downloads(key: str, name: str, rows: Sequence[Row], columns: Sequence[Column], context: Context) -> None:
    """The rows on screen as CSV and Excel, built when someone asks."""
    if not rows:
        return
    origin = context.origin
    file = f"{name}_{origin.cut.isoformat()}_{origin.run_id}"
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key=f"bajar_{key}"):
        st.download_button(
            "CSV", lambda: files.csv_bytes(rows, columns, origin), f"{file}.csv", "text/csv", key=f"{key}_csv",
            on_click="ignore", help="Baja exactamente estos renglones",
        )  # fmt: skip
        st.download_button(
            "Excel", lambda: files.xlsx_bytes(rows, columns, origin, name), f"{file}.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", key=f"{key}_xlsx",
            on_click="ignore", help="Baja exactamente estos renglones",
        )  # fmt: skip


def empty(kind: Literal["no_data", "no_rows", "nothing_to_do"], message: str = "") -> None:
    """Which of the three it is: nothing loaded yet, nothing for these filters, or nothing to do."""
    with st.container(border=True, key=f"tarjeta_vacio_{kind}_{abs(hash(message)) % 10**8}"):
        if kind == "no_data":
            st.markdown("**Todavía no hay datos.**")
            st.caption(message or "Pon tus CFDI, ZIP o registros en la carpeta inbox/ y corre: cartera run")
        elif kind == "no_rows":
            st.markdown("**Ningún renglón con estos filtros.**")
            st.caption(message or "Quita algún filtro o usa «Limpiar».")
        else:
            st.markdown("**Nada pendiente aquí.**")
            st.caption(message or "Buena noticia: no hay nada que hacer.")


def pairs(key: str, items: Sequence[tuple[str, str]], columns: int = 4, width: int = 140) -> None:
    """Small facts side by side: a label and its value."""
    grid = st.grid(columns, min_column_width=width, gap=("xsmall", "small"), key=f"datos_{key}")
    for label, value in items:
        with grid.cell():
            st.caption(escape(label))
            st.markdown(escape(value) or "—")
