"""Cliente: the story of one customer: what it owes, how it pays, what happened, and what to do next."""

from __future__ import annotations

import streamlit as st

from cartera import formats
from dashboards.queries import customers, invoices
from dashboards.queries.access import Filters, Row
from dashboards.ui import blocks, charts, choices, session, theme, words
from dashboards.ui.blocks import Context
from dashboards.ui.files import Column
from dashboards.views.collections import ago, short_day

TITLE = "Cliente"
PATH = "cliente"
QUESTION = "¿Cuál es la historia de este cliente?"
FILTERS: tuple[str, ...] = ()
WORKS_EMPTY = False
SIZE = 50

FOUND = [
    Column("customer_name", "Cliente", width=200), Column("gross_mxn", "Saldo", "money", 110),
    Column("overdue_mxn", "Vencido", "money", 140), Column("oldest_days", "Días", "int", 70),
    Column("rfc", "RFC", width=140), Column("segment", "Segmento", width=120), Column("branch", "Sucursal", width=120),
    Column("account_owner", "Responsable", width=130),
]  # fmt: skip
OPEN = [
    Column("folio_label", "Folio", width=84), Column("open_ccy", "Saldo", "money", 112),
    Column("days_past_due", "Días", "int", 54, help="Días de vencida; con signo menos, los que faltan"),
    Column("due_date", "Vence", "date", 90), Column("issue_date", "Emisión", "date", 90),
    Column("currency", "Mon.", width=54), Column("total_ccy", "Total", "money", 112),
    Column("open_mxn_closing", "En pesos", "money", 112),
    Column("disputed_open_ccy", "En disputa", "money", 104, quiet_zero=True),
    Column("purchase_order", "Orden", width=95),
]  # fmt: skip
HAPPENED = [
    Column("label", "Documento", width=150), Column("day", "Fecha", "date", 95), Column("event", "Qué pasó", width=150),
    Column("amount_ccy", "Importe", "money", 130), Column("currency", "Mon.", width=60),
    Column("note_word", "Detalle", width=220),
]  # fmt: skip


def render(context: Context) -> None:
    """Draw the customer that the URL names, or a search."""
    asked = st.query_params.get("id", "")
    if not asked:
        _search(context)
        return
    row = session.ask(customers.detail, asked)
    if row is None:
        blocks.link_to(PATH, "← Buscar otro cliente", id="")
        blocks.empty("no_rows", "Ese cliente no está en la última publicación.")
        return
    _head(row)
    _figures(context, row)
    with blocks.pair("cliente", [1.6, 1]) as (left, right):
        with left:
            _open_invoices(context, row)
        with right:
            _next(context, row)
            _habit(row)
    _timeline(context, row)


def _search(context: Context) -> None:
    text = choices.typed("cliente", "Nombre, RFC o clave del cliente", 320)
    rows = session.ask(customers.search, context.filters, text)
    if not rows:
        blocks.empty("no_rows", "Nadie se llama así. Prueba con menos letras o con el RFC.")
        return
    with blocks.card("clientes", "Clientes", "Los que más deben primero; elige uno para ver su historia"):
        blocks.table("clientes", rows, FOUND, opens=lambda row: blocks.switch(PATH, id=row["customer_id"]))
        blocks.downloads("clientes", "clientes", rows, FOUND, context)


def _head(row: Row) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="cliente_cabeza"):
        st.subheader(theme.escape(row["customer_name"] or row["customer_id"]), anchor=False, width="content")
        if row["do_not_contact"]:
            st.badge("Pidió no ser contactado", color="orange")
        blocks.link_to(PATH, "Buscar otro cliente", id="")
    facts = [
        row["rfc"], row["segment"], row["branch"], row["account_owner"] and f"a cargo de {row['account_owner']}",
        row["terms_days"] is not None and f"{formats.days(row['terms_days'])} de crédito", _limit(row),
    ]  # fmt: skip
    st.caption(" · ".join(theme.escape(fact) for fact in facts if fact))
    contact = [row["contact_name"], row["contact_phone"], row["contact_email"]]
    if any(contact):
        st.caption("Contacto: " + " · ".join(theme.escape(fact) for fact in contact if fact))


