"""The filter bar: the same six keys on every page, ids in the URL, words on screen, one «Limpiar».

Names never travel in the URL: a branch or a person is a short digest of its name. The bar writes the URL;
a URL opened, typed or reached by «atrás» writes the bar.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cartera import formats
from dashboards.queries.access import Filters
from dashboards.ui.theme import escape


@dataclass(frozen=True)
class Key:
    """One filter: its key in the URL, its field in `Filters`, and its words."""

    key: str
    field: str
    label: str
    everything: str
    blank: str = ""


KEYS = (
    Key("empresa", "company", "Empresa", "Todas"),
    Key("sucursal", "branch", "Sucursal", "Todas", "Sin sucursal"),
    Key("responsable", "owner", "Responsable", "Todos", "Sin responsable"),
    Key("segmento", "segment", "Segmento", "Todos", "Sin segmento"),
    Key("moneda", "currency", "Moneda", "Todas, en pesos"),
)
CUT = "corte"
ALL_KEYS = (CUT, *(key.key for key in KEYS))
_STATE, _PAGE = "filtros", "filtros_pagina"


def option_id(key: str, value: str) -> str:
    """What stands for a value in the URL."""
    if key == "moneda":
        return value
    return hashlib.sha256(value.encode()).hexdigest()[:8] if value else "sin"


def _from_url() -> dict[str, str]:
    return {key: value for key in ALL_KEYS if (value := st.query_params.get(key, ""))}


def sync_with_url(page: str) -> None:
    """Make session and URL agree: the URL wins, unless the person just came by the menu with none in it."""
    mine: dict[str, str] = st.session_state.setdefault(_STATE, {})
    given = _from_url()
    came_by_menu = st.session_state.get(_PAGE) not in {None, page} and not given
    st.session_state[_PAGE] = page
    if came_by_menu:
        for key, value in mine.items():
            st.query_params[key] = value
    else:
        st.session_state[_STATE] = given


def url_params(**extra: str) -> dict[str, str]:
    """The query of a link that keeps the filters; an empty value drops a key."""
    merged = dict(st.session_state.get(_STATE, {})) | extra
    return {key: value for key, value in merged.items() if value}


def current(values: dict[str, list[str]]) -> Filters:
    """The filters in use, as the values that the queries take. Unknown ids are ignored."""
    chosen: dict[str, tuple[str, ...]] = {}
    state: dict[str, str] = st.session_state.get(_STATE, {})
    for key in KEYS:
        by_id = {option_id(key.key, value): value for value in values[key.field]}
        ids = state.get(key.key, "").split(",")
        chosen[key.field] = tuple(by_id[i] for i in ids if i in by_id)
    return Filters(**chosen)


def cut(first: dt.date, last: dt.date) -> dt.date:
    """The day that the person asks for, inside what there is."""
    text = st.session_state.get(_STATE, {}).get(CUT, "")
    try:
        asked = dt.date.fromisoformat(text)
    except ValueError:
        return last
    return min(max(asked, first), last)


def word(key: Key, value: str) -> str:
    """A value as a person reads it."""
    return value or key.blank


def in_words(filters: Filters) -> str:
    """The filters in use as one line, for files and notes: `Sucursal: Norte, Centro · Moneda: USD`."""
    parts = []
    for key in KEYS:
        values = getattr(filters, key.field)
        if values:
            parts.append(f"{key.label}: {', '.join(word(key, value) for value in values)}")
    return " · ".join(parts) or "Sin filtros"


def _set(key: str, value: str) -> None:
    state = dict(st.session_state.get(_STATE, {}))
    state.pop(key, None)
    if value:
        state[key] = value
        st.query_params[key] = value
    elif key in st.query_params:
        del st.query_params[key]
    st.session_state[_STATE] = state


def _changed(key: Key) -> None:
    _set(key.key, ",".join(st.session_state[f"filtro_{key.key}"]))


def _cut_changed(last: dt.date) -> None:
    asked = st.session_state["filtro_corte"]
    _set(CUT, "" if asked is None or asked == last else asked.isoformat())


def _clear() -> None:
    for key in ALL_KEYS:
        _set(key, "")


def bar(
    shown: Sequence[str], values: dict[str, list[str]], filters: Filters, first: dt.date, last: dt.date
) -> None:
    """Draw the chips that this page understands, and say which active ones it does not."""
    if not shown:
        return
    state: dict[str, str] = st.session_state.get(_STATE, {})
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="barra_filtros"):
        if CUT in shown:
            _cut_chip(cut(first, last), first, last)
        for key in KEYS:
            if key.key in shown and (len(values[key.field]) > 1 or getattr(filters, key.field)):
                _chip(key, values[key.field], getattr(filters, key.field))
        if any(state.get(key) for key in ALL_KEYS):
            st.button("Limpiar", key="filtros_limpiar", type="tertiary", on_click=_clear)
    ignored = [k.label.lower() for k in KEYS if getattr(filters, k.field) and k.key not in shown]
    if CUT not in shown and state.get(CUT):
        ignored.insert(0, "corte")
    if ignored:
        st.caption(f"Esta página no usa el filtro de {' ni el de '.join(ignored)}.")


def _cut_chip(asked: dt.date, first: dt.date, last: dt.date) -> None:
    with st.popover(f"Corte **{formats.date_long(asked)}**", key="chip_corte"):
        st.session_state["filtro_corte"] = asked
        st.date_input(
            "Saldos al cierre del día", key="filtro_corte", min_value=first, max_value=last,
            format="DD/MM/YYYY", on_change=_cut_changed, args=(last,),
        )  # fmt: skip
        st.caption(f"La última publicación es al {formats.date_long(last)}.")


def _chip(key: Key, values: list[str], chosen: tuple[str, ...]) -> None:
    words: dict[str, str] = {option_id(key.key, value): word(key, value) for value in values}
    label = key.everything
    if chosen:
        label = word(key, chosen[0]) if len(chosen) == 1 else f"{len(chosen)} elegidas"
    with st.popover(f"{key.label} **{escape(label)}**", key=f"chip_{key.key}"):
        st.session_state[f"filtro_{key.key}"] = [option_id(key.key, value) for value in chosen]
        options: dict[str, Any] = {"placeholder": key.everything, "on_change": _changed, "args": (key,)}
        st.multiselect(
            key.label,
            list(words),
            key=f"filtro_{key.key}",
            format_func=lambda i: escape_option(words[i]),
            **options,
        )


def escape_option(text: str) -> str:
    """An option of a list is plain text for the browser: only line breaks go."""
    return " ".join(text.split())
