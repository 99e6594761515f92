"""A corpus of our own: every attack and oddity that RELIABILITY and CFDI name, each with its one right outcome.

Made by code from the kits; nothing here reads a file. `corpus()` gives the table: a name in the inbox, its bytes,
and what the ledger must say of it. A document that loads has a UUID of its own, so that no order matters.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache

from tests.ingestion.cfdi_kit import CONCEPT, attributes, cfdi, docto, old_cfdi, pago, rep, timbre
from tests.ingestion.cfdi_kit import UUID as KIT_UUID
from tests.ingestion.corpus_files import archives, tables
from tests.ingestion.corpus_item import Item, as_bytes, bad, ok, stamped, uuid
from tests.ingestion.test_cfdi_torture import AMOUNTS, BAD_TEXTS, DEEP, FAULT, declared


def odd_documents() -> Iterator[tuple[str, str | bytes]]:
    """CFDIs that are odd and must load."""
    good = cfdi()
    yield "llano.xml", good
    yield "con_bom.xml", declared("UTF-8").encode("utf-8-sig")
    yield "sin_declaracion.xml", cfdi(declaration="")
    yield "utf16.xml", declared("UTF-16").encode("utf-16")
    yield "utf16_que_dice_utf8.xml", declared("UTF-8").encode("utf-16")
    yield "utf16be.xml", declared("UTF-16").encode("utf-16-be")
    yield "latin1.xml", declared("ISO-8859-1").encode("iso-8859-1")
    yield "windows.xml", declared("windows-1252").encode("windows-1252")
    yield "prefijo.xml", good.replace("cfdi:", "x:").replace("xmlns:cfdi", "xmlns:x")
    yield "sin_prefijo.xml", good.replace("cfdi:", "").replace("xmlns:cfdi", "xmlns")
    yield "falla_del_sat.xml", cfdi(root=FAULT)
    yield "addenda_sin_prefijo.xml", cfdi(after="<cfdi:Addenda><otra:nota>hola</otra:nota></cfdi:Addenda>")
    whole = cfdi(declaration="", Total="9.99", stamp=timbre("AAAAAAAA-0000-4000-8000-000000000000"))
    yield "cfdi_en_la_addenda.xml", cfdi(after=f"<cfdi:Addenda>{whole}</cfdi:Addenda>")
    yield "dos_complementos.xml", cfdi(after='<cfdi:Complemento><x:otro xmlns:x="urn:x"/></cfdi:Complemento>')
    yield "complemento_raro.xml", cfdi(complement='<x:nuevo xmlns:x="urn:nuevo" a="1"><x:b/></x:nuevo>')
    yield "comentarios.xml", good.replace("<cfdi:Emisor", "<!-- a --><?x y?><![CDATA[<z/>]]><cfdi:Emisor")
    escapes = "a &lt;b&gt; &quot;c&quot; &#xA;&#9; &#241; > ñ"
    yield (
        "escapes.xml",
        cfdi(concepts=f'<cfdi:Concepto Cantidad="1" Descripcion="{escapes}" ValorUnitario="1" Importe="1"/>'),
    )
    yield "seiscientos_conceptos.xml", cfdi(concepts=CONCEPT * 600)
    yield "cien_mil_atributos.xml", cfdi(root=attributes({f"a{i}": "" for i in range(100_000)}))
    yield "v33.xml", cfdi("3.3")
    yield "v32.xml", old_cfdi()
    yield "egreso.xml", cfdi(TipoDeComprobante="E")
    yield "traslado.xml", cfdi(TipoDeComprobante="T", SubTotal="0", Total="0", MetodoPago=None, taxes="")
    yield "nomina.xml", cfdi(TipoDeComprobante="N", taxes="")
    yield "rep.xml", rep(pago(docto(), docto(IdDocumento="001-02-000000003")), pago(docto()))
    yield "rep10.xml", rep(pago(docto("pago10"), prefix="pago10"), version="1.0")
    yield "rep_sin_doctos.xml", rep(pago(prefix="pago10"), version="1.0")
    yield "minusculas.xml", good.replace("-5F37-", "-5f37-")
    yield "uuid.xml.xml", cfdi(Folio="doble extensión")
    yield "foto.jpg", cfdi(Folio="nombre de imagen")
    yield "tabla.csv", cfdi(Folio="nombre de tabla")
    yield "sin_extension", cfdi(Folio="sin nombre")


def broken_documents() -> Iterator[Item]:
    """CFDIs that must be set aside, with the code of their refusal. HTML and empty files are told before any reader."""
    for name, (text, code) in BAD_TEXTS.items():
        if name == "html":
            yield bad("pagina.xml", text, "not_read_html", "html")
        else:
            kind = "unknown" if code in {"not_a_cfdi"} else "cfdi"
            yield bad(f"{name.replace(' ', '_')}.xml", text, code, kind)
    for number, amount in enumerate([*AMOUNTS.split(), "1160 00"]):
        yield bad(f"importe_{number}.xml", cfdi(Total=amount), "bad_amount")
    for number, name in enumerate(("A&#10;B", "A&#127;B", "A\u0085B")):
        receptor = f'<cfdi:Receptor Rfc="CUSC850516316" Nombre="{name}"/>'
        yield bad(f"nombre_{number}.xml", cfdi(receptor=receptor), "control_character")
    yield bad("cp1252_que_dice_utf8.xml", declared("UTF-8").encode("windows-1252"), "xml_malformed")
    yield bad("utf8_que_dice_utf16.xml", declared("UTF-16").encode(), "encoding_not_allowed")
    yield bad("utf7.xml", declared("UTF-7").encode("utf-7"), "encoding_not_allowed")
    yield bad("latin9.xml", declared("ISO-8859-15").encode("iso-8859-15"), "encoding_not_allowed")
    yield bad("utf16_impar.xml", declared("UTF-16").encode("utf-16")[:-1], "bad_encoding")
    yield bad("doctype16.xml", cfdi().replace("?><", "?><!DOCTYPE c><", 1).encode("utf-16"), "doctype")
    yield bad("fecha.xml", cfdi(Fecha="2026-02-30T00:00:00"), "bad_date")
    yield bad("moneda.xml", cfdi(Moneda="PESOS"), "bad_currency")
    yield bad("uuid_corto.xml", cfdi(stamp=timbre("123")), "bad_uuid")
    yield bad("docto.xml", rep(pago(docto(ImpPagado="5,0"))), "bad_amount")
    yield bad("borrador.xml", cfdi(stamp=""), "without_timbre", "cfdi_draft")
    elsewhere = cfdi(stamp="", after=f"<cfdi:Addenda>{timbre()}</cfdi:Addenda>")
    yield bad("timbre_en_addenda.xml", elsewhere, "without_timbre", "cfdi_draft")
    uri = "http://www.sat.gob.mx/esquemas/retencionpago/2"
    inner = f"<r:Complemento>{timbre()}</r:Complemento>"
    retained = f'<r:Retenciones xmlns:r="{uri}" Version="2.0">{inner}</r:Retenciones>'
    yield bad("retencion.xml", retained, "retenciones", "retenciones")
    yield bad("profundo.xml", cfdi(after=DEEP), "xml_malformed")
    yield bad("atributo_enorme.xml", cfdi(Certificado="x" * 11_000_000), "xml_malformed")
    yield bad("atributos.xml", cfdi(root=attributes({f"a{i}": "" for i in range(900_000)})), "too_complex")
    yield bad(
        "etiquetas.xml", cfdi(after="<cfdi:Addenda>" + "<a/>" * 900_000 + "</cfdi:Addenda>"), "too_complex"
    )
    yield bad("demasiado.xml", cfdi().encode() + b" " * (20 << 20), "too_large")


@cache
def corpus() -> tuple[Item, ...]:
    """Every item; names and bytes are all different."""
    items: list[Item] = []
    for number, (name, data) in enumerate(odd_documents(), start=1):
        content = as_bytes(data)
        minus = content.replace(KIT_UUID.replace("-5F37-", "-5f37-").encode(), uuid(number).lower().encode())
        items.append(ok(f"raros/{name}", stamped(minus, number)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # two members of one name are meant
        zips = list(archives(1000))
    for folder, found in (("malos", broken_documents()), ("tablas", tables()), ("zips", zips)):
        items += [
            Item(f"{folder}/{i.name}", i.data, i.status, i.kind, i.loaded, i.codes, i.members) for i in found
        ]
    assert len({i.name for i in items}) == len(items)
    assert len({i.data for i in items}) == len(items)
    return tuple(items)
