"""The review's first sheet, Portada: what a director reads in a minute, and where the figures come from."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from cartera import calendar, formats
from dashboards.reports.weekly_review import Figure, Review
from dashboards.reports.workbook import ALERT, LINE, NAVY, PALE, QUIET, Book, Sheet

NAME = "Portada"
BUCKETS = {
    "current_mxn": ("Por vencer", "#E3E6EA"),
    "d1_30_mxn": ("1 a 30 días", "#A6BDDB"),
    "d31_60_mxn": ("31 a 60 días", "#3690C0"),
    "d61_90_mxn": ("61 a 90 días", "#045A8D"),
    "d91_120_mxn": ("91 a 120 días", "#023858"),
    "d120_plus_mxn": ("Más de 120 días", "#011F33"),
}
FIGURES_ROW = 8  # the header; gross receivables stand in the row below
WIDTHS = (34, 17, 12, 17, 12, 17, 13, 34)
DEBTORS = 5


def write(book: Book, review: Review) -> None:
    """Title, three sentences, eight figures, the aging mix with its chart, and the origin of the data."""
    sheet = book.sheet(NAME)
    sheet.widths(WIDTHS)
    sheet.heading("Revisión semanal de cuentas por cobrar", review.company)
    sheet.put(2, 0, f"Corte al {_long(review.d)} · pesos mexicanos (MXN)", bold=True)
    for number, sentence in enumerate(sentences(review)):
        sheet.put(4 + number, 0, sentence, font_size=11)
    row = _figures(sheet, FIGURES_ROW, review)
    row = _mix(sheet, row + 1, review)
    row = _debtors(sheet, row, review)
    _origin(sheet, row, review)


def sentences(review: Review) -> list[str]:
    """Three sentences made of the figures: what changed, who owes it, what to look at."""
    gross, overdue, over_90 = (
        next(f for f in review.figures if f.name == name)
        for name in ("Cartera bruta", "Cartera vencida", "Vencido a más de 90 días")
    )
    share = next(f for f in review.figures if f.name == "Morosidad")
    if not gross.now:
        return ["No hay cartera abierta a este corte."]
    said = [
        f"La cartera bruta {_moved(gross)} en siete días y cierra en {formats.mdp(gross.now)}; "
        f"lo vencido {_moved(overdue)} y es {formats.pct(share.now)} del total."
    ]
    top = review.customers[0] if review.customers else None
    if overdue.now and top and top["overdue_mxn"]:
        part = formats.pct(Decimal(100) * top["overdue_mxn"] / overdue.now)
        count = formats.plural(review.totals["overdue_customers"], "cliente tiene", "clientes tienen")
        said.append(
            f"{count} saldo vencido; {top['customer_name']} debe {formats.mdp(top['overdue_mxn'])}, {part} de ello."
        )
    else:
        said.append("Ningún cliente tiene saldo vencido.")
    if over_90.now:
        oldest = max(
            review.customers, key=lambda r: (r["d91_120_mxn"] + r["d120_plus_mxn"], r["customer_id"])
        )
        amount = oldest["d91_120_mxn"] + oldest["d120_plus_mxn"]
        said.append(
            f"Más de 90 días: {formats.mdp(over_90.now)} ({_moved(over_90)}); "
            f"el mayor es {oldest['customer_name']} con {formats.mdp(amount)}."
        )
    else:
        said.append("Nada está vencido a más de 90 días.")
    return said


def _moved(figure: Figure) -> str:
    change = figure.change
    if change is None:
        return "no tiene comparación"
    if not change:
        return "no cambió"
    return f"{'subió' if change > 0 else 'bajó'} {formats.mdp(abs(change))}"


def _figures(sheet: Sheet, row: int, review: Review) -> int:
    labels = ("Indicador", "Actual", "Al", "Anterior", "Al", "Cambio", "Cambio %", "Lectura")
    kinds = ("text", "money", "text", "money", "text", "money", "pct", "text")
    sheet.header(row, 0, labels, kinds)
    for number, figure in enumerate(review.figures, start=row + 1):
        _figure(sheet, number, figure)
    return row + len(review.figures) + 1


def _figure(sheet: Sheet, row: int, figure: Figure) -> None:
    line: dict[str, Any] = {"bottom": 1, "bottom_color": LINE}
    unit = figure.unit
    shown: dict[str, Any] = {"num_format": "#,##0.0"} if figure.unit == "days" else {}
    sheet.page.set_row(row, 18)
    sheet.put(row, 0, figure.name, **line)
    sheet.put(row, 1, figure.now, unit, bold=True, font_color=NAVY, **shown, **line)
    quiet: dict[str, Any] = {"font_color": QUIET, "align": "left", "indent": 1} | line
    sheet.put(row, 2, figure.now_date if figure.now is not None else None, "date", **quiet)
    sheet.put(row, 3, figure.before, unit, **shown, **line)
    before = figure.before_date if figure.before is not None else None
    sheet.put(row, 4, before, "date", **quiet)
    sheet.put(row, 5, figure.change, unit, **_change_format(figure.unit), **line)
    relative = None
    if figure.change is not None and figure.before and figure.unit != "pct":
        relative = Decimal(100) * figure.change / figure.before
    sheet.put(row, 6, relative, "pct", num_format='+0.0" %";-0.0" %";-', **line)
    verdict, colour = _verdict(figure)
    sheet.put(row, 7, verdict, font_color=colour, bold=colour == ALERT, indent=1, **line)


def _change_format(unit: str) -> dict[str, str]:
    if unit == "pct":
        return {"num_format": '+0.0" pts";-0.0" pts";-'}
    return {"num_format": "+#,##0.0;-#,##0.0;-" if unit == "days" else "+#,##0.00;-#,##0.00;-"}


def _verdict(figure: Figure) -> tuple[str, str]:
    if figure.now is None:
        return "sin dato", QUIET
    if figure.change is None:
        return "sin anterior", QUIET
    if not figure.change or figure.good == "none":
        return ("igual" if not figure.change else "informativo"), QUIET
    is_better = (figure.change > 0) == (figure.good == "up")
    return ("mejora", "#166534") if is_better else ("empeora", ALERT)


def _mix(sheet: Sheet, row: int, review: Review) -> int:
    """The aging mix as a small table, with bars beside it."""
    sheet.put(row, 0, "Antigüedad de la cartera", bold=True, font_size=12, font_color=NAVY)
    sheet.header(row + 1, 0, ("Rango por vencimiento", "MXN", "% del total"), ("text", "money", "pct"))
    first = row + 2
    amounts = {
        column: sum((customer[column] for customer in review.customers), Decimal(0)) for column in BUCKETS
    }
    total = sum(amounts.values(), Decimal(0))
    for number, (column, (label, _)) in enumerate(BUCKETS.items(), start=first):
        share = Decimal(100) * amounts[column] / total if total else None
        sheet.put(number, 0, label)
        sheet.put(number, 1, amounts[column], "money")
        sheet.put(number, 2, share, "pct")
    last = first + len(BUCKETS) - 1
    look: dict[str, Any] = {"bold": True, "top": 1, "top_color": LINE, "bg_color": PALE}
    sheet.put(last + 1, 0, "Cartera bruta", **look)
    sheet.formula(last + 1, 1, f"=SUM(B{first + 1}:B{last + 1})", total, "money", **look)
    sheet.formula(
        last + 1, 2, f"=SUM(C{first + 1}:C{last + 1})", Decimal(100) if total else None, "pct", **look
    )
    sheet.bars(NAME, row + 1, 3, first, last, [colour for _, colour in BUCKETS.values()])
    return last + 3


def _debtors(sheet: Sheet, row: int, review: Review) -> int:
    """The largest overdue balances: who, how much, how old, whose, and what comes next."""
    found = [customer for customer in review.customers if customer["overdue_mxn"]][:DEBTORS]
    if not found:
        return row
    sheet.put(row, 0, "Mayores saldos vencidos", bold=True, font_size=12, font_color=NAVY)
    labels = ("Cliente", "Vencido", "% vencido", "En disputa", "Días", "Responsable", "Sucursal", "Siguiente")
    kinds = ("text", "money", "pct", "money", "days", "text", "text", "text")
    sheet.header(row + 1, 0, labels, kinds)
    names = (
        "customer_name", "overdue_mxn", "overdue_pct", "disputed_mxn", "oldest_days", "account_owner", "branch",
        "next_action",
    )  # fmt: skip
    for number, customer in enumerate(found, start=row + 2):
        for column, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            indent = int(column > 0 and kind == "text")
            sheet.put(number, column, customer[name], kind, bottom=1, bottom_color=LINE, indent=indent)
    return row + len(found) + 3


def _origin(sheet: Sheet, row: int, review: Review) -> None:
    snapshot, quality = review.snapshot, review.quality
    published = snapshot["published_at"].replace(tzinfo=dt.UTC).astimezone(calendar.MEXICO_CITY)
    rates = "; ".join(
        f"1 {r['currency']} = {r['mxn_per_unit']:.4f} ({_long(r['date'])})" for r in review.rates
    )
    week = "sin semana cerrada en la publicación"
    if review.week_end:
        week = f"{_long(review.week_end - dt.timedelta(6))} a {_long(review.week_end)}"
    lines = {
        "Fecha de la revisión": f"{_long(review.d)}: {review.source}",
        "Semana del movimiento de cartera": week,
        "Comparación": f"contra {_long(review.d - dt.timedelta(7))}, siete días antes",
        "Base": "efectiva: un cobro cuenta desde su fecha de pago",
        "Tipo de cambio": rates or "toda la cartera está en pesos",
        "Sin valuar en pesos": formats.plural(review.totals["unvalued"], "partida", "partidas"),
        "Publicación": f"{published:%d/%m/%Y %H:%M} (hora del centro), corrida {snapshot['run_id']}",
        "Calidad": f"{formats.plural(quality['notices'], 'aviso', 'avisos')} de revisión, "
        f"{formats.plural(quality['held_rows'], 'fila apartada', 'filas apartadas')}, "
        f"{formats.plural(quality['exceptions'], 'excepción', 'excepciones')}",
    }
    sheet.put(row, 0, "De dónde salen las cifras", bold=True, font_size=12, font_color=NAVY)
    for number, (label, text) in enumerate(lines.items(), start=row + 1):
        sheet.put(number, 0, label, font_color=QUIET)
        sheet.put(number, 1, text)


def _long(day: dt.date) -> str:
    return formats.date_long(day).replace(formats.NBSP, " ")
