"""House colours, the Plotly template, and the one place where a text becomes safe Markdown.

No figures and no queries here. `house.css` is a constant file: nothing that a person wrote goes into it.
"""

from __future__ import annotations

import re
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

BUCKET_COLOURS = {
    "current": "#E3E6EA", "1-30": "#A6BDDB", "31-60": "#3690C0", "61-90": "#045A8D", "91-120": "#023858",
    "120+": "#011F33",
}  # fmt: skip
BUCKET_NAMES = {
    "current": "Por vencer", "1-30": "1–30", "31-60": "31–60", "61-90": "61–90", "91-120": "91–120",
    "120+": "> 120 días",
}  # fmt: skip
INK, MUTED, FAINT, LINE = "#1F2933", "#6B7785", "#8D98A5", "#E6E9ED"
MAIN, PREVIOUS, ALERT, GOOD = "#045A8D", "#B3BCC7", "#C2410C", "#2F6F4F"
OUTLINE = "#C3CAD2"

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>$:^=@&])")
_STYLE = Path(__file__).with_name("house.css")


def escape(text: object) -> str:
    """Any text as literal Markdown: no images, links, formulas, colours, icons or line breaks come out of it."""
    flat = " ".join(str(text if text is not None else "").split())
    return _MARKDOWN.sub(r"\\\1", flat)


def apply_style() -> None:
    """Load the house's stylesheet: a constant file, so no text from data ever reaches it."""
    st.html(_STYLE)


def template() -> go.layout.Template:
    """The Plotly template of every chart: quiet ground, no frame, direct labels."""
    font = {"family": '"Source Sans", sans-serif', "size": 13, "color": MUTED}
    axis = {
        "showgrid": False, "zeroline": False, "showline": False, "ticks": "", "fixedrange": True, "automargin": True,
        "tickfont": {"color": MUTED, "size": 12},
    }  # fmt: skip
    return go.layout.Template(
        layout={
            "font": font, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 4, "r": 4, "t": 24, "b": 4}, "xaxis": axis,
            "yaxis": axis | {"showgrid": True, "gridcolor": LINE, "gridwidth": 1},
            "hoverlabel": {"bgcolor": "#FFFFFF", "bordercolor": LINE, "font": {"color": INK, "size": 13}},
            "showlegend": False, "bargap": 0.32, "dragmode": False, "separators": ".,",
            "colorway": [MAIN, PREVIOUS, "#3690C0", "#A6BDDB"],
        }
    )  # fmt: skip
