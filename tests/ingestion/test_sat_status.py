"""The SAT's status service against a loopback server that speaks its protocol, well and badly."""

from __future__ import annotations

import datetime as dt
import html
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest

from cartera.home import FOLDERS, HomePaths
from ingestion.contracts import RAW_TABLES
from ingestion.sat import answers
from ingestion.sat.status import ACTION, Answer, Estado, Question, StatusClient
from tests.documents import uuid


def result(code: str, estado: str, cancelable: str = "Cancelable con aceptación") -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<ConsultaResponse xmlns="http://tempuri.org/"><ConsultaResult '
        'xmlns:a="http://schemas.datacontract.org/2004/07/Sat.Cfdi.Negocio.ConsultaCfdi.Servicio" '
        'xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
        f"<a:CodigoEstatus>{code}</a:CodigoEstatus><a:EsCancelable>{cancelable}</a:EsCancelable>"
        f'<a:Estado>{estado}</a:Estado><a:EstatusCancelacion i:nil="true"/><a:ValidacionEFOS>200</a:ValidacionEFOS>'
        "</ConsultaResult></ConsultaResponse></s:Body></s:Envelope>"
    ).encode()


FOUND = result("S - Comprobante obtenido satisfactoriamente.", "Vigente")
GONE = result("S - Comprobante obtenido satisfactoriamente.", "Cancelado")
MISSING = result("N - 602: Comprobante no encontrado.", "No Encontrado", "")


@dataclass
class Sat:
    """What the server does, and what it was asked."""

    url: str = ""
    replies: list[tuple[int, bytes]] = field(default_factory=list)  # the last one repeats
    known: str = ""  # answers by expression: found for this UUID alone
    delay: float = 0
    drip: float = 0
    asked: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)


@pytest.fixture
def sat() -> Iterator[Sat]:
    state = Sat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found = re.search(r"<tem:expresionImpresa>(.*)</tem:expresionImpresa>", body)
            assert found
            state.asked.append(html.unescape(found[1]))
            state.actions.append(self.headers["SOAPAction"])
            time.sleep(state.delay)
            if state.known:
                status, reply = 200, FOUND if state.known.upper() in state.asked[-1] else MISSING
            else:
                status, reply = state.replies.pop(0) if len(state.replies) > 1 else state.replies[0]
            try:
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", state.url)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                step = 40 if state.drip else max(len(reply), 1)
                for i in range(0, len(reply), step):
                    self.wfile.write(reply[i : i + step])
                    self.wfile.flush()
                    time.sleep(state.drip)
            except OSError:
                pass  # the client left

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/ConsultaCFDIService.svc"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()


def question(number: int = 1, **changes: str) -> Question:
    values = {"uuid": uuid(number), "version": "4.0", "emisor_rfc": "EKU9003173C9", "receptor_rfc": "XIA190128J61",
              "sello_last8": "ab+/cd=="} | changes  # fmt: skip
    total = Decimal(values.pop("total", "1160.000000"))
    return Question(total=total, **values)


def ask(
    sat: Sat, q: Question | None = None, timeout: float = 2, most: int = 10
) -> tuple[Answer, StatusClient]:
    client = StatusClient(sat.url, timeout, sleep=lambda _: None)
    return client.ask(q or question(), most), client


@pytest.mark.parametrize(
    ("changes", "expression"),
    [
        ({}, "&re=EKU9003173C9&rr=XIA190128J61&tt=1160.0&fe=ab+/cd=="),
        ({"total": "1160.10"}, "&tt=1160.1&"),
        ({"total": "0.123456"}, "&tt=0.123456&"),
        ({"total": "1000000"}, "&tt=1000000.0&"),
        ({"total": "0"}, "&tt=0.0&"),
        ({"receptor_rfc": "Ñ&O010101AB1"}, "&rr=Ñ&amp;O010101AB1&"),
    ],
)
def test_the_expression(changes: dict[str, str], expression: str) -> None:
    written = question(**changes).expression
    assert expression in written
    assert written.startswith(f"?id={uuid(1).upper()}&re=")


def test_the_expression_of_3_2_has_no_seal_and_a_padded_total() -> None:
    assert question(version="3.2").expression == (
        f"?re=EKU9003173C9&rr=XIA190128J61&tt=0000001160.000000&id={uuid(1).upper()}"
    )


