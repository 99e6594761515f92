"""Antigüedad de saldos: who owes and how old it is, at any day, by due or issue date, in pesos or own currency."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from cartera import formats
from dashboards.queries import aging
from dashboards.queries.access import BUCKETS, Row
from dashboards.ui import blocks, charts, choices, session, theme
from dashboards.ui.blocks import Context
from dashboards.ui.files import Column

TITLE = "Antigüedad de saldos"
PATH = "antiguedad"
QUESTION = "¿Quién debe, y qué tan viejo?"
FILTERS = ("corte", "empresa", "sucursal", "responsable", "segmento", "moneda")
WORKS_EMPTY = False
SIZE = 100

BY = {"vencimiento": "Por vencimiento", "emision": "Por emisión"}
CURRENCY = {"pesos": "En pesos", "original": "Moneda original"}
BASIS = {"efectiva": "Por fecha de pago", "registrada": "Como se sabía entonces"}
ORDER = {"overdue": "más vencido", "gross": "más saldo", "oldest": "más antiguo", "name": "nombre"}


def render(context: Context) -> None:
    """Draw the page."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="interruptores"):
        by = choices.segments("por", "Contar los días", BY, "vencimiento")
        currency = choices.segments("importes", "Importes", CURRENCY, "pesos")
        basis = choices.segments("base", "Pagos", BASIS, "efectiva")
    question = aging.Question(
        context.asked, context.filters, "effective" if basis == "efectiva" else "as_recorded",
        "due" if by == "vencimiento" else "issue", currency == "original", context.is_report_date,
    )  # fmt: skip
    totals = session.ask(aging.totals, question)
    if not any(total["gross_mxn"] or total["unapplied_mxn"] for total in totals):
        blocks.empty(
            "no_rows" if context.filters.active() else "nothing_to_do", "No hay saldos abiertos a ese día."
        )
        return
    for total in (t for t in totals if t["gross_mxn"]):
        _mix(context, total, by, totals)
    _table(context, question, totals)


def _mix(context: Context, total: Row, by: str, totals: list[Row]) -> None:
    code = total["currency"]
    unit = f"{formats.mdp(total['gross_mxn'])}" if code == "MXN" else formats.money(total["gross_mxn"], code)
    share = Decimal(100) * total["overdue_mxn"] / total["gross_mxn"] if total["gross_mxn"] else None
    words = [
        f"{unit} de {formats.plural(total['customers'], 'cliente', 'clientes')} en "
        f"{formats.plural(total['open_invoices'], 'factura', 'facturas')}",
        f"vencido {formats.pct(share)}",
    ]
    if total["unvalued_items"]:
        unvalued = formats.plural(total["unvalued_items"], "saldo", "saldos")
        words.append(f"{unvalued} sin tipo de cambio, fuera de la suma")
    suffix = f", {code}" if len(totals) > 1 or code != "MXN" else ""
    heading = "Días desde la emisión" if by == "emision" else "Días de vencido"
    with blocks.card(
        f"mezcla_{code}", f"{heading} al {formats.date_long(context.asked)}{suffix}", " · ".join(words),
        help=context.meaning("overdue_ar"),
    ):  # fmt: skip
        blocks.chart(f"mezcla_{code}", charts.mix(total), charts.mix(total, labelled=17))


def _columns(own_currency: bool) -> list[Column]:
    money = [
        Column(name, theme.BUCKET_NAMES[code] if code != "120+" else "> 120", "money", 98, quiet_zero=True)
        for code, name in BUCKETS.items()
    ]
    return [
        Column("customer_name", "Cliente", width=200),
        *([Column("currency", "Moneda", width=70)] if own_currency else []),
        Column("overdue_mxn", "Vencido", "money", 106), Column("gross_mxn", "Saldo", "money", 106),
        Column("overdue_pct", "% vencido", "pct", 74), *money,
        Column("disputed_mxn", "En disputa", "money", 110, quiet_zero=True), Column("oldest_days", "Días", "int", 60),
        Column("account_owner", "Responsable", width=120), Column("branch", "Sucursal", width=110),
        Column("rfc", "RFC", width=130),
    ]  # fmt: skip


def _table(context: Context, question: aging.Question, totals: list[Row]) -> None:
    count = sum(total["found"] for total in totals)
    with blocks.card("clientes", "Por cliente", "Elige un cliente para ver su historia"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="orden_antiguedad"):
            order = choices.menu("orden", "Orden", ORDER, "overdue")
            page = choices.pager(count, SIZE)
        rows = session.ask(aging.by_customer, question, order, SIZE, page * SIZE)
        columns = _columns(question.own_currency)
        _total_line(question, totals)
        blocks.table(
            "antiguedad", rows, columns, opens=lambda row: blocks.switch("cliente", id=row["customer_id"])
        )
        blocks.downloads("antiguedad", "antiguedad", rows, columns, context)


def _total_line(question: aging.Question, totals: list[Row]) -> None:
    for total in totals:
        code = total["currency"]
        facts = [
            (f"Total {code}", formats.money(total["gross_mxn"], None)),
            ("Vencido", formats.money(total["overdue_mxn"], None)),
        ]
        facts += [
            (f"{theme.BUCKET_NAMES[bucket].removesuffix(' días')}", formats.money(total[name], None))
            for bucket, name in BUCKETS.items()
        ]
        if total["unapplied_mxn"] is not None:
            facts.append(("A favor", formats.money(total["unapplied_mxn"], None)))
        blocks.pairs(f"total_{code}", facts, 9, 96)
    if not question.knows_unapplied:
        st.caption(
            "Los saldos a favor por aplicar se dan en pesos, y con filtros solo en los cierres de semana y de mes."
        )
