"""The review's sheets after the cover: Movimientos, Antigüedad por cliente, Detalle, Definiciones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from xlsxwriter.utility import xl_range

from cartera import formats
from dashboards.reports import weekly_cover
from dashboards.reports.weekly_review import BRIDGE_LINES, Review
from dashboards.reports.workbook import ALERT, FIRST_ROW, LINE, NAVY, PALE, QUIET, Book, Column, Sheet, Value

MOVEMENTS, CUSTOMERS, ITEMS, DEFINITIONS = "Movimientos", "Antigüedad por cliente", "Detalle", "Definiciones"

BRIDGE = {
    "start": (
        "Cartera bruta al inicio",
        "Saldos abiertos al cierre del domingo anterior, al tipo de cambio de ese día",
    ),
    "billed": ("(+) Facturado", "Facturas emitidas en la semana"),
    "collected_applied": ("(−) Cobrado y aplicado", "Cobros aplicados a facturas, menos los devueltos"),
    "credit_notes": ("(−) Notas de crédito", "Aplicadas en la semana, menos las canceladas"),
    "cancelled": ("(−) Cancelado", "Saldo de las facturas canceladas o sustituidas"),
    "write_offs": ("(−) Castigos", "Saldos dados de baja"),
    "other": ("(±) Otros movimientos", "Saldos iniciales, excedentes y reacomodos"),
    "fx": ("(±) Efecto cambiario", "Cambio del tipo de cambio sobre los saldos en moneda extranjera"),
    "rounding": ("(±) Redondeo", "Centavos de valuar cada documento por separado"),
}
WEEK_METRICS = {
    "invoices_issued": ("Facturas emitidas", "count"),
    "billed_mxn": ("Facturado", "money"),
    "payments": ("Pagos recibidos", "count"),
    "collected_mxn": ("Cobrado (recibido en la semana)", "money"),
    "newly_overdue_invoices": ("Facturas que pasaron a vencidas", "count"),
    "newly_overdue_mxn_closing": ("Importe que pasó a vencido", "money"),
    "cured_invoices": ("Facturas regularizadas (vencidas que se saldaron)", "count"),
    "cured_mxn_issue_rate": ("Importe regularizado", "money"),
    "disputes_opened": ("Disputas abiertas", "count"),
    "disputes_closed": ("Disputas cerradas", "count"),
    "promises_due": ("Promesas que vencían", "count"),
    "promises_due_next_week": ("Promesas para la semana siguiente", "count"),
    "due_next_week_mxn_closing": ("Vence en los siete días siguientes", "money"),
}
FROM_NEW = "new"
CUSTOMER_COLUMNS = (
    ("customer_name", Column("Cliente", width=30)),
    ("account_owner", Column("Responsable", width=16)),
    ("branch", Column("Sucursal", width=13)),
    ("current_mxn", Column("Por vencer", "money", 14, total=True)),
    ("d1_30_mxn", Column("1 a 30", "money", 14, total=True)),
    ("d31_60_mxn", Column("31 a 60", "money", 14, total=True)),
    ("d61_90_mxn", Column("61 a 90", "money", 14, total=True)),
    ("d91_120_mxn", Column("91 a 120", "money", 14, total=True)),
    ("d120_plus_mxn", Column("Más de 120", "money", 14, total=True)),
    ("gross_mxn", Column("Total", "money", 15, total=True)),
    ("share_pct", Column("% del total", "pct", 8)),
    ("overdue_mxn", Column("Vencido", "money", 15, total=True)),
    ("overdue_pct", Column("% vencido", "pct", 8)),
    ("oldest_days", Column("Días del más antiguo", "days", 10)),
    ("disputed_mxn", Column("En disputa", "money", 13, total=True)),
    ("unapplied_mxn", Column("A favor por aplicar", "money", 13, total=True)),
    ("credit_use_pct", Column("Uso de crédito", "pct", 9)),
    ("last_payment", Column("Último pago", "date", 11)),
    ("last_contact_date", Column("Último contacto", "date", 11)),
    ("promise_date", Column("Promesa", "date", 11)),
    ("next_action", Column("Siguiente acción", width=24)),
    ("rfc", Column("RFC", width=15)),
)
ITEM_COLUMNS = (
    ("customer_name", Column("Cliente", width=30)),
    ("customer_rfc", Column("RFC", width=15)),
    ("folio_label", Column("Folio", width=13)),
    ("issue_date", Column("Emisión", "date", 11)),
    ("due_date", Column("Vence", "date", 11)),
    ("days_past_due", Column("Días vencida", "days", 9)),
    ("bucket", Column("Rango", width=16)),
    ("currency", Column("Moneda", width=8)),
    ("total_ccy", Column("Total", "money", 15)),
    ("open_ccy", Column("Saldo", "money", 15)),
    ("open_mxn_closing", Column("Saldo MXN", "money", 16, total=True)),
    ("metodo_pago", Column("Método", width=8)),
    ("instalment", Column("Vencimiento núm.", "count", 11)),
    ("disputed_open_ccy", Column("En disputa", "money", 14)),
    ("contrarrecibo_folio", Column("Contrarrecibo", width=13)),
    ("scheduled_payment_date", Column("Pago programado", "date", 12)),
    ("account_owner", Column("Responsable", width=18)),
    ("branch", Column("Sucursal", width=14)),
    ("salesperson", Column("Vendedor", width=18)),
    ("purchase_order", Column("Orden de compra", width=14)),
    ("uuid", Column("UUID", width=37)),
)


def write_movements(book: Book, review: Review) -> None:
    """The bridge with its check, what moved in the week, and the migration between buckets."""
    sheet = book.sheet(MOVEMENTS)
    sheet.widths((44, 18, 18, 18, 18, 18, 18, 18, 26))
    end = review.week_end
    when = "La publicación no tiene una semana cerrada a esta fecha"
    if end:
        when = f"Semana del {_short(end - dt.timedelta(6))} al {_short(end)} · pesos mexicanos (MXN)"
    sheet.heading("Movimiento de cartera", when)
    row = 3
    if end:
        row = _bridge(sheet, row, review) + 2
        row = _week(sheet, row, review, end) + 2
    _matrix(sheet, row, review)


def _bridge(sheet: Sheet, row: int, review: Review) -> int:
    sheet.header(row, 0, ("Concepto", "MXN", "Cómo se lee"), ("text", "money", "text"))
    first = row + 1
    for number, line in enumerate(BRIDGE_LINES, start=first):
        label, note = BRIDGE[line]
        sheet.put(number, 0, label, bold=line == "start", bottom=1, bottom_color=LINE)
        amount = review.bridge.get(line, Decimal(0))
        sheet.put(number, 1, amount, "money", bold=line == "start", bottom=1, bottom_color=LINE)
        sheet.put(number, 2, note, font_color=QUIET, indent=1)
    last = first + len(BRIDGE_LINES) - 1
    end = review.bridge.get("end")
    look: dict[str, Any] = {"bold": True, "top": 1, "top_color": LINE, "bg_color": PALE}
    sheet.put(last + 1, 0, "Cartera bruta al final", **look)
    sheet.formula(
        last + 1,
        1,
        f"=SUM(B{first + 1}:B{last + 1})",
        (end or Decimal(0)) + review.bridge_residual(),
        "money",
        **look,
    )
    sheet.put(last + 2, 0, "Cartera bruta publicada al final")
    sheet.put(last + 2, 1, end, "money")
    note = "Saldos abiertos al cierre del domingo, al tipo de cambio de ese día"
    sheet.put(last + 2, 2, note, font_color=QUIET, indent=1)
    residual = review.bridge_residual()
    colour = ALERT if residual else "#166534"
    sheet.put(last + 3, 0, "Comprobación (debe ser 0.00)", bold=True, font_color=colour)
    sheet.formula(
        last + 3, 1, f"=ROUND(B{last + 2}-B{last + 3},2)", residual, "money",
        num_format="0.00;[Red]-0.00;0.00", bold=True, font_color=colour,
    )  # fmt: skip
    return last + 3


def _week(sheet: Sheet, row: int, review: Review, end: dt.date) -> int:
    before = end - dt.timedelta(7)
    sheet.put(row, 0, "Qué se movió en la semana", bold=True, font_size=12, font_color=NAVY)
    labels = ("Concepto", f"Al {_short(end)}", f"Al {_short(before)}", "Cambio")
    sheet.header(row + 1, 0, labels, ("text", "money", "money", "money"))
    number = row + 2
    for metric, (label, kind) in WEEK_METRICS.items():
        now, then = review.week.get((end, metric)), review.week.get((before, metric))
        if now is None and then is None:
            continue
        sheet.put(number, 0, label, bottom=1, bottom_color=LINE)
        change = None if now is None or then is None else now - then
        for column, value in enumerate((now, then), start=1):
            sheet.put(number, column, value, kind, bottom=1, bottom_color=LINE)
        places = "+#,##0.00;-#,##0.00;-" if kind == "money" else "+#,##0;-#,##0;-"
        sheet.put(number, 3, change, kind, num_format=places, bottom=1, bottom_color=LINE)
        number += 1
    return number


def _matrix(sheet: Sheet, row: int, review: Review) -> None:
    """Where last week's balances are now; each row adds up to its first column."""
    start = review.d - dt.timedelta(7)
    sheet.put(row, 0, "Migración entre rangos", bold=True, font_size=12, font_color=NAVY)
    sheet.put(
        row + 1, 0, f"De dónde estaba cada saldo el {_short(start)} a dónde está el {_short(review.d)}, al tipo "
        "de cambio de emisión", font_color=QUIET,
    )  # fmt: skip
    names = {bucket["bucket"]: bucket["name_es"] for bucket in review.buckets}
    labels = [
        f"Rango el {_short(start)}",
        "Saldo entonces",
        *names.values(),
        "Cobrado, acreditado o cancelado",
    ]
    sheet.header(row + 2, 0, labels, ["text"] + ["money"] * (len(labels) - 1), height=30)
    first = row + 3
    for number, bucket in enumerate([*names, FROM_NEW], start=first):
        cells = [r for r in review.matrix if r["from_bucket"] == bucket]
        before = sum((r["before_mxn"] or Decimal(0) for r in cells), Decimal(0))
        now = {name: Decimal(0) for name in names}
        for cell in cells:
            if cell["to_bucket"]:
                now[cell["to_bucket"]] += cell["after_mxn"] or Decimal(0)
        left = None if bucket == FROM_NEW else before - sum(now.values(), Decimal(0))
        label = "Facturas nuevas" if bucket == FROM_NEW else names[bucket]
        sheet.put(number, 0, label, bottom=1, bottom_color=LINE)
        for column, value in enumerate([before, *now.values(), left], start=1):
            stayed = bucket != FROM_NEW and column - 2 == list(names).index(bucket)
            sheet.put(number, column, value, "money", bottom=1, bottom_color=LINE, bold=stayed)
    _matrix_totals(sheet, first, len(names), review)


