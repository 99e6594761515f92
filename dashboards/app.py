"""The app: identity of the session, menu, title with its freshness, filter bar, and the page.

`streamlit run dashboards/app.py` with CARTERA_HOME. Pages live in `views`, one file each; adding one is a
line in `SECTIONS`.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import streamlit as st

from cartera import formats
from cartera.errors import CarteraError
from cartera.snapshot import Snapshot
from dashboards.queries import meta
from dashboards.ui import blocks, filters, session, theme
from dashboards.views import aging, collections, customer, glossary, invoices, quality, summary, welcome

SECTIONS: dict[str, tuple[ModuleType, ...]] = {
    "Dirección": (summary, aging),
    "Operación": (collections, invoices, customer),
    "Datos": (quality, glossary),
}
LOG = logging.getLogger("cartera.app")


def main() -> None:
    """Draw one run of the app."""
    st.set_page_config(
        page_title="Cartera", page_icon=str(Path(__file__).parent / "ui" / "icon.png"), layout="wide",
        initial_sidebar_state="auto",
    )  # fmt: skip
    theme.apply_style()
    try:
        mine = session.pinned()
    except CarteraError as error:
        st.error(theme.escape(error))
        st.stop()
    if mine is None:
        welcome.render(session.paths())
        return
    pages = {section: [_page(view, mine) for view in views] for section, views in SECTIONS.items()}
    st.session_state[blocks.PAGES] = {page.url_path: page for group in pages.values() for page in group}
    st.logo(str(Path(__file__).parent / "ui" / "logo.png"), size="medium")
    # the default page has no address of its own, so a hidden one sends "/" to "/resumen"
    home = st.Page(_go_home, title="Cartera", default=True, visibility="hidden")
    st.navigation({"": [home], **pages}, position="sidebar", expanded=True).run()


def _go_home() -> None:
    st.switch_page(st.session_state[blocks.PAGES][summary.PATH], query_params=st.query_params.to_dict())


def _page(view: ModuleType, mine: Snapshot) -> st.Page:
    return st.Page(_runner(view, mine), title=view.TITLE, url_path=view.PATH)


def _runner(view: ModuleType, mine: Snapshot) -> Callable[[], None]:
    def run() -> None:
        try:
            _draw(view, mine)
        except CarteraError as error:
            st.error(theme.escape(error))
        except Exception:
            incident = secrets.token_hex(4)
            LOG.exception("incident %s on %s", incident, view.PATH)
            st.error(
                f"Algo falló al armar esta página. Tus datos están intactos. Anota el incidente {incident} "
                "y búscalo en el registro de la aplicación."
            )

    run.__name__ = f"page_{view.PATH}"
    return run


def _draw(view: ModuleType, mine: Snapshot) -> None:
    filters.sync_with_url(view.PATH)
    about = session.ask(meta.about)
    values = session.ask(meta.filter_values)
    chosen = filters.current(values)
    first = about["first_date"] or mine.as_of
    asked = filters.cut(first, mine.as_of) if filters.CUT in view.FILTERS else mine.as_of
    dates = session.ask(meta.report_dates)
    cut = next((day for day in dates if day <= asked), mine.as_of)
    _title(view)
    _stamp(mine, asked)
    context = blocks.Context(mine, chosen, asked, cut, asked == cut, session.ask(meta.definitions))
    if not about["invoices"] and not view.WORKS_EMPTY:
        blocks.empty("no_data")
        return
    filters.bar(view.FILTERS, values, chosen, first, mine.as_of)
    view.render(context)


def _title(view: ModuleType) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="encabezado"):
        st.title(view.TITLE, anchor=False, width="content")
        st.caption(view.QUESTION, width="content")


def _stamp(mine: Snapshot, asked: dt.date) -> None:
    """Under every title: the day, when it was published, how many notices; what to worry about, if anything."""
    fresh = session.freshness(mine, dt.datetime.now(tz=dt.UTC))
    count = len(session.ask(meta.notices))
    words = f"Corte al {formats.date_long(asked)} · {fresh.published}"
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", key="sello"):
        st.caption(f":orange[{words}]" if fresh.warning else words, width="content")
        if fresh.warning:
            st.caption(f":orange[· {theme.escape(fresh.warning)}]", width="content")
        if count or fresh.warning:
            notices = (
                formats.plural(count, "aviso de calidad", "avisos de calidad") if count else "Ver Calidad"
            )
            blocks.link_to(quality.PATH, notices)
        else:
            st.caption("· sin avisos de calidad", width="content")
        if session.newer_exists(mine):
            st.button(
                "Hay cifras nuevas: verlas", key="cifras_nuevas", type="tertiary", on_click=session.unpin
            )


main()
