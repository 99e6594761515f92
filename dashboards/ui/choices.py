"""A page's own switches, kept in the URL by code so that a link opens the same view.

What a person types (a name, an amount) is never written to the URL: those boxes live in the session only.
"""

from __future__ import annotations

import streamlit as st

PAGE_KEY = "p"


def _write(key: str, value: str, default: str) -> None:
    if value and value != default:
        st.query_params[key] = value
    elif key in st.query_params:
        del st.query_params[key]


def _changed(key: str, default: str) -> None:
    _write(key, st.session_state[f"elige_{key}"] or default, default)
    _write(PAGE_KEY, "", "")


def _asked(key: str, options: dict[str, str], default: str) -> str:
    asked = st.query_params.get(key, default)
    asked = asked if asked in options else default
    st.session_state[f"elige_{key}"] = asked
    return asked


def segments(key: str, label: str, options: dict[str, str], default: str) -> str:
    """Few options side by side."""
    asked = _asked(key, options, default)
    st.segmented_control(
        label, list(options), key=f"elige_{key}", format_func=lambda code: options[code], required=True,
        label_visibility="collapsed", on_change=_changed, args=(key, default), wrap=True,
    )  # fmt: skip
    return asked


def menu(key: str, label: str, options: dict[str, str], default: str, width: int = 210) -> str:
    """One of many options."""
    asked = _asked(key, options, default)
    st.selectbox(
        label, list(options), key=f"elige_{key}", format_func=lambda code: f"{label}: {options[code]}",
        label_visibility="collapsed", on_change=_changed, args=(key, default), width=width,
    )  # fmt: skip
    return asked


def typed(key: str, label: str, width: int = 260) -> str:
    """A search box: the session keeps it, the URL does not."""
    st.session_state.setdefault(f"escrito_{key}", "")
    found: str = st.text_input(
        label, key=f"escrito_{key}", placeholder=label, label_visibility="collapsed", width=width, max_chars=120,
        persist_state="page",
    )  # fmt: skip
    return (found or "").strip()


def pager(total: int, size: int) -> int:
    """The page of rows in the URL (0 is the first), with its buttons where there is more than one."""
    pages = max(1, -(-total // size))
    text = st.query_params.get(PAGE_KEY, "1")
    asked = min(max(int(text), 1), pages) if text.isdecimal() and len(text) < 7 else 1
    if pages > 1:
        st.session_state["elige_pagina"] = asked
        st.pagination(pages, key="elige_pagina", on_change=_page_changed, width=230)
    return asked - 1


def _page_changed() -> None:
    _write(PAGE_KEY, str(st.session_state["elige_pagina"]), "1")