def _matrix_totals(sheet: Sheet, first: int, buckets: int, review: Review) -> None:
    """Sums below the matrix, as formulas: what there was, and where it is."""
    look: dict[str, Any] = {"bold": True, "top": 1, "top_color": LINE, "bg_color": PALE}
    row = first + buckets + 1
    before = sum((r["before_mxn"] or Decimal(0) for r in review.matrix), Decimal(0))
    after = {
        bucket["bucket"]: sum(
            (r["after_mxn"] or Decimal(0) for r in review.matrix if r["to_bucket"] == bucket["bucket"]),
            Decimal(0),
        )
        for bucket in review.buckets
    }
    new = sum(
        (r["after_mxn"] or Decimal(0) for r in review.matrix if r["from_bucket"] == FROM_NEW), Decimal(0)
    )
    left = before + new - sum(after.values(), Decimal(0))
    sheet.put(row, 0, "Total", **look)
    for column, value in enumerate([before, *after.values(), left], start=1):
        cells = xl_range(first, column, row - 1, column)
        sheet.formula(row, column, f"=SUM({cells})", value, "money", **look)


def write_customers(book: Book, review: Review) -> None:
    """One row a customer, by overdue amount."""
    sheet = book.sheet(CUSTOMERS, fixed_rows=FIRST_ROW, fixed_columns=1, is_wide=True)
    sheet.heading("Antigüedad por cliente", f"Saldos al {_short(review.d)} por fecha de vencimiento · MXN")
    rows = [[row[name] for name, _ in CUSTOMER_COLUMNS] for row in review.customers]
    sheet.table("AntiguedadPorCliente", [column for _, column in CUSTOMER_COLUMNS], rows)


