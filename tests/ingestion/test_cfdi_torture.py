"""Documents that are broken or hostile, each with its one right outcome."""

from __future__ import annotations

import gzip
import time
from decimal import Decimal

import pytest

from ingestion.cfdi.reader import read_cfdis
from tests.ingestion.cfdi_kit import (
    DAY,
    DECLARATION,
    TFD_URI,
    attributes,
    cfdi,
    docto,
    document,
    flags,
    old_cfdi,
    outcome,
    pago,
    refusal,
    rep,
    timbre,
)

GOOD = cfdi()
FAULT = f'xmlns:schemaLocation="{TFD_URI} {TFD_URI}/tfd.xsd"'
REL = "cfdi:CfdiRelacionados"
ENYE = '<cfdi:Emisor Rfc="ÑAÑ010101AA1" Nombre="Peña &amp; Cía"/>'


def declared(encoding: str) -> str:
    return cfdi(emisor=ENYE, declaration=f'<?xml version="1.0" encoding="{encoding}"?>')


# -- what is set aside, and why ---------------------------------------------------------------------

BAD_TEXTS = {
    "truncated": (GOOD[: int(len(GOOD) * 0.7)], "xml_malformed"),
    "cut in the last tag": (GOOD[:-5], "xml_malformed"),
    "duplicate attribute": (GOOD.replace('Total="1160.00"', 'Total="1160.00" Total="1.00"'), "xml_malformed"),
    "bare ampersand": (cfdi(Serie="A&B"), "xml_malformed"),
    "raw less-than": (cfdi(Serie="A<B"), "xml_malformed"),
    "control character": (cfdi(Serie="A\x01B"), "xml_malformed"),
    "control reference": (cfdi(Serie="A&#1;B"), "xml_malformed"),
    "junk before": ("x" + GOOD, "xml_malformed"),
    "blank before the declaration": (" " + GOOD, "xml_malformed"),
    "junk after": (GOOD + "x", "xml_malformed"),
    "zeros after": (GOOD + "\0" * 8, "xml_malformed"),
    "two documents": (GOOD + cfdi(declaration=""), "xml_malformed"),
    "unknown entity": (cfdi(Serie="&nada;"), "xml_malformed"),
    "bad declaration": (GOOD.replace('version="1.0"', "version=1.0"), "xml_malformed"),
    "fault and duplicate": (cfdi(root=FAULT + ' a="1" a="2"'), "xml_malformed"),
    "unbound root": (GOOD.replace("xmlns:cfdi", "xmlns:otro"), "namespace"),
    "empty namespace": (GOOD.replace("<cfdi:Emisor", '<cfdi:Emisor xmlns:cfdi=""', 1), "namespace"),
    "doctype": (GOOD.replace("?><", "?><!DOCTYPE cfdi:Comprobante><", 1), "doctype"),
    "lower-case doctype": (GOOD.replace("?><", "?><!doctype x><", 1), "doctype"),
    "internal entity": (
        cfdi(Serie="&e;").replace("?><", '?><!DOCTYPE c [<!ENTITY e "B">]><', 1),
        "doctype",
    ),
    "external entity": (
        cfdi(Serie="A").replace("?><", '?><!DOCTYPE c [<!ENTITY e SYSTEM "file:///etc/passwd">]><', 1),
        "doctype",
    ),
    "injected amount": (
        cfdi(Total=None).replace("?><", '?><!DOCTYPE c [<!ATTLIST cfdi:Comprobante Total CDATA "1">]><', 1),
        "doctype",
    ),
    "billion laughs": (
        cfdi(Serie="&c;").replace(
            "?><",
            '?><!DOCTYPE c [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;">]><',
            1,
        ),
        "doctype",
    ),
    "html": ("<html><body>Sesión terminada</body></html>", "not_a_cfdi"),
    "another root": (f"{DECLARATION}<factura Total='1'/>", "not_a_cfdi"),
    "wrapped": (f"<x>{cfdi(declaration='')}</x>", "not_a_cfdi"),
    "no namespace": (GOOD.replace("http://www.sat.gob.mx/cfd/4", ""), "namespace"),
    "foreign namespace": (
        GOOD.replace("http://www.sat.gob.mx/cfd/4", "http://ejemplo.mx/cfd/4"),
        "unknown_namespace",
    ),
    "cfd 2": (
        GOOD.replace("http://www.sat.gob.mx/cfd/4", "http://www.sat.gob.mx/cfd/2"),
        "unknown_namespace",
    ),
    "version of another namespace": (cfdi(Version="3.3"), "unsupported_version"),
    "version 5": (cfdi(Version="5.0"), "unsupported_version"),
    "no version": (cfdi(Version=None), "unsupported_version"),
    "two stamps": (cfdi(stamp=timbre() + timbre("AAAAAAAA-0000-4000-8000-000000000000")), "several_timbres"),
    "a stamp in each Complemento": (
        cfdi(after=f"<cfdi:Complemento>{timbre()}</cfdi:Complemento>"),
        "several_timbres",
    ),
    "two Emisor": (cfdi(before='<cfdi:Emisor Rfc="XXX010101XX1"/>'), "repeated_node"),
    "two Impuestos": (cfdi(after='<cfdi:Impuestos TotalImpuestosTrasladados="1"/>'), "repeated_node"),
    "two Pagos": (
        rep(pago(docto()), stamp='<p:Pagos xmlns:p="http://www.sat.gob.mx/Pagos20"/>' + timbre()),
        "repeated_node",
    ),
    "no Emisor": (cfdi(emisor=""), "missing_node"),
    "no Receptor": (cfdi(receptor=""), "missing_node"),
    "type": (cfdi(TipoDeComprobante="X"), "bad_type"),
    "no type": (cfdi(TipoDeComprobante=None), "missing_value"),
    "3.2 without party": (old_cfdi().replace("cfdi:Receptor", "cfdi:Otro"), "missing_node"),
}


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_what_is_set_aside(name: str) -> None:
    text, code = BAD_TEXTS[name]
    assert refusal(text).code == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (declared("UTF-8").encode("windows-1252"), "xml_malformed"),
        (declared("UTF-16").encode(), "encoding_not_allowed"),
        (declared("UTF-7").encode("utf-7"), "encoding_not_allowed"),
        (declared("ISO-8859-15").encode("iso-8859-15"), "encoding_not_allowed"),
        (declared("UTF-32").encode("utf-32"), "encoding_not_allowed"),
        (declared("shift_jis").encode("ascii", "ignore"), "encoding_not_allowed"),
        (declared("IBM037").encode("cp037"), "xml_malformed"),
        (declared("UTF-16").encode("utf-16")[:-1], "bad_encoding"),
        (cfdi(root="").replace("?><", "?><!DOCTYPE c><", 1).encode("utf-16"), "doctype"),
        (gzip.compress(GOOD.encode()), "xml_malformed"),
        (b"", "empty"),
        (b"\0" * 500, "empty"),
        (b"\xef\xbb\xbf", "xml_malformed"),
        (b" " * (20 * 1024 * 1024 + 1), "too_large"),
    ],
)
def test_bytes_that_are_set_aside(data: bytes, code: str) -> None:
    assert refusal(data).code == code