@pytest.mark.parametrize(
    ("reply", "estado"),
    [
        (FOUND, Estado.VIGENTE),
        (GONE, Estado.CANCELADO),
        (MISSING, Estado.NO_ENCONTRADO),
        (
            result("N - 601: La expresión impresa proporcionada no es válida.", "No Encontrado"),
            Estado.DESCONOCIDO,
        ),
        (result("S - Comprobante obtenido satisfactoriamente.", "En pausa"), Estado.DESCONOCIDO),
        (result("N - 602: Comprobante no encontrado.", "Cancelado"), Estado.DESCONOCIDO),
    ],
)
def test_answers(sat: Sat, reply: bytes, estado: Estado) -> None:
    sat.replies = [(200, reply)]
    answer, client = ask(sat, question(receptor_rfc="A&B010101AB1"))
    assert (answer.estado, answer.problem, client.requests) == (estado, "", 1)
    assert answer.raw == reply.decode()
    assert sat.actions == [f'"{ACTION}"']
    assert "&rr=A&amp;B010101AB1&" in sat.asked[0], "the entity stays in the expression, as the SAT wants it"
    if estado is Estado.VIGENTE:
        assert (answer.es_cancelable, answer.estatus_cancelacion, answer.validacion_efos) == (
            "Cancelable con aceptación", "", "200",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "reply", "requests", "words"),
    [
        (500, b"<error/>", 3, "error HTTP 500"),
        (503, GONE, 3, "error HTTP 503"),
        (404, b"", 1, "error HTTP 404"),
        (302, b"", 1, "error HTTP 302"),
        (200, b"", 3, "no se entiende"),
        (200, b"<html>Cancelado</html>", 3, "no se entiende"),
        (200, GONE[:-20], 3, "no se entiende"),
        (200, b"<!DOCTYPE x>" + GONE, 3, "no se entiende"),
        (200, GONE.replace(b"CodigoEstatus", b"Codigo"), 3, "no se entiende"),
        (200, GONE.replace(b"tempuri", b"otro"), 3, "no se entiende"),
        (200, b" " * 100_000, 3, "demasiado grande"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_not_asked_never_cancelled(
    sat: Sat, status: int, reply: bytes, requests: int, words: str
) -> None:
    sat.replies = [(status, reply)]
    answer, client = ask(sat)
    assert (answer.estado, client.requests) == (Estado.NO_CONSULTADO, requests)
    assert words in answer.problem


def test_a_fault_that_passes_is_asked_again(sat: Sat) -> None:
    sat.replies = [(500, b""), (200, b"basura"), (200, FOUND)]
    waits: list[float] = []
    client = StatusClient(sat.url, 2, sleep=waits.append)
    assert client.ask(question(), 10).estado is Estado.VIGENTE
    assert waits == [0.2, 1.0, 2.0]


@pytest.mark.parametrize("change", [{"delay": 1.0}, {"drip": 0.2}])
def test_slow_is_not_asked(sat: Sat, change: dict[str, float]) -> None:
    sat.replies = [(200, GONE)]
    for name, value in change.items():
        setattr(sat, name, value)
    answer, _ = ask(sat, timeout=0.3, most=1)
    assert (answer.estado, answer.problem) == (Estado.NO_CONSULTADO, "el SAT tardó demasiado en responder")


def test_nobody_there() -> None:
    client = StatusClient("http://127.0.0.1:9/", 1, sleep=lambda _: None)
    answer = client.ask(question(), 2)
    assert (answer.estado, answer.problem, client.requests) == (
        Estado.NO_CONSULTADO, "no se pudo conectar con el SAT", 2,
    )  # fmt: skip


def test_another_uuid_is_not_found(sat: Sat) -> None:
    sat.known = uuid(7)
    assert [ask(sat, question(n))[0].estado for n in (7, 8)] == [Estado.VIGENTE, Estado.NO_ENCONTRADO]


NOW = dt.datetime(2026, 7, 1, 12)  # noqa: DTZ001 -- the ledger keeps UTC without a zone


@pytest.fixture
def paths(tmp_path: Path) -> HomePaths:
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    return HomePaths(tmp_path)


@pytest.fixture
def due(paths: HomePaths) -> Callable[[], list[str]]:
    """What is due, by number: 1 open, 2 open, 3 closed, 4 cancelled by the metadata, 5 unknown to the figures; of the
    REPs, 6 pays 1 and 7 pays 3; of the notes, 8 lowers 3, 9 was cancelled and 10 lowers nothing yet."""
    types = dict.fromkeys((6, 7), "P") | dict.fromkeys((8, 9, 10), "E")
    with duckdb.connect(str(paths.warehouse_file)) as warehouse:
        table = RAW_TABLES["cfdi__documents"]
        warehouse.execute(f"create schema raw; create table raw.{table.name} ({table.create_sql})")
        for n in range(1, 11):
            tipo = types.get(n, "I")
            warehouse.execute(
                "insert into raw.cfdi__documents (uuid, version, tipo_de_comprobante, emisor_rfc, receptor_rfc, total, "
                "fecha_timbrado, source_file_id) values (?, '4.0', ?, 'A', 'B', ?, '2026-05-01', 'x')",
                [uuid(n), tipo, Decimal(0 if tipo == "P" else "10.5")],
            )
    figures = duckdb.connect()
    figures.execute(
        "create schema marts; create table marts.fct_payments (payment_id varchar, rep_uuid varchar);"
        "create table marts.fct_invoices (invoice_id varchar, uuid varchar, open_ccy decimal, sat_status varchar);"
        "create table marts.fct_credit_notes (cn_id varchar, uuid varchar, cancel_date date);"
        "create table marts.fct_movements (invoice_id varchar, document_id varchar)"
    )
    rows = [(1, 5, None), (2, 5, "vigente"), (3, 0, None), (4, 0, "cancelado")]
    for n, opened, status in rows:
        figures.execute(
            "insert into marts.fct_invoices values (?, ?, ?, ?)", [f"F{n}", uuid(n), opened, status]
        )
        figures.execute("insert into marts.fct_movements values (?, ?)", [f"F{n}", f"F{n}"])
    for n in (6, 7):
        figures.execute("insert into marts.fct_payments values (?, ?)", [f"P{n}", uuid(n)])
    figures.execute("insert into marts.fct_payments values ('P9', null)")
    for n in (8, 9, 10):
        figures.execute(
            "insert into marts.fct_credit_notes values (?, ?, ?)",
            [f"N{n}", uuid(n), "2026-06-01" if n == 9 else None],
        )
    for invoice, document in (("F1", "P6"), ("F3", "P7"), ("F3", "N8"), ("F1", "N9")):
        figures.execute("insert into marts.fct_movements values (?, ?)", [invoice, document])
    return lambda: [str(int(q.uuid[-12:])) for q in answers.due(paths, figures, NOW)]


def test_what_is_due(paths: HomePaths, due: Callable[[], list[str]]) -> None:
    def answered(number: int, estado: Estado, days: float) -> None:
        answers.keep(paths, Answer(uuid(number), estado, raw="<x/>"), NOW - dt.timedelta(days=days))

    assert due() == ["1", "2", "6", "10", "3", "7", "8"], (
        "open ones and what settles them first; strangers never"
    )
    answered(1, Estado.VIGENTE, 8)
    assert due() == ["2", "6", "10", "1", "3", "7", "8"], "never asked before asked long ago"
    for number, days in ((1, 6), (3, 20), (6, 8), (7, 20), (8, 20)):
        answered(number, Estado.VIGENTE, days)
    assert due() == ["2", "10", "6"], "open ones weekly, closed ones rarely"
    answered(2, Estado.NO_CONSULTADO, 0)
    assert due() == ["2", "10", "6"], "what was not answered stays due"
    answered(2, Estado.NO_ENCONTRADO, 0.5)
    answered(6, Estado.CANCELADO, 0)
    answered(10, Estado.VIGENTE, 0)
    assert due() == []
    answered(2, Estado.NO_ENCONTRADO, 2)
    answered(3, Estado.CANCELADO, 300)
    assert due() == [], "cancelled is for good"
    with duckdb.connect(str(paths.ledger_file), read_only=True) as ledger:
        assert ledger.execute("select count(*), min(raw) from sat_answers").fetchall() == [(12, "<x/>")]


def test_answers_reach_raw_by_their_day_and_what_was_not_answered_does_not(paths: HomePaths) -> None:
    assert answers.high_water(paths) == ""
    late = dt.datetime(2026, 7, 2, 3)  # noqa: DTZ001 -- still the 1st in Mexico City
    answers.keep(paths, Answer(uuid(1), Estado.CANCELADO), late)
    answers.keep(paths, Answer(uuid(2), Estado.NO_CONSULTADO), late)
    for _ in range(2):
        answers.into_raw(paths)
    with duckdb.connect(str(paths.warehouse_file), read_only=True) as warehouse:
        rows = warehouse.execute("select uuid, asked_date::varchar, estado from raw.sat__answers").fetchall()
    assert rows == [(uuid(1), "2026-07-01", "cancelado")]
    assert answers.high_water(paths) == "1"
