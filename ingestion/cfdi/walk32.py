"""The walk through a CFDI 3.2 (until 2017): other names, lower case, free text where 3.3 has catalogues.

Its words are turned into the later ones, so that the same columns mean the same thing: ingreso is I, IVA is
002, a rate of 16.00 is 0.16, «pago en una sola exhibición» is PUE. There was no Pagos complement nor
CfdiRelacionados then.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from hashlib import sha256

from ingestion.amounts import RATE_TEXT
from ingestion.cfdi.names import CFD3, IMPLOCAL, TFD
from ingestion.cfdi.refused import Refused, shown
from ingestion.cfdi.rows import Rows
from ingestion.cfdi.walk import TAGS3 as TAGS
from ingestion.cfdi.walk import addenda_names, complement_names, draft, read_children, read_complements
from ingestion.cfdi.xml import Node

_TYPES = {"ingreso": "I", "egreso": "E", "traslado": "T"}
_TAXES = {"ISR": "001", "IVA": "002", "IEPS": "003"}
_PESOS = frozenset(
    ("PESOS", "PESO", "MN", "M.N.", "M.N", "MXP", "PESOS MEXICANOS", "PESO MEXICANO", "MONEDA NACIONAL")
)
_DOLLARS = frozenset(
    ("DOLARES", "DOLAR", "DLLS", "DLS", "USD DOLARES", "DOLARES AMERICANOS", "DOLAR AMERICANO", "US DOLLAR")
)


def walk32(root: Node, position: int, rows: Rows, flags: list[str]) -> None:
    """Add one document's rows to `rows`, or raise `Refused`."""
    found, complementos, _ = read_children(root, TAGS, flags)
    complements = read_complements(complementos, flags)
    if TFD not in complements:
        raise draft()
    taxes, conceptos = found.get(TAGS.impuestos), found.get(TAGS.conceptos)
    count = 0 if conceptos is None else _concepts(conceptos, position, rows)
    _document(root, found, complements, (position, count, rows), flags)
    if taxes is not None:
        _taxes(taxes, position, rows)


def _document(
    root: Node,
    found: dict[str, Node],
    complements: dict[str, Node],
    counted: tuple[int, int, Rows],
    flags: list[str],
) -> None:
    position, count, rows = counted
    get = root.get
    emisor, receptor = found.get(TAGS.emisor), found.get(TAGS.receptor)
    timbre, local, taxes = complements[TFD], complements.get(IMPLOCAL), found.get(TAGS.impuestos)
    addenda = found.get(TAGS.addenda)
    if emisor is None or receptor is None:
        name = "Emisor" if emisor is None else "Receptor"
        raise Refused("missing_node", f"/cfdi:Comprobante/cfdi:{name}", f"Falta el nodo {name}")
    sello = get(b"sello") or ""
    if not sello or timbre.get(b"selloCFD") != sello:
        flags.append("seal_mismatch" if sello else "without_seal")
    rows.documents.texts += (
        timbre.get(b"UUID"),
        "3.2",
        _type(get(b"tipoDeComprobante")),
        get(b"serie"),
        get(b"folio"),
        get(b"fecha"),
        timbre.get(b"FechaTimbrado"),
        _currency(get(b"Moneda"), flags),
        get(b"TipoCambio"),
        get(b"subTotal"),
        get(b"descuento"),
        get(b"total"),
        None if taxes is None else taxes.get(b"totalImpuestosTrasladados"),
        None if taxes is None else taxes.get(b"totalImpuestosRetenidos"),
        None if local is None else local.get(b"TotaldeTraslados"),
        None if local is None else local.get(b"TotaldeRetenciones"),
        _payment_method(get(b"formaDePago")),
        get(b"metodoDePago"),
        get(b"condicionesDePago"),
        get(b"LugarExpedicion"),
        None,
        emisor.get(b"rfc"),
        emisor.get(b"nombre"),
        receptor.get(b"rfc"),
        receptor.get(b"nombre"),
        None,
        None,
        None,
        None,
        None,
        None,
        get(b"noCertificado"),
        None,
        sha256(sello.encode()).hexdigest(),
        sello[-8:] or None,
        None,
        None,
        complement_names(complements),
        None if addenda is None else addenda_names(addenda),
    )
    rows.documents.counts += (position, 0, count)


def _concepts(conceptos: Node, position: int, rows: Rows) -> int:
    number = 0
    for node in conceptos.iterchildren(f"{{{CFD3}}}Concepto"):
        number += 1
        get = node.get
        rows.concepts.texts += (
            None,
            get(b"noIdentificacion"),
            get(b"cantidad"),
            None,
            get(b"unidad"),
            get(b"descripcion"),
            get(b"valorUnitario"),
            get(b"importe"),
            None,
            None,
        )
        rows.concepts.counts += (position, number)
    return number


def _taxes(impuestos: Node, position: int, rows: Rows) -> None:
    number = 0
    for kind, group, name in (
        ("traslado", TAGS.traslados, TAGS.traslado),
        ("retencion", TAGS.retenciones, TAGS.retencion),
    ):
        for nodes in impuestos.iterchildren(group):
            for node in nodes.iterchildren(name):
                number += 1
                tax, rate = node.get(b"impuesto"), node.get(b"tasa")
                rows.taxes.texts += (
                    kind,
                    _TAXES.get(tax.upper(), tax) if tax else None,
                    "Tasa" if rate else None,
                    _fraction(rate),
                    None,
                    node.get(b"importe"),
                )
                rows.taxes.counts += (position, number)


def _type(word: str | None) -> str:
    kind = _TYPES.get((word or "").lower())
    if kind is None:
        where = "/cfdi:Comprobante/@tipoDeComprobante"
        raise Refused("bad_type", where, f"El tipo {shown(word or '')} no es ingreso, egreso ni traslado")
    return kind


def _currency(text: str | None, flags: list[str]) -> str:
    """A three-letter code; 3.2 let issuers write anything, and nothing meant pesos."""
    plain = unicodedata.normalize("NFKD", text or "").encode("ascii", "ignore").decode().strip().upper()
    if not plain:
        flags.append("moneda_assumed_mxn")
        return "MXN"
    if plain in _PESOS:
        return "MXN"
    return "USD" if plain in _DOLLARS else plain


def _payment_method(text: str | None) -> str | None:
    """PUE or PPD, from 3.2's formaDePago in words."""
    word = unicodedata.normalize("NFKD", text or "").encode("ascii", "ignore").decode().lower()
    if "parcialidad" in word or "diferido" in word:
        return "PPD"
    return "PUE" if "sola exhibicion" in word or "solo pago" in word else None


def _fraction(rate: str | None) -> str | None:
    """A percentage as a fraction; what is no number stays as it is, to be refused with its place."""
    if rate is None or RATE_TEXT.fullmatch(rate.strip()) is None:
        return rate
    return f"{Decimal(rate.strip()) / 100:f}"
