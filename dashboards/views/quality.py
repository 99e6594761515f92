"""Calidad: can today's figures be trusted. Last run, gates, files, what was set aside, exceptions with their mend."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from cartera import formats, lastrun
from cartera.calendar import MEXICO_CITY
from dashboards.queries import meta, quality
from dashboards.queries.access import Row
from dashboards.ui import blocks, choices, session, theme, words
from dashboards.ui.blocks import Context
from dashboards.ui.files import Column
from dashboards.views import quality_cfdi

TITLE = "Calidad"
PATH = "calidad"
QUESTION = "¿Puedo creer las cifras de hoy?"
FILTERS: tuple[str, ...] = ()
WORKS_EMPTY = True
SIZE = 100

SECTIONS = {
    "avisos": "Avisos", "controles": "Controles", "archivos": "Archivos", "apartados": "Apartados",
    "espera": "En espera", "cfdi": "Verificación de CFDI", "excepciones": "Excepciones", "corridas": "Corridas",
}  # fmt: skip
CHECKS = [
    Column("status_word", "Resultado", width=90), Column("gate_word", "Control", width=150),
    Column("check_name", "Prueba", width=280), Column("subject", "Sobre", width=180),
    Column("message", "Qué dijo", width=380), Column("observed", "Observado", width=120),
]  # fmt: skip
FILES = [
    Column("path", "Archivo", width=280), Column("member", "Dentro del ZIP", width=170),
    Column("kind", "Tipo", width=110),
    Column("status_word", "Estado", width=90), Column("rows_read", "Leídos", "int", 75),
    Column("rows_loaded", "Cargados", "int", 80), Column("rows_quarantined", "Apartados", "int", 85),
    Column("rows_duplicate", "Repetidos", "int", 85), Column("reason", "Motivo", width=300),
    Column("flags", "Observaciones", width=200), Column("first_seen_at", "Llegó", "moment", 130),
]  # fmt: skip
ASIDE = [
    Column("path", "Archivo", width=220), Column("member", "Dentro del ZIP", width=140),
    Column("location", "Dónde", width=110), Column("reason", "Qué pasó y qué hacer", width=520),
    Column("raw_text", "Como venía", width=320), Column("first_seen_at", "Llegó", "moment", 130),
]  # fmt: skip
WAITING = [
    Column("document_id", "Documento", width=140), Column("waiting_days", "Días", "int", 50),
    Column("amount_mxn", "Importe en pesos", "money", 125),
    Column("detail", "Qué le falta y qué pasa mientras", width=460), Column("customer_name", "Cliente", width=150),
    Column("kind_name", "Tipo", width=100), Column("since", "Desde", "date", 90),
]  # fmt: skip
CASES = [
    Column("entity_id", "Caso", width=190), Column("customer_name", "Cliente", width=210),
    Column("amount_mxn", "Importe", "money", 130), Column("detail", "Detalle", width=380),
    Column("since", "Desde", "date", 95), Column("owner", "Responsable", width=120),
]  # fmt: skip
RUNS = [
    Column("started_local", "Empezó", "moment", 135), Column("status_word", "Resultado", width=120),
    Column("as_of", "Corte", "date", 95), Column("files_new", "Archivos nuevos", "int", 110),
    Column("rows_loaded", "Renglones", "int", 90), Column("rows_quarantined", "Apartados", "int", 90),
    Column("message", "Mensaje", width=380), Column("accepted_reason", "Aceptada por", width=200),
]  # fmt: skip


def render(context: Context) -> None:
    """Draw the page; only the chosen section asks."""
    _last_run(context)
    section = choices.segments("ver", "Sección", SECTIONS, "avisos")
    {
        "avisos": _notices, "controles": _checks, "archivos": _files, "apartados": _aside,
        "espera": _waiting, "cfdi": quality_cfdi.render, "excepciones": _exceptions, "corridas": _runs,
    }[section](context)  # fmt: skip


def _local(moment: dt.datetime | None) -> dt.datetime | None:
    return (
        None if moment is None else moment.replace(tzinfo=dt.UTC).astimezone(MEXICO_CITY).replace(tzinfo=None)
    )


def _last_run(context: Context) -> None:
    last = lastrun.read(session.paths().last_run_file) or {}
    if last.get("status") in {"refused", "failed"} and last.get("run_id") != context.snapshot.run_id:
        word = "no se publicó" if last["status"] == "refused" else "falló"
        failed = "".join(f"\n- {theme.escape(name)}" for name in last.get("failed_checks", [])[:10])
        st.warning(
            f"**La última corrida {word}; ves las cifras de la anterior.** "
            f"{theme.escape(last.get('message') or '')}{failed}"
        )
    counts = {row["status"]: row for row in session.ask(quality.file_counts)}
    gates = session.ask(quality.gates)
    grid = st.grid(4, min_column_width=140, gap="xsmall", key="cifras_cuatro")
    run = next(iter(session.ask(quality.runs, 1)), None)
    with grid.cell():
        moment = _local(context.snapshot.published_at)
        blocks.figure("corrida", "Última publicación", f"{moment:%d/%m/%Y}", f"a las {moment:%H:%M}",
                      help=f"Corrida {theme.escape(context.snapshot.run_id)}")  # fmt: skip
    with grid.cell():
        total, passed = sum(g["checks"] for g in gates), sum(g["passed"] for g in gates)
        blocks.figure("controles", "Controles que pasaron", f"{formats.number(passed)} de {formats.number(total)}",
                      "Todo en orden" if passed == total else f"{formats.plural(total - passed, 'aviso', 'avisos')}",
                      tone="good" if passed == total else "bad")  # fmt: skip
    with grid.cell():
        files = sum(row["files"] for row in counts.values())
        pending = counts.get("pending", {}).get("files", 0)
        said = f"{formats.number(run['files_new'] if run else 0)} nuevos en la última corrida"
        blocks.figure("archivos", "Archivos recibidos", formats.number(files),
                      f"{formats.plural(pending, 'en espera', 'en espera')}" if pending else said)  # fmt: skip
    with grid.cell():
        aside = sum(row["rows_quarantined"] for row in counts.values())
        read = sum(row["rows_read"] for row in counts.values())
        blocks.figure("apartados", "Renglones apartados", formats.number(aside), f"de {formats.number(read)} leídos",
                      tone="bad" if aside else "good",
                      help="Leídos = cargados + apartados + repetidos: nada se pierde.")  # fmt: skip


def _notices(_: Context) -> None:
    found = session.ask(meta.notices)
    if not found:
        blocks.empty("nothing_to_do", "Ningún aviso: todos los controles pasaron y nada quedó apartado.")
        return
    with blocks.card("avisos", "Avisos", "Lo que conviene saber antes de usar las cifras"):
        for row in found:
            st.markdown(f"- {notice(row)}")


def notice(row: Row) -> str:
    """A notice as a sentence with what to do."""
    count = row["how_many"]
    if row["kind"] == "quarantine":
        rows = formats.plural(count, "renglón o archivo apartado", "renglones o archivos apartados")
        return f"{rows}: no están en las cifras. Míralos en «Apartados»."
    if row["kind"] == "pending":
        return f"{formats.plural(count, 'archivo', 'archivos')} en espera: se leerán en la próxima corrida."
    if row["kind"] == "exception":
        return (
            f"{formats.plural(count, 'excepción crítica', 'excepciones críticas')}. Míralas en «Excepciones»."
        )
    return theme.escape(row["message"])


def _checks(context: Context) -> None:
    gates = session.ask(quality.gates)
    if not gates:
        blocks.empty("no_data", "Esta publicación no trae el registro de sus controles.")
        return
    with blocks.card("compuertas", "Controles de esta publicación", "Cada uno puede impedir que se publique"):
        blocks.pairs("compuertas", [(words.say(words.GATES, g["gate"]), _gate(g)) for g in gates])
    only = (
        choices.segments("cuales", "Cuáles", {"avisos": "Solo avisos", "todos": "Todos"}, "avisos")
        == "avisos"
    )
    total = sum(g["warned"] + g["failed"] for g in gates) if only else sum(g["checks"] for g in gates)
    if not total:
        blocks.empty("nothing_to_do", "Todos los controles pasaron.")
        return
    page = choices.pager(total, SIZE)
    rows = [
        row | {"status_word": words.say(words.CHECK_STATUS, row["status"]),
               "gate_word": words.say(words.GATES, row["gate"])}
        for row in session.ask(quality.checks, only, SIZE, page * SIZE)
    ]  # fmt: skip
    with blocks.card("controles"):
        blocks.table("controles", rows, CHECKS)
        blocks.downloads("controles", "controles", rows, CHECKS, context)


def _gate(row: Row) -> str:
    text = f"{formats.number(row['passed'])} de {formats.number(row['checks'])}"
    extra = [formats.plural(row["warned"], "aviso", "avisos")] if row["warned"] else []
    extra += [f"{formats.number(row['failed'])} no pasaron"] if row["failed"] else []
    return f"{text} · {', '.join(extra)}" if extra else text


def _files(context: Context) -> None:
    counts = {row["status"]: row for row in session.ask(quality.file_counts)}
    if not counts:
        blocks.empty("no_data")
        return
    options = {"": "Todos"} | {
        code: f"{words.say(words.FILE_STATUS, code)} · {formats.number(row['files'])}"
        for code, row in counts.items()
    }
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="archivos_controles"):
        status = choices.segments("estado", "Estado", options, "")
        text = choices.typed("archivos", "Nombre del archivo", 220)
        page = choices.pager(sum(r["files"] for code, r in counts.items() if status in {"", code}), SIZE)
    found = session.ask(quality.files, status, text, SIZE, page * SIZE)
    rows = [
        row | {"status_word": words.say(words.FILE_STATUS, row["status"]),
               "first_seen_at": _local(row["first_seen_at"])}
        for row in found
    ]  # fmt: skip
    if not rows:
        blocks.empty("no_rows")
        return
    with blocks.card("archivos"):
        blocks.table("archivos", rows, FILES)
        blocks.downloads("archivos", "archivos", rows, FILES, context)


def _aside(context: Context) -> None:
    text = choices.typed("apartados", "Archivo o motivo", 260)
    first = session.ask(quality.quarantine, text, 1, 0)
    if not first:
        blocks.empty("no_rows" if text else "nothing_to_do", "" if text else "Nada quedó apartado.")
        return
    page = choices.pager(first[0]["found"], SIZE)
    rows = [
        row | {"first_seen_at": _local(row["first_seen_at"])}
        for row in session.ask(quality.quarantine, text, SIZE, page * SIZE)
    ]
    with blocks.card(
        "apartados",
        "Apartados",
        "No se pierden: se guardan aquí hasta que corrijas el archivo y lo vuelvas a cargar",
    ):
        blocks.table("apartados", rows, ASIDE, row_height=56)
        blocks.downloads("apartados", "apartados", rows, ASIDE, context)


def _waiting(context: Context) -> None:
    kinds = session.ask(quality.waiting_counts)
    if not kinds:
        blocks.empty("nothing_to_do", "Ningún documento espera a otro: todo lo que se nombra ya llegó.")
        return
    options = {"": f"Todo · {formats.number(sum(row['cases'] for row in kinds))}"} | {
        row["kind"]: f"{row['kind_name']} · {formats.number(row['cases'])}" for row in kinds
    }
    kind = choices.menu("espera", "Tipo", options, "", 320)
    chosen = [row for row in kinds if kind in {"", row["kind"]}]
    with blocks.card(
        "espera",
        "En espera",
        "Nombran un documento que no ha llegado. No se pierden: se aplican solos cuando llega",
    ):
        with st.container(horizontal=True, gap="small", key="espera_marcas"):
            amount = sum(row["amount_mxn"] for row in chosen)
            if amount:
                st.badge(theme.escape(formats.money(amount)), color="gray")
            oldest = max(row["oldest_days"] for row in chosen)
            st.badge(f"El más antiguo, {formats.plural(oldest, 'día', 'días')}", color="gray")
        page = choices.pager(sum(row["cases"] for row in chosen), SIZE)
        rows = session.ask(quality.waiting, kind, SIZE, page * SIZE)
        blocks.table("espera", rows, WAITING)
        blocks.downloads("espera", "documentos_en_espera", rows, WAITING, context)


def _exceptions(context: Context) -> None:
    rules = session.ask(quality.exception_counts)
    if not rules:
        blocks.empty("nothing_to_do", "Ninguna excepción al corte.")
        return
    options = {row["rule"]: f"{row['name_es']} · {formats.number(row['cases'])}" for row in rules}
    rule = choices.menu("regla", "Regla", options, rules[0]["rule"], 520)
    chosen = next(row for row in rules if row["rule"] == rule)
    with blocks.card("regla", chosen["name_es"]):
        with st.container(horizontal=True, gap="small", key="regla_marcas"):
            urgent = chosen["severity"] in {"critical", "error"}
            st.badge(words.say(words.SEVERITY, chosen["severity"]), color="orange" if urgent else "blue")
            st.badge(formats.plural(chosen["cases"], "caso", "casos"), color="gray")
            if chosen["pressing"] < chosen["cases"]:
                st.badge(f"{formats.number(chosen['pressing'])} por atender", color="gray")
            if chosen["amount_mxn"]:
                st.badge(theme.escape(formats.money(chosen["amount_mxn"])), color="gray")
        said = {"Por qué importa": "why_es", "Qué hacer": "what_to_do_es", "Fundamento": "legal_basis_es"}
        for label, name in said.items():
            if chosen[name]:
                st.markdown(f"**{label}.** {theme.escape(chosen[name])}")
        page = choices.pager(chosen["cases"], SIZE)
        rows = session.ask(quality.exceptions, rule, SIZE, page * SIZE)
        blocks.table("casos", rows, CASES, opens=_open_case)
        blocks.downloads("casos", f"excepciones_{rule.lower()}", rows, CASES, context)


def _open_case(row: Row) -> None:
    if row["entity_type"] == "invoice":
        blocks.switch("facturas", factura=row["entity_id"])
    elif row["customer_id"]:
        blocks.switch("cliente", id=row["customer_id"])


def _runs(context: Context) -> None:
    rows = [
        row
        | {
            "status_word": words.say(words.RUN_STATUS, row["status"]),
            "started_local": _local(row["started_at"]),
        }
        for row in session.ask(quality.runs)
    ]
    if not rows:
        blocks.empty("no_data")
        return
    with blocks.card("corridas", "Corridas", "Las últimas veinte, hora de la Ciudad de México"):
        blocks.table("corridas", rows, RUNS)
        blocks.downloads("corridas", "corridas", rows, RUNS, context)