AMOUNTS = (
    "1e400 1_234 NaN Infinity -INF 1,160.00 1160. .5 +5 --5 -1160.00 0x1F １１ 1160.0000001 1000000000000000000 "
    "$1160 1160.00.00 1160-00"
)


@pytest.mark.parametrize("amount", [*AMOUNTS.split(), "1160 00"])
def test_amounts_that_no_strict_pattern_takes(amount: str) -> None:
    found = refusal(cfdi(Total=amount))
    assert (found.code, found.location) == ("bad_amount", "/cfdi:Comprobante/@Total")
    assert f"«{amount}»" in found.reason


@pytest.mark.parametrize(
    ("text", "code", "location"),
    [
        (cfdi(Total=None), "missing_value", "/cfdi:Comprobante/@Total"),
        (cfdi(Total=""), "missing_value", "/cfdi:Comprobante/@Total"),
        (cfdi(Moneda=None), "missing_value", "/cfdi:Comprobante/@Moneda"),
        (cfdi(Moneda="PESOS"), "bad_currency", "/cfdi:Comprobante/@Moneda"),
        (cfdi(Fecha="2026-02-30T00:00:00"), "bad_date", "/cfdi:Comprobante/@Fecha"),
        (cfdi(Fecha="2026-03-05"), "bad_date", "/cfdi:Comprobante/@Fecha"),
        (cfdi(Fecha="05/03/2026 10:00:00"), "bad_date", "/cfdi:Comprobante/@Fecha"),
        (cfdi(Fecha="3026-03-05T00:00:00"), "bad_date", "/cfdi:Comprobante/@Fecha"),
        (cfdi(TipoCambio="abc"), "bad_rate", "/cfdi:Comprobante/@TipoCambio"),
        (cfdi(emisor="<cfdi:Emisor/>"), "missing_value", "/cfdi:Comprobante/cfdi:Emisor/@Rfc"),
        (
            cfdi(stamp=timbre("123")),
            "bad_uuid",
            "/cfdi:Comprobante/cfdi:Complemento/tfd:TimbreFiscalDigital/@UUID",
        ),
        (
            cfdi(stamp=timbre(None)),
            "missing_value",
            "/cfdi:Comprobante/cfdi:Complemento/tfd:TimbreFiscalDigital/@UUID",
        ),
        (
            rep(pago(docto()), pago(docto(), docto(ImpPagado="5,0"))),
            "bad_amount",
            "/cfdi:Comprobante/cfdi:Complemento/pago20:Pagos/pago20:Pago[2]/pago20:DoctoRelacionado[2]/@ImpPagado",
        ),
        (
            rep(pago(docto(NumParcialidad="1.5"))),
            "bad_integer",
            "/cfdi:Comprobante/cfdi:Complemento/pago20:Pagos/pago20:Pago[1]/pago20:DoctoRelacionado[1]/@NumParcialidad",
        ),
        (
            rep(pago(docto("pago10", TipoCambioDR="x"), prefix="pago10"), version="1.0"),
            "bad_rate",
            "/cfdi:Comprobante/cfdi:Complemento/pago10:Pagos/pago10:Pago[1]/pago10:DoctoRelacionado[1]/@TipoCambioDR",
        ),
        (
            rep(pago(FechaPago=None)),
            "missing_value",
            "/cfdi:Comprobante/cfdi:Complemento/pago20:Pagos/pago20:Pago[1]/@FechaPago",
        ),
        (
            rep(pago(), total="x"),
            "bad_amount",
            "/cfdi:Comprobante/cfdi:Complemento/pago20:Pagos/pago20:Totales/@MontoTotalPagos",
        ),
        (
            cfdi(before=f"<{REL} TipoRelacion='01'><cfdi:CfdiRelacionado UUID='1'/></{REL}>"),
            "bad_uuid",
            "/cfdi:Comprobante/cfdi:CfdiRelacionados//cfdi:CfdiRelacionado[1]/@UUID",
        ),
    ],
)
def test_a_bad_value_says_where_it_is(text: str, code: str, location: str) -> None:
    found = refusal(text)
    assert (found.code, found.location) == (code, location)
    assert location in found.reason