def _figures(context: Context, row: Row) -> None:
    history = session.ask(customers.balance_history, row["customer_id"])
    habit = session.ask(customers.pay_habit, row["customer_id"])
    gross, overdue = row["gross_mxn"] or 0, row["overdue_mxn"] or 0
    grid = st.grid(5, min_column_width=140, gap="xsmall", key="cifras")
    with grid.cell():
        count = formats.plural(row["open_invoices"] or 0, "factura abierta", "facturas abiertas")
        blocks.figure("saldo", "Saldo", formats.mdp(gross), count, spark=[p["gross_mxn"] for p in history],
                      help=context.meaning("gross_ar", formats.money(gross)))  # fmt: skip
    with grid.cell():
        owes = bool(row["overdue_invoices"])  # what has no rate is overdue too, without pesos
        late = f"la más antigua, {formats.days(row['oldest_days'])}" if owes else "Al corriente"
        blocks.figure("vencido", "Vencido", formats.mdp(overdue), late, tone="bad" if owes else "good",
                      spark=[p["overdue_mxn"] for p in history],
                      help=context.meaning("overdue_ar", formats.money(overdue)))  # fmt: skip
    with grid.cell():
        against = habit["days_late"]
        said = "Sin pagos en 12 meses"
        if against is not None:
            said = f"{formats.days(abs(against))} {'después' if against > 0 else 'antes'} de vencer"
        blocks.figure("pago", "Tarda en pagar", formats.days(habit["days_to_pay"]), said,
                      tone="neutral" if against is None else "bad" if against > 0 else "good",
                      help=context.meaning("payment_weighted_days", "Pagos de los últimos 12 meses."))  # fmt: skip
    with grid.cell():
        blocks.figure("favor", "A favor por aplicar", formats.mdp(row["unapplied_mxn"] or 0),
                      "Falta aplicarlo a facturas" if row["unapplied_mxn"] else "Nada por aplicar",
                      help=context.meaning("unapplied_ar", formats.money(row["unapplied_mxn"] or 0)))  # fmt: skip
    with grid.cell():
        blocks.figure("disputa", "En disputa", formats.mdp(row["disputed_mxn"] or 0),
                      "Hay que resolverla" if row["disputed_mxn"] else "Nada en disputa",
                      tone="bad" if row["disputed_mxn"] else "neutral",
                      help=context.meaning("disputed_ar", formats.money(row["disputed_mxn"] or 0)))  # fmt: skip


def _limit(row: Row) -> str:
    limit = row["credit_limit"]
    if not limit or row["credit_limit_currency"] not in {None, "MXN"}:
        return ""
    used = 100 * (row["net_mxn"] or 0) / limit
    return f"usa {formats.pct(used, 0)} de su límite de {formats.mdp(limit)}"


def _open_invoices(context: Context, row: Row) -> None:
    search = invoices.Search(Filters(), "abiertas", customer_id=row["customer_id"])
    rows = session.ask(invoices.page, search, "atraso", SIZE, 0)
    with blocks.card("abiertas", "Facturas abiertas", "Primero las más atrasadas"):
        if not rows:
            st.caption("No debe nada. Buena noticia.")
            return
        blocks.table(
            "abiertas", rows, OPEN, opens=lambda found: blocks.switch("facturas", factura=found["invoice_id"])
        )
        blocks.downloads("abiertas", f"abiertas_{row['customer_id']}", rows, OPEN, context)
        if len(rows) == SIZE:
            blocks.link_to("facturas", "Ver todas", cliente=row["customer_id"])


def _next(context: Context, row: Row) -> None:
    found = session.ask(customers.worklist_row, row["customer_id"])
    with blocks.card("siguiente", "Qué sigue"):
        if not found or not found["next_action"]:
            st.caption("Nada pendiente con este cliente.")
            return
        st.badge(theme.escape(found["next_action"]), color="blue")
        st.markdown(theme.escape(found["reasons"]))
        if found["last_contact_date"]:
            channel = theme.escape(words.say(words.CHANNELS, found["last_contact_channel"]))
            channel = f" por {channel}" if channel else ""
            st.caption(f"Último contacto {ago(found['last_contact_date'], context.snapshot.as_of)}{channel}")
        if found["promise_date"]:
            state = words.say(words.PROMISES, found["promise_status"])
            amount = theme.escape(formats.money(found["promise_amount_mxn"]))
            st.caption(f"Promesa {state} del {short_day(found['promise_date'])}: {amount}")


def _habit(row: Row) -> None:
    history = session.ask(customers.pay_history, row["customer_id"])
    with blocks.card(
        "habito", "Cómo paga", "Días contra el vencimiento, por mes de pago, ponderado por importe"
    ):
        if not history:
            st.caption("Sin pagos en los últimos 13 meses.")
            return
        blocks.chart("habito", charts.days_late(history))


def _timeline(context: Context, row: Row) -> None:
    with blocks.card("historia", "Historia", "Facturas, pagos, notas y disputas; lo más reciente primero"):
        size = SIZE
        page = (
            max(int(text) - 1, 0)
            if (text := st.query_params.get("h", "1")).isdecimal() and len(text) < 5
            else 0
        )
        found = session.ask(customers.timeline, row["customer_id"], size + 1, page * size)
        rows = [
            event | {"event": words.say(words.EVENTS, event["kind"]), "note_word": _note(event)}
            for event in found[:size]
        ]
        if not rows:
            st.caption("Sin movimientos.")
            return
        blocks.table("historia", rows, HAPPENED, opens=_open_event, height=420)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="historia_pie"):
            blocks.downloads("historia", f"historia_{row['customer_id']}", rows, HAPPENED, context)
            if page:
                blocks.link_to(PATH, "← Más reciente", id=row["customer_id"], h=str(page))
            if len(found) > size:
                blocks.link_to(PATH, "Más antiguo →", id=row["customer_id"], h=str(page + 2))


def _open_event(event: Row) -> None:
    if event["invoice_id"]:
        blocks.switch("facturas", factura=event["invoice_id"])


def _note(event: Row) -> str:
    if event["kind"] == "invoice":
        return words.say(words.INVOICE_STATUS, event["note"])
    if event["kind"] == "cancelled":
        return words.say(words.CANCEL_MOTIVES, event["note"])
    if event["kind"] == "dispute_closed":
        return words.say(words.OUTCOMES, event["note"])
    if event["kind"] in {"payment", "reversed"}:
        return words.say(words.METHODS, event["note"])
    return event["note"] or ""
