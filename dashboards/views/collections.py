"""Cobranza: whom to call now, why, and what next. Read-only: one list, in order of priority."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from cartera import formats
from dashboards.queries import worklist
from dashboards.queries.access import Row
from dashboards.ui import blocks, choices, session, words
from dashboards.ui.blocks import Context
from dashboards.ui.files import Column
from dashboards.ui.theme import escape

TITLE = "Cobranza"
PATH = "cobranza"
QUESTION = "¿A quién llamo ahora?"
FILTERS = ("sucursal", "responsable", "segmento")
WORKS_EMPTY = False
SIZE = 25

VIEWS = {
    "hoy": "Hoy",
    "vencidas": "Vencidas",
    "promesas": "Promesas",
    "sin_gestion": "Sin gestión",
    "todas": "Todas",
}
ORDER = {"prioridad": "prioridad", "vencido": "más vencido", "dias": "más días", "nombre": "nombre"}
WEIGHTS = [2.1, 1.35, 0.6, 2.5, 1.45, 1.3, 1.9, 1.05]
HEADS = (
    "Cliente",
    "Vencido",
    "Días",
    "Por qué ahora",
    "Último contacto",
    "Promesa",
    "Siguiente acción",
    "Responsable",
)
COLUMNS = [
    Column("priority", "Prioridad", "int"), Column("customer_name", "Cliente", width="medium"), Column("rfc", "RFC"),
    Column("overdue_mxn", "Vencido", "money"), Column("gross_mxn", "Saldo", "money"),
    Column("oldest_days", "Días", "int"), Column("overdue_invoices", "Facturas vencidas", "int"),
    Column("reasons", "Por qué ahora", width="large"), Column("last_contact_date", "Último contacto", "date"),
    Column("last_contact_channel", "Canal"), Column("promise_date", "Promesa", "date"),
    Column("promise_amount_mxn", "Importe prometido", "money"), Column("promise_status", "Estado de la promesa"),
    Column("next_action", "Siguiente acción", width="medium"), Column("next_action_date", "Para el", "date"),
    Column("disputed_mxn", "En disputa", "money"), Column("unapplied_mxn", "A favor por aplicar", "money"),
    Column("owner", "Responsable"), Column("branch", "Sucursal"), Column("segment", "Segmento"),
]  # fmt: skip


def render(context: Context) -> None:
    """Draw the page."""
    if not context.is_latest:
        st.caption("La lista de trabajo es siempre la de la última publicación.")
    text = st.session_state.get("escrito_cobranza", "").strip()
    counts = session.ask(worklist.counts, context.filters, text)
    labels = {code: f"{label} · {formats.number(counts[code])}" for code, label in VIEWS.items()}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="vistas"):
        view = choices.segments("vista", "Vista", labels, "hoy")
        order = choices.menu("orden", "Orden", ORDER, "prioridad", 190)
        choices.typed("cobranza", "Cliente o RFC", 200)
    if not counts["todas"]:
        blocks.empty("no_rows" if context.filters.active() or text else "nothing_to_do", "" if text else
                     "Ningún cliente con saldo pide atención.")  # fmt: skip
        return
    if not counts[view]:
        blocks.empty("nothing_to_do", f"Nadie en «{VIEWS[view]}».")
        return
    with blocks.card("lista"):
        page = choices.pager(counts[view], SIZE)
        rows = session.ask(
            worklist.page, context.filters, view=view, order=order, limit=SIZE, offset=page * SIZE, text=text
        )
        _head()
        for position, row in enumerate(rows):
            _line(context, row, position)
        _foot(rows, counts[view])
        blocks.downloads("cobranza", "cobranza", rows, COLUMNS, context)


def _head() -> None:
    with st.container(key="lista_cabeza"):
        for position, (place, label) in enumerate(zip(st.columns(WEIGHTS, gap="small"), HEADS, strict=True)):
            place.caption(label, text_alignment="right" if position in {1, 2} else "left")


def _line(context: Context, row: Row, position: int) -> None:
    with st.container(key=f"lista_fila_{position}"):
        name, amount, days, why, contact, promise, action, owner = st.columns(WEIGHTS, gap="small")
        with name:
            blocks.link_to("cliente", row["customer_name"], id=row["customer_id"])
            st.caption(escape(row["rfc"]) or "Sin RFC")
        amount.markdown(escape(formats.money(row["overdue_mxn"], None)), text_alignment="right")
        late = (row["oldest_days"] or 0) > 90
        shown = formats.number(max(row["oldest_days"] or 0, 0))
        days.markdown(f":red[**{shown}**]" if late else shown, text_alignment="right")
        why.caption(_reasons(row))
        contact.caption(_contact(row, context.snapshot.as_of))
        with promise:
            _promise(row)
        with action:
            _action(row, context.snapshot.as_of)
        owner.markdown(escape(row["owner"]) or "—")


def _reasons(row: Row) -> str:
    said = escape(row["reasons"]) or "—"
    return f"{said}; **pidió no ser contactado**" if row["do_not_contact"] else said


def ago(day: dt.date | None, today: dt.date) -> str:
    """`hace 12 días`."""
    if day is None:
        return ""
    gap = (today - day).days
    return {0: "hoy", 1: "ayer"}.get(gap) or f"hace {formats.days(gap)}"


def _contact(row: Row, today: dt.date) -> str:
    if row["last_contact_date"] is None:
        return "Sin contacto"
    channel = escape(words.say(words.CHANNELS, row["last_contact_channel"]))
    channel = f" · {channel}" if channel else ""
    return f"{ago(row['last_contact_date'], today)}{channel}"


def short_day(day: dt.date) -> str:
    """`10 jul`."""
    return f"{day.day}{formats.NBSP}{formats.MONTHS[day.month - 1]}"


def _promise(row: Row) -> None:
    if row["promise_date"] is None:
        st.markdown("—")
    elif row["promise_status"] in {"broken", "partial"}:
        st.badge(
            f"{words.say(words.PROMISES, row['promise_status'])} {short_day(row['promise_date'])}",
            color="orange",
        )
    else:
        st.markdown(
            f"{short_day(row['promise_date'])} · {escape(formats.money(row['promise_amount_mxn'], None))}"
        )


def _action(row: Row, today: dt.date) -> None:
    if not row["next_action"]:
        st.markdown("—")
        return
    day = row["next_action_date"]
    urgent = (day is None or day <= today) and ((row["oldest_days"] or 0) > 60 or bool(row["disputed_mxn"]))
    when = f" · {short_day(day)}" if day is not None and day > today else ""
    if when and f"{day.day} {formats.MONTHS[day.month - 1]}" in row["next_action"]:
        when = ""
    st.badge(escape(f"{row['next_action']}{when}"), color="orange" if urgent else "blue")


def _foot(rows: list[Row], count: int) -> None:
    known = [row["overdue_mxn"] for row in rows if row["overdue_mxn"] is not None]
    shown = sum(known) if known else None  # without a rate for any of them, their total is unknown
    label = (
        "Total mostrado" if len(rows) == count else f"Total mostrado ({len(rows)} de {formats.number(count)})"
    )
    with st.container(key="lista_pie"):
        columns = st.columns(WEIGHTS, gap="small")
        columns[0].markdown(f"**{label}**")
        columns[1].markdown(f"**{escape(formats.money(shown, None))}**", text_alignment="right")
