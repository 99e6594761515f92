"""Resumen: are we collecting better, and what needs the director. Five figures, one sentence, three charts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import streamlit as st

from cartera import formats
from dashboards.queries import summary, worklist
from dashboards.queries.access import Row
from dashboards.ui import blocks, charts, session
from dashboards.ui.blocks import Context, Tone
from dashboards.ui.theme import escape

TITLE = "Resumen"
PATH = "resumen"
QUESTION = "¿Cobramos mejor? ¿Qué me necesita?"
FILTERS = ("corte", "empresa", "sucursal", "responsable", "segmento", "moneda")
WORKS_EMPTY = False

ONE_FILTER = "Con varios filtros a la vez esta cifra no se puede componer: deja uno solo."


def render(context: Context) -> None:
    """Draw the page."""
    points = session.ask(summary.points, context.filters, context.cut)
    now = points[-1]
    if not any(point["gross_mxn"] for point in points):
        blocks.empty("no_rows" if context.filters.active() else "no_data")
        return
    weeks = [p for p in points if p["is_sunday"] or p is now][-13:]
    before = weeks[-2] if len(weeks) > 1 else now
    debtors = session.ask(summary.debtors, context.filters, context.cut, before["as_of"])
    flows = session.ask(summary.flows, context.filters, context.cut)
    speed = session.ask(summary.speed, context.filters, context.cut)
    disputed = session.ask(summary.disputes, context.filters, context.cut)
    if not context.is_report_date:
        st.caption(
            f"Estas cifras se publican por semana y por mes: se muestran al {formats.date_long(context.cut)}. "
            "Para el día exacto usa Antigüedad de saldos."
        )
    _sentence(context, now, before, debtors, flows)
    _figures(context, weeks, flows, speed, disputed)
    months = [p for p in points if p["is_month_end"] or p is now]
    with blocks.pair("saldos", [1.72, 1]) as (left, right):
        with left:
            _aging(months)
        with right:
            _top(debtors)
    with blocks.pair("flujos", [1, 1]) as (left, right):
        with left:
            _flows(flows)
            _weekly(context)
        with right:
            _needs(context)


def _sentence(context: Context, now: Row, before: Row, debtors: list[Row], flows: list[Row] | None) -> None:
    """One sentence of what changed since last Sunday, and why."""
    parts = [_moved("La cartera", now["gross_mxn"] - before["gross_mxn"])]
    change = now["overdue_mxn"] - before["overdue_mxn"]
    riser = next((d for d in debtors if d["rise"] == 1 and d["change_mxn"] > 0), None)
    because = ""
    if change > 0 and riser is not None:
        share = riser["change_mxn"] / change
        how = (
            "casi toda de" if share >= Decimal("0.8") else "sobre todo de" if share >= Decimal("0.5") else ""
        )
        because = f", {how} **{escape(riser['customer_name'])}**" if how else ""
        if how and (found := session.ask(summary.customer_dispute, riser["customer_id"], context.cut)):
            age = formats.days(found["age_days"])
            because += f" (disputa por {escape(found['reason']).lower()}, {age} abierta)"
    parts.append(_moved("la vencida", change) + because)
    text = f"{parts[0]} y {parts[1]} desde el {_day(before['as_of'])}."
    if flows and flows[-1]["billed_mxn"] and flows[-1]["collected_mxn"] is not None:
        last = flows[-1]
        share = 100 * last["collected_mxn"] / last["billed_mxn"]
        text += (
            f" En {_month_name(last['month'])} se han cobrado **{escape(formats.mdp(last['collected_mxn']))}**, "
            f"el **{formats.pct(share, 0)}** de lo facturado."
        )
    with st.container(key="frase"):
        st.markdown(text)


def _moved(what: str, change: Decimal) -> str:
    if abs(change) < 1000:
        return f"{what} no cambió"
    verb = "subió" if change > 0 else "bajó"
    return f"{what} {verb} **{escape(formats.mdp(abs(change)))}**"


def _day(day: dt.date) -> str:
    return f"{formats.WEEKDAYS[day.weekday()]} {day.day} {formats.MONTHS[day.month - 1]}"


MONTH_NAMES = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
    "noviembre", "diciembre",
)  # fmt: skip


def _month_name(day: dt.date) -> str:
    return MONTH_NAMES[day.month - 1]


def _tone(change: Decimal | None, down_is_good: bool = True) -> Tone:
    if not change:
        return "neutral"
    return "good" if (change < 0) == down_is_good else "bad"


def _figures(
    context: Context, weeks: list[Row], flows: list[Row] | None, speed: list[Row] | None, disputed: Row
) -> None:
    now, before = weeks[-1], weeks[-2] if len(weeks) > 1 else weeks[-1]
    grid = st.grid(5, min_column_width=150, gap="xsmall", key="cifras")
    with grid.cell():
        change = now["gross_mxn"] - before["gross_mxn"]
        blocks.figure(
            "total", "Cartera total", formats.mdp(now["gross_mxn"]),
            f"{formats.signed(formats.mdp(change))} en la semana", spark=[p["gross_mxn"] for p in weeks],
            help=context.meaning("gross_ar", formats.money(now["gross_mxn"]), _unapplied(now), _unvalued(now)),
            link=("antiguedad", "Ver por cliente", {}),
        )  # fmt: skip
    with grid.cell():
        _overdue(context, weeks, now, before)
    with grid.cell():
        _days(context, speed)
    with grid.cell():
        _collected(context, flows)
    with grid.cell():
        count, oldest = disputed["open_count"], disputed["oldest_days"]
        words = "Sin disputas abiertas"
        if count:
            words = f"{formats.plural(count, 'caso', 'casos')}, el mayor de {formats.days(oldest)}"
        blocks.figure(
            "disputa", "En disputa", formats.mdp(now["disputed_mxn"]), words, tone="bad" if count else "neutral",
            spark=[p["disputed_mxn"] for p in weeks],
            help=context.meaning("disputed_ar", formats.money(now["disputed_mxn"])),
            link=("facturas", "Ver facturas en disputa", {"estado": "disputa"}),
        )  # fmt: skip


def _unapplied(now: Row) -> str:
    return (
        f"Saldos a favor por aplicar, aparte: {formats.money(now['unapplied_mxn'])}"
        if now["unapplied_mxn"]
        else ""
    )


def _unvalued(now: Row) -> str:
    count = now["unvalued_items"]
    return f"{formats.plural(count, 'saldo', 'saldos')} sin tipo de cambio, fuera de la suma" if count else ""


def _overdue(context: Context, weeks: list[Row], now: Row, before: Row) -> None:
    points = None
    if now["overdue_pct"] is not None and before["overdue_pct"] is not None:
        points = now["overdue_pct"] - before["overdue_pct"]
    words = f"{formats.pct(now['overdue_pct'], 0)} de la cartera"
    if points is not None:
        words += (
            f", {formats.signed(formats.number(points, 1))} puntos" if round(points, 1) else ", sin cambio"
        )
    blocks.figure(
        "vencida", "Vencida", formats.mdp(now["overdue_mxn"]), words,
        tone=_tone(round(points, 1) if points is not None else None), spark=[p["overdue_mxn"] for p in weeks],
        help=context.meaning("overdue_ar", formats.money(now["overdue_mxn"]), f"Contra el {_day(before['as_of'])}"),
        link=("facturas", "Ver facturas vencidas", {"estado": "vencidas"}),
    )  # fmt: skip


def _days(context: Context, speed: list[Row] | None) -> None:
    if not speed:
        hint = ONE_FILTER if speed is None else "Todavía no hay ventas a crédito suficientes."
        blocks.figure("dias", "Días cartera", formats.UNKNOWN, help=context.meaning("dso_countback", hint))
        return
    last = speed[-1]
    before = speed[-2] if len(speed) > 1 else None
    change = None
    if before and last["dso_countback"] is not None and before["dso_countback"] is not None:
        change = round(last["dso_countback"] - before["dso_countback"])
    words = (
        f"{formats.signed(formats.number(change))} contra {_month_name(before['month'])}" if before else ""
    )
    if last["bpdso_3m"] is not None:
        words += f", mejor posible {formats.number(last['bpdso_3m'])}"
    known = [row["dso_countback"] for row in speed if row["dso_countback"] is not None]
    notes = [
        f"Con ventas de tres meses: {formats.days(last['dso_rolling_3m'], 1)}",
        f"Exacto: {formats.days(last['dso_countback'], 1)}",
        "" if last["countback_complete"] else "La historia no alcanza a cubrir todo el saldo.",
        f"La línea va por mes, últimos {len(known)}.",
    ]
    blocks.figure(
        "dias", "Días cartera", formats.days(last["dso_countback"]), words.strip(", "),
        tone=_tone(Decimal(change) if change is not None else None), spark=known,
        help=context.meaning("dso_countback", *notes), link=("glosario", "Cómo se calcula", {}),
    )  # fmt: skip


def _collected(context: Context, flows: list[Row] | None) -> None:
    if not flows:
        hint = ONE_FILTER if flows is None else "Todavía no hay cobros."
        blocks.figure("cobrado", "Cobrado del mes", formats.UNKNOWN, help=context.meaning("collected", hint))
        return
    last, before = flows[-1], flows[-2] if len(flows) > 1 else None
    known = [row["collected_mxn"] for row in flows if row["collected_mxn"] is not None]
    words = f"{formats.mdp(before['collected_mxn'])} en {_month_name(before['month'])}" if before else ""
    blocks.figure(
        "cobrado", f"Cobrado en {_month_name(last['month'])}", formats.mdp(last["collected_mxn"]), words,
        spark=known,
        help=context.meaning(
            "collected", formats.money(last["collected_mxn"]),
            f"Facturado neto del mes: {formats.money(last['billed_mxn'])}",
            f"La línea va por mes, últimos {len(known)}.",
        ),
        link=("facturas", "Ver facturas pagadas", {"estado": "pagadas", "orden": "reciente"}),
    )  # fmt: skip


def _aging(months: list[Row]) -> None:
    with blocks.card("antiguedad", "Antigüedad de saldos, 12 meses",
                     "Millones de pesos al cierre de cada mes · % sobre la columna: morosidad"):  # fmt: skip
        blocks.chart("antiguedad", charts.aging_by_month(months), charts.aging_by_month(months[-6:], 280))


def _top(debtors: list[Row]) -> None:
    top = [d for d in debtors if d["place"] <= 10 and d["overdue_mxn"] > 0]
    with blocks.card("deudores", "Quién debe más, vencido", "Saldo vencido y días del más antiguo"):
        if not top:
            st.caption("Nadie debe nada vencido. Buena noticia.")
            return
        for kind, drawing in {
            "ancho": charts.top_overdue(top), "movil": charts.top_overdue(top, names=17, room=2.5),
        }.items():  # fmt: skip
            with st.container(key=f"{kind}_deudores"):
                picked = st.plotly_chart(
                    drawing, theme=None, config=charts.CONFIG, key=f"g_deudores_{kind}", on_select="rerun",
                    selection_mode="points",
                )  # fmt: skip
            if found := picked["selection"]["points"] if picked else []:
                blocks.switch("cliente", id=top[int(found[0]["point_index"])]["customer_id"])


def _flows(flows: list[Row] | None) -> None:
    with blocks.card("flujos", "Facturado contra cobrado", "Millones de pesos por mes, IVA incluido"):
        if not flows:
            st.caption(ONE_FILTER if flows is None else "Todavía no hay movimientos.")
            return
        blocks.chart(
            "flujos", charts.billed_and_collected(flows[-12:]), charts.billed_and_collected(flows[-6:], 240)
        )


def _needs(context: Context) -> None:
    """The first customers of the collectors' list: why now, and what next."""
    rows = session.ask(worklist.page, context.filters, view="hoy", order="prioridad", limit=4, offset=0)
    with blocks.card("pendientes", "Qué necesita atención hoy", "Lo primero en la lista de cobranza"):
        if not rows:
            st.caption("Nada urgente hoy. Buena noticia.")
            return
        for position, row in enumerate(rows):
            with st.container(key=f"pendiente_{position}", gap="xxsmall"):
                with st.container(
                    horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
                ):
                    blocks.link_to("cliente", row["customer_name"], id=row["customer_id"])
                    st.badge(escape(row["next_action"] or "Revisar"), color="blue")
                st.caption(f"{escape(formats.mdp(row['overdue_mxn']))} vencido · {escape(row['reasons'])}")
        blocks.link_to("cobranza", "Ver toda la lista")


def _weekly(context: Context) -> None:
    """The weekly review's workbook, built on click by the reports."""
    file = str(context.snapshot.path)
    cut = context.cut

    def build() -> bytes:
        from dashboards.reports import weekly

        return weekly.build_workbook(session.connection_to(file).cursor(), cut)[1]

    with (
        blocks.card("semanal", "Revisión semanal"),
        st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"),
    ):
        st.caption(
            f"Libro de Excel al {formats.date_long(cut)}, listo para la junta del lunes.", width="content"
        )
        st.download_button(
            "Bajar la revisión semanal", build, f"revision_semanal_{cut.isoformat()}.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", key="semanal", type="primary",
            on_click="ignore",
        )  # fmt: skip
