"""The walk through a CFDI 3.3 or 4.0: by path from the true root, known attribute names only.

This is the hot path: it collects text, and judges only what the shape of the document decides (is there one
Timbre, is a node repeated). Amounts and dates are judged in `columns`, for a
whole batch at a time. Nothing is searched for among descendants: an Addenda may hold another CFDI.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from ingestion.cfdi.names import CFD3, CFD4, IMPLOCAL, KNOWN_COMPLEMENTS, TFD
from ingestion.cfdi.pagos import PAGOS, read_pagos
from ingestion.cfdi.refused import ASK_AGAIN, Refused, note, repeated, shown
from ingestion.cfdi.rows import Rows
from ingestion.cfdi.xml import Node

TYPES = frozenset("IEPTN")
_MAX_NAMES = 20


class Tags:
    """The element names of one CFDI namespace."""

    def __init__(self, uri: str):
        self.root = f"{{{uri}}}Comprobante"
        self.emisor = f"{{{uri}}}Emisor"
        self.receptor = f"{{{uri}}}Receptor"
        self.conceptos = f"{{{uri}}}Conceptos"
        self.concepto = f"{{{uri}}}Concepto"
        self.impuestos = f"{{{uri}}}Impuestos"
        self.traslados = f"{{{uri}}}Traslados"
        self.traslado = f"{{{uri}}}Traslado"
        self.retenciones = f"{{{uri}}}Retenciones"
        self.retencion = f"{{{uri}}}Retencion"
        self.complemento = f"{{{uri}}}Complemento"
        self.relacionados = f"{{{uri}}}CfdiRelacionados"
        self.relacionado = f"{{{uri}}}CfdiRelacionado"
        self.globales = f"{{{uri}}}InformacionGlobal"
        self.addenda = f"{{{uri}}}Addenda"
        self.known = frozenset(
            (self.emisor, self.receptor, self.conceptos, self.impuestos, self.globales, self.addenda)
        )


TAGS4 = Tags(CFD4)
TAGS3 = Tags(CFD3)


@dataclass(slots=True)
class Complements:
    """What the Complemento nodes hold: the Timbre, implocal, Pagos, and the names of all."""

    timbre: Node | None = None
    local: Node | None = None
    pagos: Node | None = None
    names: tuple[str, ...] = ()


def local_name(tag: str) -> str:
    """The name without its namespace."""
    return tag[tag.rfind("}") + 1 :]


def read_complements(nodes: list[Node], flags: list[str]) -> Complements:
    """Look in every Complemento; only direct children count, and only one Timbre may be there."""
    found = Complements()
    names = []
    for node in nodes:
        for child in node[:]:
            tag = child.tag
            name = local_name(tag)
            if tag == TFD:
                if found.timbre is not None:
                    raise Refused(
                        "several_timbres",
                        "/cfdi:Comprobante/cfdi:Complemento/tfd:TimbreFiscalDigital[2]",
                        "El CFDI trae más de un Timbre y solo puede tener uno",
                    )
                found.timbre = child
                continue
            names.append(name)
            if tag == IMPLOCAL:
                if found.local is not None:
                    raise repeated("cfdi:Complemento/implocal:ImpuestosLocales")
                found.local = child
            elif tag in PAGOS:
                if found.pagos is not None:
                    raise repeated("cfdi:Complemento/pago20:Pagos")
                found.pagos = child
            elif name not in KNOWN_COMPLEMENTS:
                note(flags, f"unknown_complement:{name[:80]}")
    if names:
        found.names = tuple(dict.fromkeys(names[:_MAX_NAMES]))
    if len(nodes) > 1:
        flags.append("several_complemento_nodes")
    return found


def draft(location: str = "/cfdi:Comprobante/cfdi:Complemento") -> Refused:
    """A CFDI without Timbre is not an invoice yet."""
    return Refused(
        "without_timbre",
        location,
        "El CFDI no tiene Timbre fiscal: es un borrador, no una factura",
        "Se apartó sin cargar; cuando se timbre, deja el XML timbrado.",
        kind="cfdi_draft",
    )


def walk(root: Node, position: int, rows: Rows, flags: list[str], tags: Tags) -> None:
    """Add one document's rows to `rows`, or raise `Refused`."""
    get = root.get
    found: dict[str, Node] = {}
    complementos: list[Node] = []
    related: list[Node] = []
    complemento = tags.complemento
    for child in root[:]:
        tag = child.tag
        if tag == complemento:
            complementos.append(child)
        elif tag == tags.relacionados:
            related.append(child)
        elif tag in found:
            raise repeated(f"cfdi:{local_name(tag)}")
        else:
            found[tag] = child
            if tag not in tags.known:
                note(flags, f"unknown_node:{local_name(tag)[:80]}")
    complements = read_complements(complementos, flags)
    timbre = complements.timbre
    if timbre is None:
        raise draft()
    kind = check_type(get("TipoDeComprobante"))
    emisor, receptor = _parties(found, tags)
    sello = get("Sello") or ""
    if not sello or timbre.get("SelloCFD") != sello:
        flags.append("seal_mismatch" if sello else "without_seal")
    taxes = found.get(tags.impuestos)
    local = complements.local
    info = found.get(tags.globales)
    addenda = found.get(tags.addenda)
    conceptos = found.get(tags.conceptos)
    count = 0 if conceptos is None else _concepts(conceptos, position, rows, tags.concepto)
    pagos_version = amount = None
    if complements.pagos is not None:
        pagos_version, amount = read_pagos(complements.pagos, position, rows, kind, flags)
    elif kind == "P":
        flags.append("without_pagos")
    rows.documents += (
        position,
        timbre.get("UUID"),
        get("Version"),
        kind,
        get("Serie"),
        get("Folio"),
        get("Fecha"),
        timbre.get("FechaTimbrado"),
        get("Moneda"),
        get("TipoCambio"),
        get("SubTotal"),
        get("Descuento"),
        get("Total"),
        None if taxes is None else taxes.get("TotalImpuestosTrasladados"),
        None if taxes is None else taxes.get("TotalImpuestosRetenidos"),
        None if local is None else local.get("TotaldeTraslados"),
        None if local is None else local.get("TotaldeRetenciones"),
        get("MetodoPago"),
        get("FormaPago"),
        get("CondicionesDePago"),
        get("LugarExpedicion"),
        get("Exportacion"),
        emisor.get("Rfc"),
        emisor.get("Nombre"),
        receptor.get("Rfc"),
        receptor.get("Nombre"),
        receptor.get("NumRegIdTrib"),
        receptor.get("ResidenciaFiscal"),
        receptor.get("UsoCFDI"),
        None if info is None else info.get("Periodicidad"),
        None if info is None else info.get("Meses"),
        None if info is None else info.get("Año"),
        info is not None,
        get("NoCertificado"),
        timbre.get("RfcProvCertif"),
        sha256(sello.encode()).hexdigest(),
        sello[-8:] or None,
        pagos_version,
        amount,
        count,
        ",".join(complements.names) or None,
        None if addenda is None else addenda_names(addenda),
    )
    if taxes is not None:
        _taxes(taxes, position, rows, tags)
    if related:
        _related(related, position, rows, tags.relacionado)


