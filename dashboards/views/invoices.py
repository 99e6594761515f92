"""Facturas: where an invoice is. A list by filters and search, a page of rows at a time, and one in detail."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import streamlit as st

from cartera import formats
from dashboards.queries import invoices
from dashboards.queries.access import Row
from dashboards.ui import blocks, choices, session, theme, words
from dashboards.ui.blocks import Context
from dashboards.ui.files import Column
from dashboards.views import invoice

TITLE = "Facturas"
PATH = "facturas"
QUESTION = "¿Dónde está esta factura?"
FILTERS = ("empresa", "sucursal", "responsable", "segmento", "moneda")
WORKS_EMPTY = False

BUCKET_MENU = {"": "todos"} | {code: name.lower() for code, name in theme.BUCKET_NAMES.items()}
ORDER = {
    "atraso": "más atraso", "saldo": "más saldo", "total": "más total", "reciente": "más reciente",
    "antigua": "más antigua", "vence": "vencimiento", "cliente": "cliente", "folio": "folio", "estado": "estado",
    "sucursal": "sucursal", "pedido": "pedido o remisión",
}  # fmt: skip
SIZES = {str(size): f"{size} renglones" for size in blocks.PAGE_SIZES}
COLUMNS = [
    Column("folio_label", "Folio", width=78), Column("open_ccy", "Saldo", "money", 106),
    Column("days_past_due", "Días", "int", 54, help="Días de vencida; con signo menos, los que faltan"),
    Column("customer_name", "Cliente", width=210), Column("overdue_ccy", "Vencido", "money", 106, quiet_zero=True),
    Column("due_date", "Vence", "date", 90), Column("issue_date", "Emisión", "date", 90),
    Column("status_word", "Estado", width=84), Column("currency", "Mon.", width=54),
    Column("total_ccy", "Total", "money", 112), Column("open_mxn_closing", "Saldo en pesos", "money", 116),
    Column("disputed_open_ccy", "En disputa", "money", 104, quiet_zero=True),
    Column("account_owner", "Responsable", width=110), Column("branch", "Sucursal", width=100),
    Column("purchase_order", "Orden", width=95), Column("metodo_pago", "Método", width=70),
    Column("customer_rfc", "RFC", width=125), Column("uuid", "UUID", width=270),
]  # fmt: skip


def render(context: Context) -> None:
    """Draw the list, or the invoice that the URL names."""
    if asked := st.query_params.get("factura", ""):
        invoice.render(context, asked)
        return
    search, order, size = _controls(context)
    totals = session.ask(invoices.totals, search)
    if not totals["invoices"]:
        blocks.empty("no_rows", "Prueba con otro estado, otra búsqueda o menos filtros.")
        return
    with blocks.card("facturas"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="resumen_facturas"):
            st.markdown(_said(totals), width="content")
            page = choices.pager(totals["invoices"], size)
        rows = [
            row | {"status_word": words.say(words.INVOICE_STATUS, row["status"])}
            for row in session.ask(invoices.page, search, order, size, page * size)
        ]
        blocks.table("facturas", rows, COLUMNS, opens=_open, height="auto" if len(rows) > 100 else "content")
        blocks.downloads("facturas", "facturas", rows, COLUMNS, context)


def _open(row: Row) -> None:
    blocks.switch(PATH, factura=row["invoice_id"])


def _said(totals: Row) -> str:
    count = formats.plural(totals["invoices"], "factura", "facturas")
    parts = [f"**{count}**", f"saldo **{theme.escape(formats.money(totals['open_mxn']))}**"]
    if totals["overdue_mxn"]:
        parts.append(f"vencido **{theme.escape(formats.money(totals['overdue_mxn']))}**")
    return " · ".join(parts)


def _controls(context: Context) -> tuple[invoices.Search, str, int]:
    state = choices.segments("estado", "Estado", words.INVOICE_STATES, "abiertas")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="busqueda"):
        text = choices.typed("facturas", "Folio, UUID, cliente, RFC u orden", 300)
        order = choices.menu("orden", "Orden", ORDER, "atraso", 220)
        with st.popover("Más filtros", key="mas_filtros"):
            low = _amount(choices.typed("desde", "Total desde", 220))
            high = _amount(choices.typed("hasta", "Total hasta", 220))
            bucket = choices.menu("tramo", "Rango", BUCKET_MENU, "", 220)
            size = choices.menu("renglones", "Ver", SIZES, "50", 220)
    customer = st.query_params.get("cliente", "")
    if customer:
        blocks.link_to(PATH, "Solo un cliente: quitar este filtro", estado=state)
    search = invoices.Search(context.filters, state, text, customer, bucket, low, high)
    return search, order, int(size)


def _amount(text: str) -> Decimal | None:
    """What a person writes as an amount: `$1,200.50`. Nothing, or a note, where it is not one."""
    if not text:
        return None
    try:
        found = Decimal(text.replace("$", "").replace(",", "").replace(" ", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > Decimal(10) ** 15:
        st.caption(f"«{theme.escape(text)}» no es un importe: escribe por ejemplo 1200.50", width="content")
        return None
    return found
