"""Glosario: what each figure means and how it is computed, and the dictionary of the published columns."""

from __future__ import annotations

import unicodedata

import streamlit as st

from cartera import formats
from dashboards.queries import meta
from dashboards.queries.access import Row
from dashboards.ui import blocks, choices, session, words
from dashboards.ui.blocks import Context
from dashboards.ui.files import Column
from dashboards.ui.theme import escape

TITLE = "Glosario"
PATH = "glosario"
QUESTION = "¿Qué significa esta cifra?"
FILTERS: tuple[str, ...] = ()
WORKS_EMPTY = True

SECTIONS = {"cifras": "Cifras", "columnas": "Columnas publicadas"}
COLUMNS = [
    Column("table_name", "Tabla", width=220), Column("column_name", "Columna", width=220),
    Column("description", "Qué es", width=640), Column("data_type", "Tipo", width=130),
]  # fmt: skip


def render(context: Context) -> None:
    """Draw the page."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="glosario_controles"):
        section = choices.segments("ver", "Sección", SECTIONS, "cifras")
        text = choices.typed("glosario", "Buscar una palabra", 260)
    if section == "columnas":
        _columns(context, text)
    else:
        _figures(context, text)


def plain(text: str) -> str:
    """Lower case and without accents, to compare what people type."""
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


def _figures(context: Context, text: str) -> None:
    wanted = plain(text)
    rows = [
        row for row in context.kpis.values()
        if wanted in plain(f"{row['name_es']} {row['formula_es']} {row['kpi']} {row['section']}")
    ]  # fmt: skip
    if not rows:
        blocks.empty("no_rows" if text else "no_data", "Ninguna cifra con esa palabra." if text else "")
        return
    sections: dict[str, list[Row]] = {}
    for row in rows:
        sections.setdefault(row["section"] or "Otras", []).append(row)
    for position, (name, found) in enumerate(sections.items()):
        with blocks.card(
            f"glosario_{position}", name.capitalize(), formats.plural(len(found), "cifra", "cifras")
        ):
            for row in found:
                _entry(row)


def _entry(row: Row) -> None:
    facts = [
        words.say(words.UNITS, row["unit"]),
        words.say(words.DIRECTIONS, row["good_direction"]),
        row["mart"],
    ]
    st.markdown(f"**{escape(row['name_es'])}**  \n{escape(row['formula_es'])}")
    st.caption(" · ".join(escape(fact) for fact in facts if fact))


def _columns(context: Context, text: str) -> None:
    rows = session.ask(meta.columns, text)
    if not rows:
        blocks.empty("no_rows" if text else "no_data")
        return
    with blocks.card(
        "columnas", "Columnas publicadas", "Lo que puede leer cualquier cliente de DuckDB: cartera query"
    ):
        blocks.table("columnas", rows, COLUMNS, height=560)
        blocks.downloads("columnas", "columnas", rows, COLUMNS, context)