def write_items(book: Book, review: Review) -> None:
    """One row an open invoice (or instalment), the oldest first."""
    sheet = book.sheet(ITEMS, fixed_rows=FIRST_ROW, fixed_columns=3, is_wide=True)
    sheet.heading(
        "Detalle de facturas abiertas", f"Saldos al {_short(review.d)} · un renglón por vencimiento"
    )
    names = {bucket["bucket"]: bucket["name_es"] for bucket in review.buckets}
    rows: list[list[Value]] = []
    for item in review.items:
        shown = item | {"bucket": names.get(item["bucket_due"], item["bucket_due"])}
        shown["folio_label"] = item["folio_label"] or item["invoice_id"]
        shown["disputed_open_ccy"] = item["disputed_open_ccy"] or None
        rows.append([shown[name] for name, _ in ITEM_COLUMNS])
    sheet.table("Detalle", [column for _, column in ITEM_COLUMNS], rows)


def write_definitions(book: Book, review: Review) -> None:
    """How the sheets tie to each other, what was counted, and every indicator's formula."""
    sheet = book.sheet(DEFINITIONS)
    sheet.widths((34, 22, 110))
    sheet.heading("Definiciones y comprobaciones", f"Corrida {review.snapshot['run_id']}")
    sheet.header(3, 0, ("Comprobación", "Diferencia", "Qué compara"), ("text", "money", "text"))
    row = _tie_outs(sheet, 4, review) + 1
    sheet.header(row, 0, ("Contado", "Renglones", "Qué es"), ("text", "count", "text"))
    names = {
        "invoices": ("Facturas", "En la publicación, pagadas y canceladas incluidas"),
        "payments": ("Pagos", "En la publicación"),
        "credit_notes": ("Notas de crédito", "En la publicación"),
        "movements": ("Movimientos", "Emisiones, cobros, notas, cancelaciones y castigos"),
        "customers": ("Clientes", "En la publicación"),
        "files": ("Archivos", "Recibidos hasta esta corrida"),
    }
    for name, (label, note) in names.items():
        row += 1
        sheet.put(row, 0, label)
        sheet.put(row, 1, review.counts[name], "count")
        sheet.put(row, 2, note, font_color=QUIET, indent=1)
    row += 2
    sheet.header(row, 0, ("Indicador", "Tema", "Fórmula"))
    for definition in review.definitions:
        row += 1
        sheet.put(row, 0, definition["name_es"], text_wrap=True, valign="top")
        sheet.put(row, 1, definition["section"], font_color=QUIET, valign="top", indent=1)
        sheet.put(row, 2, definition["formula_es"], text_wrap=True, valign="top", indent=1)


