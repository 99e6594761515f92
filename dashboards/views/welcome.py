"""The page of a home without figures yet: what to do, in three steps."""

from __future__ import annotations

import streamlit as st

from cartera import lastrun
from cartera.home import HomePaths
from dashboards.ui.theme import escape


def render(paths: HomePaths) -> None:
    """Say how to load, and what the last run answered if there was one."""
    st.title("Cartera", anchor=False)
    st.markdown("Todavía no hay cifras publicadas en esta carpeta:")
    st.code(str(paths.home), language=None)
    last = lastrun.read(paths.last_run_file)
    if last and last.get("status") in {"refused", "failed"}:
        words = "no se publicó" if last["status"] == "refused" else "falló"
        st.warning(f"La última corrida {words}: {escape(last.get('message') or 'sin mensaje')}")
    with st.container(border=True, key="tarjeta_bienvenida"):
        st.markdown(
            "1. Copia tus CFDI (XML o ZIP), registros de facturas y pagos, o estados de cuenta a la carpeta "
            "`inbox`.\n"
            "2. Corre el proceso: `cartera run`\n"
            "3. Vuelve a abrir esta página."
        )
        st.caption("¿Solo quieres ver cómo se ve? `cartera demo` arma una empresa de muestra completa.")
