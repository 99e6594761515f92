"""The charts: plain functions from rows to Plotly figures, in the house template.

The only place where money becomes a float, to be drawn. Titles are the block's, not the chart's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from cartera import formats
from dashboards.queries.access import BUCKETS, Row
from dashboards.ui import theme

CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}
MILLION = Decimal(1_000_000)


def _millions(value: Decimal | None) -> float:
    return float((value or Decimal(0)) / MILLION)


def _month(day: dt.date) -> str:
    return formats.MONTHS[day.month - 1]


def _month_ticks(days: Sequence[dt.date], last_is_bold: bool = True) -> list[str]:
    """`jul`, … with the year under January and under the first one."""
    words = []
    for position, day in enumerate(days):
        text = _month(day)
        if last_is_bold and position == len(days) - 1:
            text = f"<b>{text}</b>"
        words.append(f"{text}<br>{day.year}" if position == 0 or day.month == 1 else text)
    return words


def _figure(height: int) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(template=theme.template(), height=height)
    return figure


def aging_by_month(points: list[Row], height: int = 300) -> go.Figure:
    """Stacked buckets at each month end; the share overdue stands over each column."""
    figure = _figure(height)
    x = list(range(len(points)))
    for code, column in BUCKETS.items():
        figure.add_bar(
            x=x, y=[_millions(p[column]) for p in points], name=theme.BUCKET_NAMES[code],
            marker={"color": theme.BUCKET_COLOURS[code], "line": {"color": theme.OUTLINE, "width": 0.5}},
            customdata=[[formats.money(p[column]), formats.date_long(p["as_of"])] for p in points],
            hovertemplate="%{customdata[1]}<br>" + theme.BUCKET_NAMES[code] + ": %{customdata[0]}<extra></extra>",
        )  # fmt: skip
    for position, point in enumerate(points):
        last = position == len(points) - 1
        figure.add_annotation(
            x=position, y=_millions(point["gross_mxn"]), text=formats.pct(point["overdue_pct"], 0), showarrow=False,
            yshift=10, font={"size": 12, "color": theme.ALERT if last else theme.MUTED,
                             "weight": 700 if last else 400},
        )  # fmt: skip
    figure.update_layout(barmode="stack", showlegend=True, legend=_legend(), margin_b=30)
    figure.update_xaxes(tickvals=x, ticktext=_month_ticks([p["as_of"] for p in points]))
    figure.update_yaxes(rangemode="tozero", nticks=6)
    return figure


def _legend(y: float = -0.16) -> dict[str, Any]:
    return {
        "orientation": "h", "y": y, "x": 0, "xanchor": "left", "yanchor": "top", "traceorder": "normal",
        "font": {"size": 12, "color": theme.MUTED}, "itemclick": False, "itemdoubleclick": False,
    }  # fmt: skip


def billed_and_collected(flows: list[Row], height: int = 260) -> go.Figure:
    """Two bars a month: what was billed, lighter, and what was collected."""
    figure = _figure(height)
    x = list(range(len(flows)))
    for column, name, colour in (
        ("billed_mxn", "Facturado", theme.PREVIOUS), ("collected_mxn", "Cobrado", theme.MAIN),
    ):  # fmt: skip
        figure.add_bar(
            x=x, y=[_millions(row[column]) for row in flows], name=name, marker={"color": colour},
            customdata=[[formats.money(row[column]), formats.month_label(row["month"])] for row in flows],
            hovertemplate="%{customdata[1]}<br>" + name + ": %{customdata[0]}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        barmode="group", bargroupgap=0.08, showlegend=True,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom",
                "itemclick": False, "itemdoubleclick": False},
    )  # fmt: skip
    figure.update_xaxes(tickvals=x, ticktext=_month_ticks([row["month"] for row in flows]))
    figure.update_yaxes(rangemode="tozero", nticks=5)
    return figure


def bucket_of(days: int | None) -> str:
    """The bucket of the oldest day, for its colour."""
    for limit, code in ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90"), (120, "91-120")):
        if (days or 0) <= limit:
            return code
    return "120+"


_LEGAL_FORM = re.compile(
    r",?\s+(S\.?\s?A\.?\s?P\.?\s?I\.?|S\.?\s?A\.?\s?S\.?|S\.?\s?A\.?|S\.? de R\.?\s?L\.?|S\.?\s?C\.?)"
    r"(\s+de\s+C\.?\s?V\.?)?$",
    re.IGNORECASE,
)


def short_name(name: str, limit: int) -> str:
    """A name for an axis: without its legal form, cut to `limit`, its markup neutralised for Plotly."""
    core = _LEGAL_FORM.sub("", name.strip()) or name
    short = core if len(core) <= limit else core[: limit - 1].rstrip() + "…"
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def top_overdue(debtors: list[Row], height: int = 300, *, names: int = 25, room: float = 1.75) -> go.Figure:
    """One bar a customer by overdue, coloured by the age of the oldest, with amount and days beside it."""
    figure = _figure(height)
    largest = max((_millions(row["overdue_mxn"]) for row in debtors), default=1.0)
    y = list(range(len(debtors)))
    figure.add_bar(
        x=[_millions(row["overdue_mxn"]) for row in debtors], y=y, orientation="h", width=0.62,
        marker={"color": [theme.BUCKET_COLOURS[bucket_of(row["oldest_days"])] for row in debtors]},
        text=[f"<b>{formats.mdp(row['overdue_mxn'])}</b>" for row in debtors], textposition="outside",
        textfont={"size": 12, "color": theme.INK}, cliponaxis=False,
        customdata=[[formats.money(row["overdue_mxn"]), short_name(row["customer_name"], 60)] for row in debtors],
        hovertemplate="%{customdata[1]}<br>%{customdata[0]}<extra></extra>",
    )  # fmt: skip
    for position, row in enumerate(debtors):
        late = (row["oldest_days"] or 0) > 90
        figure.add_annotation(
            xref="paper", x=1, y=position, text=f"{formats.number(row['oldest_days'])} d", showarrow=False,
            xanchor="right", font={"size": 12, "color": theme.ALERT if late else theme.MUTED},
        )  # fmt: skip
    figure.update_xaxes(range=[0, largest * room], showticklabels=False)
    figure.update_yaxes(
        tickvals=y, ticktext=[short_name(row["customer_name"], names) + " " for row in debtors], autorange="reversed",
        showgrid=False, tickfont={"color": theme.INK, "size": 12},
    )  # fmt: skip
    figure.update_layout(margin={"l": 4, "r": 4, "t": 4, "b": 4})
    return figure


def mix(total: Row, height: int = 86, *, labelled: int = 7) -> go.Figure:
    """One bar of 100 %: how the balance spreads over the buckets, with its labels on it."""
    figure = _figure(height)
    gross = total["gross_mxn"]
    for code, column in BUCKETS.items():
        share = Decimal(100) * total[column] / gross
        wide = share >= labelled
        figure.add_bar(
            x=[float(share)], y=[0], orientation="h", name=theme.BUCKET_NAMES[code],
            marker={"color": theme.BUCKET_COLOURS[code], "line": {"color": theme.OUTLINE, "width": 0.8}},
            text=f"{theme.BUCKET_NAMES[code]}<br><b>{formats.pct(share)}</b>" if wide else "",
            textposition="inside", insidetextanchor="middle", textangle=0, constraintext="none",
            textfont={"size": 12, "color": theme.INK if code in {"current", "1-30"} else "#FFFFFF"},
            hovertemplate=f"{theme.BUCKET_NAMES[code]}: {formats.money(total[column], total['currency'])} "
            f"({formats.pct(share)})<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0, margin={"l": 0, "r": 0, "t": 2, "b": 2})
    figure.update_xaxes(visible=False, range=[0, 100])
    figure.update_yaxes(visible=False)
    return figure


def days_late(history: list[Row], height: int = 220) -> go.Figure:
    """By month of payment, how many days after (or before) the due date, weighted by amount."""
    figure = _figure(height)
    x = list(range(len(history)))
    values = [float(row["days_late"] or 0) for row in history]
    figure.add_scatter(
        x=x, y=values, mode="lines+markers+text", line={"color": theme.MAIN, "width": 2}, marker={"size": 6},
        text=[formats.number(row["days_late"]) for row in history], textposition="top center",
        textfont={"size": 12, "color": theme.MUTED}, cliponaxis=False,
        customdata=[
            [formats.money(row["paid_mxn"]), formats.days(row["days_late"], 1), formats.month_label(row["month"])]
            for row in history
        ],
        hovertemplate="%{customdata[2]}<br>%{customdata[1]} contra el vencimiento"
        "<br>Pagado: %{customdata[0]}<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": theme.FAINT, "width": 1})
    figure.update_xaxes(tickvals=x, ticktext=_month_ticks([row["month"] for row in history], False))
    low, high = min(0.0, *values) if values else 0.0, max(0.0, *values) if values else 1.0
    span = max(high - low, 1.0)
    figure.update_yaxes(range=[low - span * 0.1, high + span * 0.25], nticks=5)
    return figure
