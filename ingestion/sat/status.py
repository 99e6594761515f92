"""The client of the SAT's public status service (ConsultaCFDIService): one question, one answer, nothing assumed.

No login. Whatever is not a well-formed answer (unreachable, slow, an error page, garbage) is `no_consultado`:
never cancelled. What to ask, and where answers are kept, is in `ingestion.sat.answers`.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from http.client import HTTPException, HTTPResponse
from xml.sax.saxutils import escape

from lxml import etree

ACTION = "http://tempuri.org/IConsultaCFDIService/Consulta"
_MAX_ANSWER = 64 << 10
_RETRIES = 2
_BACK_OFF_SECONDS = 1.0
_PAUSE_SECONDS = 0.2  # between two questions: a public service, asked politely
_FIELDS = ("CodigoEstatus", "EsCancelable", "Estado", "EstatusCancelacion", "ValidacionEFOS")
_OK, _SERVER_ERROR = 200, 500


class Estado(StrEnum):
    """What the SAT says of a CFDI. `no_consultado`: it did not say."""

    VIGENTE = "vigente"
    CANCELADO = "cancelado"
    NO_ENCONTRADO = "no_encontrado"
    DESCONOCIDO = "desconocido"
    NO_CONSULTADO = "no_consultado"


@dataclass(frozen=True)
class Question:
    """What identifies one CFDI to the service."""

    uuid: str
    version: str
    emisor_rfc: str
    receptor_rfc: str
    total: Decimal
    sello_last8: str

    @property
    def expression(self) -> str:
        """The `expresionImpresa`: the same text that the printed CFDI's QR code carries."""
        re, rr = escape(self.emisor_rfc), escape(self.receptor_rfc)
        uuid = self.uuid.upper()
        if self.version == "3.2":
            return f"?re={re}&rr={rr}&tt={self.total:017.6f}&id={uuid}"
        total = f"{self.total:.6f}".rstrip("0")
        total += "0" if total.endswith(".") else ""
        return f"?id={uuid}&re={re}&rr={rr}&tt={total}&fe={self.sello_last8}"


@dataclass(frozen=True)
class Answer:
    """What came back, as it came; `problem` says in words why nothing did."""

    uuid: str
    estado: Estado
    codigo_estatus: str = ""
    es_cancelable: str = ""
    estatus_cancelacion: str = ""
    validacion_efos: str = ""
    raw: str = ""
    problem: str = ""


class _Failed(Exception):  # noqa: N818 - never leaves this module
    """One attempt gave nothing; `retry`: another may."""

    def __init__(self, problem: str, raw: bytes = b"", *, retry: bool = True) -> None:
        super().__init__(problem)
        self.raw, self.retry = raw, retry


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An answer that sends us elsewhere is no answer."""

    def redirect_request(self, *_: object) -> None:
        return None


@dataclass
class StatusClient:
    """Asks one at a time. `sleep` is given so that tests need not wait."""

    url: str
    timeout_seconds: float
    sleep: Callable[[float], None] = time.sleep
    requests: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise ValueError(self.url)
        self._opener = urllib.request.build_opener(_NoRedirect)

    def ask(self, question: Question, most_requests: int) -> Answer:
        """The answer, after retries with back-off; at most so many requests."""
        problem, raw = "sin consultas disponibles en esta corrida", b""
        for attempt in range(min(_RETRIES + 1, most_requests)):
            self.sleep(_BACK_OFF_SECONDS * 2 ** (attempt - 1) if attempt else _PAUSE_SECONDS)
            self.requests += 1
            try:
                return _parsed(question.uuid, self._post(question))
            except _Failed as failed:
                problem, raw = str(failed), failed.raw
                if not failed.retry:
                    break
        return Answer(
            question.uuid, Estado.NO_CONSULTADO, raw=raw[:2000].decode("utf-8", "replace"), problem=problem
        )

    def _post(self, question: Question) -> bytes:
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:tem="http://tempuri.org/"><soapenv:Header/><soapenv:Body><tem:Consulta>'
            f"<tem:expresionImpresa>{escape(question.expression)}</tem:expresionImpresa>"
            "</tem:Consulta></soapenv:Body></soapenv:Envelope>"
        )
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{ACTION}"'}
        request = urllib.request.Request(self.url, body.encode(), headers)  # noqa: S310 -- scheme is checked
        deadline = time.monotonic() + self.timeout_seconds
        try:
            with self._opener.open(request, timeout=self.timeout_seconds) as response:
                return _read(response, deadline)
        except urllib.error.HTTPError as error:
            retry = error.code >= _SERVER_ERROR
            raise _Failed(f"el SAT respondió con el error HTTP {error.code}", retry=retry) from error
        except TimeoutError as error:
            raise _Failed("el SAT tardó demasiado en responder") from error
        except (OSError, HTTPException) as error:
            slow = isinstance(getattr(error, "reason", None), TimeoutError)
            words = "el SAT tardó demasiado en responder" if slow else "no se pudo conectar con el SAT"
            raise _Failed(words) from error


def _read(response: HTTPResponse, deadline: float) -> bytes:
    """The body under a cap of size and of whole time: a server that drips must not hold us."""
    if response.status != _OK:
        raise _Failed(f"el SAT respondió con el código HTTP {response.status}")
    data = b""
    while chunk := response.read1(_MAX_ANSWER):
        data += chunk
        if len(data) > _MAX_ANSWER:
            raise _Failed("la respuesta del SAT es demasiado grande", data)
        if time.monotonic() > deadline:
            raise _Failed("el SAT tardó demasiado en responder", data)
    return data


def _parsed(uuid: str, data: bytes) -> Answer:
    found = _fields(data)
    code = found["CodigoEstatus"]
    return Answer(
        uuid,
        _estado(code, found["Estado"]),
        code,
        found["EsCancelable"],
        found["EstatusCancelacion"],
        found["ValidacionEFOS"],
        data.decode("utf-8", "replace"),
    )


def _estado(code: str, estado: str) -> Estado:
    """The state only where the code says that the CFDI was found; what contradicts itself is unknown."""
    said = estado.casefold()
    if code.startswith("S -") and said in {Estado.VIGENTE, Estado.CANCELADO}:
        return Estado(said)
    if code.startswith("N - 602") and said in {"no encontrado", ""}:
        return Estado.NO_ENCONTRADO
    return Estado.DESCONOCIDO


def _fields(data: bytes) -> dict[str, str]:
    """The fields of the one ConsultaResult of a SOAP envelope. Raises _Failed."""
    garbage = _Failed("la respuesta del SAT no se entiende", data)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise garbage
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise garbage from error
    soap, tem = "{http://schemas.xmlsoap.org/soap/envelope/}", "{http://tempuri.org/}"
    results = root.findall(f"{soap}Body/{tem}ConsultaResponse/{tem}ConsultaResult")
    if root.tag != f"{soap}Envelope" or len(results) != 1:
        raise garbage
    texts: dict[str, str] = dict.fromkeys(_FIELDS, "")
    for child in results[0]:
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if name in texts:
            texts[name] = (child.text or "").strip()
    if not texts["CodigoEstatus"]:
        raise garbage
    return texts