@pytest.mark.parametrize("text", ["A&#10;B", "A&#9;B", "A&#127;B", "A\x7fB", "A\u0085B", "A&#x9f;B"])
def test_control_characters_in_names_are_refused(text: str) -> None:
    found = refusal(cfdi(receptor=f'<cfdi:Receptor Rfc="CUSC850516316" Nombre="{text}"/>'))
    assert (found.code, found.location) == ("control_character", "/cfdi:Comprobante/cfdi:Receptor/@Nombre")
    assert found.reason.isprintable()


def test_letters_beside_the_control_characters_are_not_refused() -> None:
    name = "Ä Õ ° ¿ü? \u00a0x €"
    assert (
        document(cfdi(receptor=f'<cfdi:Receptor Rfc="CUSC850516316" Nombre="{name}"/>'))["receptor_nombre"]
        == name
    )


def test_a_draft_is_a_kind_of_its_own() -> None:
    result = outcome(cfdi(stamp=""))
    assert (result.kind, result.refusals[0].code) == ("cfdi_draft", "without_timbre")
    assert outcome(cfdi(stamp="", Total="x")).kind == "cfdi_draft"
    assert outcome(old_cfdi().replace("TimbreFiscalDigital", "Otro")).kind == "cfdi_draft"
    elsewhere = cfdi(stamp="", after=timbre())
    assert outcome(elsewhere).kind == "cfdi_draft"
    foreign = cfdi(stamp=timbre().replace(TFD_URI, "http://ejemplo.mx"))
    assert outcome(foreign).kind == "cfdi_draft"


