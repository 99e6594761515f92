"""The section of Calidad that shows the offline verification of CFDIs: by rule, and the documents that fail one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import streamlit as st

from cartera import formats
from dashboards.queries import quality
from dashboards.queries.access import Row
from dashboards.ui import blocks, choices, session, theme, words
from dashboards.ui.blocks import Context
from dashboards.ui.files import Column

SIZE = 100
RULES = [
    Column("documents_failed", "No cumplen", "int", 85), Column("name_es", "Lo que debe cumplirse", width=310),
    Column("documents_checked", "Revisados", "int", 80), Column("what_to_do_es", "Qué hacer", width=520),
]  # fmt: skip
OWN = "En la moneda del documento"


def _columns(rows: list[Row]) -> list[Column]:
    """What was expected and what it says: amounts, right-aligned and numbers, or words and moments."""
    values = [Column("found_value", "Dice", width=160)]
    if any(row["expected_value"] for row in rows):
        values = [Column("expected_value", "Se esperaba", width=140), *values]
    if any(row["difference"] is not None for row in rows):
        values = [
            Column("expected_value", "Se esperaba", "money", 120, OWN),
            Column("found_value", "Dice", "money", 120, OWN),
            Column("difference", "Diferencia", "money", 95, OWN),
        ]
    return [
        Column("document", "Documento", width=105), *values, Column("detail", "Qué no concuerda", width=350),
        Column("tipo", "Tipo", width=45), Column("issue_date", "Emisión", "date", 90),
        Column("uuid", "Folio fiscal (UUID)", width=285), Column("receptor_rfc", "Receptor", width=125),
        Column("emisor_rfc", "Emisor", width=125),
    ]  # fmt: skip


def render(context: Context) -> None:
    """Draw the section; the failing documents of one rule at a time."""
    rules = session.ask(quality.cfdi_check_counts)
    if not any(row["documents_checked"] for row in rules):
        blocks.empty(
            "no_data",
            "Aquí sale lo que no concuerda dentro de tus CFDI: pon tus XML en inbox/ y corre: cartera run",
        )
        return
    failing = {row["check_name"]: row for row in rules if row["documents_failed"]}
    if failing:
        _failing(context, failing)
    else:
        blocks.empty("nothing_to_do", "Todos los CFDI concuerdan con lo que ellos mismos dicen.")
    with blocks.card(
        "reglas_cfdi", "Verificación de CFDI", "Lo que cada CFDI debe cumplir por sí mismo, sin conexión"
    ):
        blocks.table("reglas_cfdi", rules, RULES)
        blocks.downloads("reglas_cfdi", "verificacion_de_cfdi", rules, RULES, context)
        if not next((row["documents_checked"] for row in rules if row["check_name"] == "signature"), 0):
            st.caption("El sello se verifica con su certificado cuando corres: cartera run --verify-seals")


def _failing(context: Context, failing: dict[str, Row]) -> None:
    options = {
        check: f"{row['name_es']} · {formats.number(row['documents_failed'])}"
        for check, row in failing.items()
    }
    check = choices.menu("regla_cfdi", "Regla", options, next(iter(options)), 520)
    chosen = failing[check]
    with blocks.card("cfdi_que_fallan", chosen["name_es"]):
        with st.container(horizontal=True, gap="small", key="cfdi_marcas"):
            urgent = chosen["severity"] == "error"
            st.badge(words.say(words.SEVERITY, chosen["severity"]), color="orange" if urgent else "blue")
            failed, checked = chosen["documents_failed"], chosen["documents_checked"]
            st.badge(f"{formats.number(failed)} de {formats.number(checked)} revisados", color="gray")
        st.markdown(f"**Qué hacer.** {theme.escape(chosen['what_to_do_es'])}")
        page = choices.pager(chosen["documents_failed"], SIZE)
        rows = [_shown(row) for row in session.ask(quality.cfdi_checks, check, SIZE, page * SIZE)]
        columns = _columns(rows)
        blocks.table("cfdi_que_fallan", rows, columns, opens=_open)
        blocks.downloads("cfdi_que_fallan", f"cfdi_{check}", rows, columns, context)


def _shown(row: Row) -> Row:
    shown = row | {"document": row["invoice_id"] or f"{row['uuid'][:8]}…"}
    if row["difference"] is None:
        found = words.say(words.SEALS, _words(row["found"]))
        return shown | {"expected_value": _words(row["expected"]), "found_value": found}
    amounts = {
        "expected_value": row["expected"],
        "found_value": row["found"],
        "difference": row["difference"],
    }
    return shown | {name: round(Decimal(value), 2) for name, value in amounts.items()}


def _words(text: str | None) -> str:
    """A moment as people write it; anything else as it came."""
    try:
        return (
            f"{dt.datetime.fromisoformat(text):%d/%m/%Y %H:%M:%S}" if text and len(text) >= 19 else text or ""
        )
    except ValueError:
        return text or ""


def _open(row: Row) -> None:
    if row["invoice_id"]:
        blocks.switch("facturas", factura=row["invoice_id"])
    elif row["customer_id"]:
        blocks.switch("cliente", id=row["customer_id"])