def check_type(kind: str | None) -> str:
    """The TipoDeComprobante, one of I, E, P, T and N."""
    if kind in TYPES:
        return kind
    where = "/cfdi:Comprobante/@TipoDeComprobante"
    if not kind:
        raise Refused("missing_value", where, "Falta el tipo de comprobante", ASK_AGAIN)
    raise Refused("bad_type", where, f"El tipo de comprobante {shown(kind)} no es I, E, P, T ni N")


def _parties(found: dict[str, Node], tags: Tags) -> tuple[Node, Node]:
    emisor, receptor = found.get(tags.emisor), found.get(tags.receptor)
    if emisor is None or receptor is None:
        name = "Emisor" if emisor is None else "Receptor"
        raise Refused("missing_node", f"/cfdi:Comprobante/cfdi:{name}", f"Falta el nodo {name}", ASK_AGAIN)
    return emisor, receptor


def _concepts(conceptos: Node, position: int, rows: Rows, concepto: str) -> int:
    flat = rows.concepts
    number = 0
    for node in conceptos[:]:  # a slice is faster than iteration, and iteration than `iterchildren`
        if node.tag != concepto:
            continue
        number += 1
        get = node.get
        flat += (
            position,
            number,
            get("ClaveProdServ"),
            get("NoIdentificacion"),
            get("Cantidad"),
            get("ClaveUnidad"),
            get("Unidad"),
            get("Descripcion"),
            get("ValorUnitario"),
            get("Importe"),
            get("Descuento"),
            get("ObjetoImp"),
        )
    return number


def _taxes(impuestos: Node, position: int, rows: Rows, tags: Tags) -> None:
    """The document's own taxes; a Concepto's stand elsewhere and are not these."""
    number = 0
    for group in impuestos[:]:
        tag = group.tag
        if tag == tags.traslados:
            kind, name = "traslado", tags.traslado
        elif tag == tags.retenciones:
            kind, name = "retencion", tags.retencion
        else:
            continue
        for node in group[:]:
            if node.tag != name:
                continue
            number += 1
            get = node.get
            rows.taxes += (
                position,
                number,
                kind,
                get("Impuesto"),
                get("TipoFactor"),
                get("TasaOCuota"),
                get("Base"),
                get("Importe"),
            )


def _related(nodes: list[Node], position: int, rows: Rows, relacionado: str) -> None:
    number = 0
    for node in nodes:
        relation = node.get("TipoRelacion")
        for child in node.iterchildren(relacionado):
            number += 1
            rows.related += (position, number, relation, child.get("UUID"))


def addenda_names(addenda: Node) -> str | None:
    """The names of the Addenda's first level, and nothing else of it."""
    names: list[str] = []
    for child in addenda:
        name = local_name(child.tag)[:80]
        if name not in names:
            names.append(name)
        if len(names) == _MAX_NAMES:
            break
    return ",".join(names) or None