def _tie_outs(sheet: Sheet, row: int, review: Review) -> int:
    """Differences between sheets, as formulas over the whole columns: 0.00 each."""
    gross = sum((r["gross_mxn"] for r in review.customers), Decimal(0))
    items = sum((r["open_mxn_closing"] or Decimal(0) for r in review.items), Decimal(0))
    shown = review.totals["gross_mxn"] or Decimal(0)
    by_customer = sheet.column_of(CUSTOMERS, CUSTOMER_COLUMNS, "gross_mxn", len(review.customers))
    by_item = sheet.column_of(ITEMS, ITEM_COLUMNS, "open_mxn_closing", len(review.items))
    cover = f"{weekly_cover.NAME}!B{weekly_cover.FIGURES_ROW + 2}"
    for label, formula, value, note in (
        ("Detalle contra Antigüedad", f"=ROUND(SUM({by_item})-SUM({by_customer}),2)", items - gross,
         "Suma de Saldo MXN del Detalle menos Total de Antigüedad por cliente"),
        ("Portada contra Antigüedad", f"=ROUND({cover}-SUM({by_customer}),2)", shown - gross,
         "Cartera bruta de la Portada menos Total de Antigüedad por cliente"),
    ):  # fmt: skip
        sheet.put(row, 0, label)
        colour = ALERT if value else "#166534"
        sheet.formula(
            row, 1, formula, value, "money", bold=True, font_color=colour, num_format="0.00;[Red]-0.00;0.00"
        )
        sheet.put(row, 2, note, font_color=QUIET, indent=1)
        row += 1
    return row


def _short(day: dt.date) -> str:
    return formats.date_short(day)
