"""One invoice: what it is, its movements and balance, its disputes, its CFDI and the SAT's verification page."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from cartera import formats
from dashboards.queries import invoices
from dashboards.queries.access import Row
from dashboards.ui import blocks, session, theme, words
from dashboards.ui.blocks import Context
from dashboards.ui.files import Column

SAT_PAGE = "https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx"
MOVEMENTS = [
    Column("effective_date", "Fecha", "date", 90), Column("kind_word", "Movimiento", width=130),
    Column("amount_ccy", "Importe", "money", 118), Column("balance_ccy", "Saldo", "money", 118),
    Column("document_id", "Documento", width=120), Column("recorded_date", "Se registró", "date", 95),
    Column("source_word", "Origen", width=120), Column("currency", "Moneda", width=70),
]  # fmt: skip


def render(context: Context, invoice_id: str) -> None:
    """Draw the invoice, or say that it is not there."""
    row = session.ask(invoices.detail, invoice_id)
    blocks.link_to("facturas", "← Todas las facturas")
    if row is None:
        blocks.empty("no_rows", "Esa factura no está en la última publicación.")
        return
    _head(row)
    with blocks.pair("factura", [1.6, 1]) as (left, right):
        with left:
            _movements(context, row)
            _disputes(row)
        with right:
            _document(row)
    for found in session.ask(invoices.exceptions, invoice_id):
        st.warning(
            f"**{theme.escape(found['name_es'])}.** {theme.escape(found['why_es'])} "
            f"{theme.escape(found['what_to_do_es'])}"
        )


def _head(row: Row) -> None:
    code = row["currency"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="factura_cabeza"):
        st.subheader(
            f"Factura {theme.escape(row['folio_label'] or row['invoice_id'])}", anchor=False, width="content"
        )
        st.badge(_state(row), color="orange" if (row["days_past_due"] or 0) > 0 else "blue")
        blocks.link_to("cliente", row["customer_name"] or row["customer_id"], id=row["customer_id"])
    grid = st.grid(4, min_column_width=140, gap="xsmall", key="factura_cifras")
    facts = [
        ("Total", formats.money(row["total_ccy"], code), ""),
        ("Saldo", formats.money(row["open_ccy"], code),
         formats.money(row["open_mxn_closing"]) if code != "MXN" else ""),
        ("Pagado", formats.money(row["paid_ccy"], code), ""),
        ("Vence", formats.date_long(row["oldest_open_due_date"] or row["due_date"]), _due_help(row)),
    ]  # fmt: skip
    for position, (label, value, more) in enumerate(facts):
        with grid.cell():
            blocks.figure(f"f{position}", label, value, more if more and label != "Vence" else "", help=more)


def _due_help(row: Row) -> str:
    rule = f"Según {words.say(words.DUE_RULES, row['due_rule'])}"
    if (row["oldest_open_due_date"] or row["due_date"]) == row["due_date"]:
        return rule
    return f"{rule}; es el más antiguo sin pagar, el último vence el {formats.date_long(row['due_date'])}"


def _state(row: Row) -> str:
    word = words.say(words.INVOICE_STATUS, row["status"])
    if row["status"] == "open" and (row["days_past_due"] or 0) > 0:
        return f"{word}, vencida hace {formats.days(row['days_past_due'])}"
    if row["status"] == "open" and row["days_past_due"] is not None:
        return f"{word}, vence en {formats.days(-row['days_past_due'])}"
    return word


def _movements(context: Context, row: Row) -> None:
    with blocks.card(
        "movimientos", "Movimientos", f"En {row['currency']}, por fecha; el último saldo es el de hoy"
    ):
        rows = [
            found | {
                "kind_word": words.say(words.MOVEMENTS, found["kind"]),
                "source_word": words.say(words.SOURCES, found["source_kind"]),
            }
            for found in session.ask(invoices.movements, row["invoice_id"])
        ]  # fmt: skip
        if not rows:
            st.caption("Sin movimientos: la factura no es una cuenta por cobrar (cancelada o global).")
            return
        blocks.table("movimientos", rows, MOVEMENTS)
        blocks.downloads("movimientos", "movimientos", rows, MOVEMENTS, context)


def _disputes(row: Row) -> None:
    for found in session.ask(invoices.disputes, row["invoice_id"]):
        state = f"abierta hace {formats.days(found['age_days'])}" if found["is_open"] else "cerrada"
        with blocks.card(f"disputa_{found['dispute_id']}", f"Disputa {state}"):
            blocks.pairs(f"disputa_{found['dispute_id']}", [
                ("Motivo", found["reason_name"] or ""),
                ("Importe", formats.money(found["disputed_amount_ccy"], found["currency"])),
                ("Desde", formats.date_long(found["opened_date"])),
                ("Responsable", found["owner"] or "Sin responsable"),
            ])  # fmt: skip


def _document(row: Row) -> None:
    with blocks.card("documento", "Documento"):
        items = [
            ("UUID", row["uuid"]), ("Emisor", row["company_rfc"]), ("Receptor", row["customer_rfc"]),
            ("Emisión", formats.date_long(row["issue_date"])), ("Método y forma", _method(row)),
            ("Subtotal", formats.money(row["subtotal_ccy"], row["currency"])),
            ("IVA", formats.money(row["iva_ccy"], row["currency"])),
            ("Retenciones", formats.money(row["retenciones_ccy"], row["currency"]) if row["retenciones_ccy"] else ""),
            ("Tipo de cambio", formats.number(row["fx_rate"], 4) if row["currency"] != "MXN" else ""),
            ("Orden de compra", row["purchase_order"]), ("Contrarrecibo", row["contrarrecibo_folio"]),
            ("Sucursal", row["branch"]), ("Responsable", row["account_owner"]), ("Vendedor", row["salesperson"]),
            ("Enviada", formats.date_long(row["sent_date"]) if row["sent_date"] else ""),
            ("Cancelada", _cancelled(row)), ("Sustituye a", row["replaces_invoice_id"]),
            ("Sustituida por", row["replaced_by_invoice_id"]),
            ("Viene de", words.say(words.SOURCES, row["sources"])),
            ("Observaciones", "; ".join(words.flags(row["flags"]))),
        ]  # fmt: skip
        with st.container(key="hechos_factura"):
            st.markdown(
                "  \n".join(f":gray[{label}]  {theme.escape(value)}" for label, value in items if value)
            )
        if row["uuid"] and row["company_rfc"]:
            st.link_button("Verificar en el SAT", sat_address(row), key="sat", type="secondary")
            st.caption("Abre la página del SAT; escribe ahí el código de la imagen.")


def _method(row: Row) -> str:
    return " · ".join(part for part in (row["metodo_pago"], row["forma_pago"]) if part)


def _cancelled(row: Row) -> str:
    if row["cancel_date"] is None:
        return ""
    motive = words.say(words.CANCEL_MOTIVES, row["cancel_motivo"])
    return f"{formats.date_long(row['cancel_date'])}{', ' + motive if motive else ''}"


def sat_address(row: Row) -> str:
    """The SAT's public verification page for this CFDI: opened by the person, never by the app."""
    total = f"{row['total_ccy']:f}".rstrip("0")
    total += "0" if total.endswith(".") else ""
    query = {"id": row["uuid"], "re": row["company_rfc"], "rr": row["customer_rfc"] or "", "tt": total}
    return f"{SAT_PAGE}?{urlencode(query)}"