@pytest.mark.parametrize("version", [1, 2])
def test_retenciones_are_a_kind_of_their_own(version: int) -> None:
    uri = f"http://www.sat.gob.mx/esquemas/retencionpago/{version}"
    inner = f"<r:Complemento>{timbre()}</r:Complemento>"
    text = f'<r:Retenciones xmlns:r="{uri}" Version="{version}.0">{inner}</r:Retenciones>'
    result = outcome(text)
    assert (result.kind, result.refusals[0].code) == ("retenciones", "retenciones")


def test_the_kind_of_what_cannot_be_read() -> None:
    assert outcome(GOOD[:500]).kind == "cfdi"
    assert outcome(GOOD[:500].encode("utf-16")).kind == "cfdi"
    assert outcome("<html").kind == "unknown"
    assert outcome("<html/>").kind == "unknown"


# -- nothing hostile costs much ---------------------------------------------------------------------

DEEP = "<cfdi:Addenda>" + "<a>" * 100_000 + "</a>" * 100_000 + "</cfdi:Addenda>"
HOSTILE = {
    "deep": cfdi(after=DEEP),
    "deep with a fault of namespaces": cfdi(after=DEEP, root=FAULT),
    "a 19 MB attribute": cfdi(Certificado="x" * 19_000_000),
    "too many attributes": cfdi(root=attributes({f"a{i}": "" for i in range(900_000)})),
    "too many prefixes": cfdi(
        root=FAULT + " " + attributes({f"xmlns:a{i}": f"u{i}" for i in range(3000)}),
        after="<cfdi:Addenda>" + '<x xmlns:q="u"/>' * 100_000 + "</cfdi:Addenda>",
    ),
    "too many tags": cfdi(after="<cfdi:Addenda>" + "<a/>" * 900_000 + "</cfdi:Addenda>"),
}
HEAVY = {
    "500,000 attributes": cfdi(root=attributes({f"a{i}": "" for i in range(500_000)})),
    "200,000 unknown nodes": cfdi(before="".join(f"<cfdi:n{i}/>" for i in range(200_000))),
    "390,000 tags": cfdi(after="<cfdi:Addenda>" + "<a/>" * 390_000 + "</cfdi:Addenda>"),
    "100,000 concepts": cfdi(
        concepts='<cfdi:Concepto Cantidad="1" Descripcion="x" ValorUnitario="1" Importe="1"/>' * 100_000
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_refused_at_once(name: str) -> None:
    start = time.process_time()  # of this process: others may be busy
    assert refusal(HOSTILE[name]).code in {"xml_malformed", "too_complex", "too_deep"}
    assert time.process_time() - start < 5


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_documents_load_within_bounds(name: str) -> None:
    start = time.process_time()  # of this process: others may be busy
    row = document(HEAVY[name])
    assert time.process_time() - start < 5
    assert row["total"] == Decimal(1160)


def test_a_reason_is_kept_short_whatever_the_value() -> None:
    found = refusal(cfdi(Total="9" * 1_000_000))
    assert len(found.reason) < 400
    assert len(found.raw_text) == 500


def test_flags_do_not_grow_without_end() -> None:
    assert len(flags(cfdi(before="".join(f"<cfdi:n{i}/>" for i in range(100))))) == 20


def test_order_and_company_do_not_change_an_outcome() -> None:
    texts = [GOOD, cfdi(stamp=""), "<x", rep(pago(docto())), cfdi(Total="x"), cfdi(root=FAULT), old_cfdi()]
    items = [(f"{i:016x}", text.encode()) for i, text in enumerate(texts)]
    forward = read_cfdis(items, [DAY] * len(items))
    backward = read_cfdis(items[::-1], [DAY] * len(items))
    alone = [read_cfdis([item], [DAY]).outcomes[0] for item in items]
    assert forward.outcomes == backward.outcomes[::-1] == alone
