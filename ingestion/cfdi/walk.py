"""The walk through a CFDI 3.3 or 4.0: by path from the true root, known attribute names only.

This is the hot path: it collects text, and judges only what the shape of the document decides (is there one
Timbre, is a node repeated). Amounts and dates are judged in `columns`, for a whole batch at a time. Nothing
is searched for among descendants: an Addenda may hold another CFDI.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from ingestion.cfdi.names import CFD3, CFD4, IMPLOCAL, KNOWN_COMPLEMENTS, TFD
from ingestion.cfdi.pagos import PAGOS, read_pagos
from ingestion.cfdi.refused import ASK_AGAIN, Refused, note, repeated, shown
from ingestion.cfdi.rows import Rows
from ingestion.cfdi.xml import Node

TYPES = frozenset("IEPTN")
_MAX_NAMES = 20
_KNOWN = frozenset((TFD, IMPLOCAL, *PAGOS))


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
        once = (self.emisor, self.receptor, self.conceptos, self.impuestos, self.globales, self.addenda)
        self.known = frozenset((*once, self.complemento, self.relacionados))


TAGS4 = Tags(CFD4)
TAGS3 = Tags(CFD3)


def local_name(tag: str) -> str:
    """The name without its namespace."""
    return tag[tag.rfind("}") + 1 :]


def read_children(root: Node, tags: Tags, flags: list[str]) -> tuple[dict[str, Node], list[Node], list[Node]]:
    """The root's children by name, its Complemento nodes, and its CfdiRelacionados; others may not repeat."""
    children = root[:]
    found = {child.tag: child for child in children}
    complementos = related = children[:0]
    if len(found) == len(children):
        if tags.complemento in found:
            complementos = [found[tags.complemento]]
        if tags.relacionados in found:
            related = [found[tags.relacionados]]
    else:
        complementos = [child for child in children if child.tag == tags.complemento]
        related = [child for child in children if child.tag == tags.relacionados]
        once = [child.tag for child in children if child.tag not in (tags.complemento, tags.relacionados)]
        twice = next((tag for tag, count in Counter(once).items() if count > 1), None)
        if twice is not None:
            raise repeated(f"cfdi:{local_name(twice)}")
        if len(complementos) > 1:
            flags.append("several_complemento_nodes")
    if not found.keys() <= tags.known:
        for tag in found:
            if tag not in tags.known:
                note(flags, f"unknown_node:{local_name(tag)[:80]}")
    return found, complementos, related


def read_complements(complementos: list[Node], flags: list[str]) -> dict[str, Node]:
    """The complements by name, from every Complemento node: direct children only, and one Timbre at most."""
    nodes = (
        complementos[0][:] if len(complementos) == 1 else [child for node in complementos for child in node]
    )
    found = {node.tag: node for node in nodes}
    if len(found) < len(nodes):
        count = Counter(node.tag for node in nodes)
        if count[TFD] > 1:
            where = "/cfdi:Comprobante/cfdi:Complemento/tfd:TimbreFiscalDigital[2]"
            raise Refused("several_timbres", where, "El CFDI trae más de un Timbre y solo puede tener uno")
        for tag in (IMPLOCAL, *PAGOS):
            if count[tag] > 1:
                raise repeated(f"cfdi:Complemento/{local_name(tag)}")
    for tag in found:
        if tag not in _KNOWN and local_name(tag) not in KNOWN_COMPLEMENTS:
            note(flags, f"unknown_complement:{local_name(tag)[:80]}")
    return found


def complement_names(complements: dict[str, Node]) -> str | None:
    """The names of the complements beside the Timbre, in the document's order."""
    if len(complements) == 1:
        return None
    names = [local_name(tag)[:80] for tag in complements if tag != TFD]
    return ",".join(dict.fromkeys(names[:_MAX_NAMES]))


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
    found, complementos, related = read_children(root, tags, flags)
    complements = read_complements(complementos, flags)
    timbre = complements.get(TFD)
    if timbre is None:
        raise draft()
    get = root.get
    kind = check_type(get(b"TipoDeComprobante"))
    emisor, receptor = _parties(found, tags)
    sello = get(b"Sello") or ""
    if not sello or timbre.get(b"SelloCFD") != sello:
        flags.append("seal_mismatch" if sello else "without_seal")
    taxes = found.get(tags.impuestos)
    info = found.get(tags.globales)
    addenda = found.get(tags.addenda)
    local = names = pagos_version = amount = None
    if len(complements) > 1:
        local, names = complements.get(IMPLOCAL), complement_names(complements)
        pagos_version, amount = read_pagos(complements, position, rows, kind, flags)
    elif kind == "P":
        flags.append("without_pagos")
    conceptos = found.get(tags.conceptos)
    count = 0 if conceptos is None else _concepts(conceptos, position, rows, tags.concepto)
    rows.documents.texts += (
        timbre.get(b"UUID"),
        get(b"Version"),
        kind,
        get(b"Serie"),
        get(b"Folio"),
        get(b"Fecha"),
        timbre.get(b"FechaTimbrado"),
        get(b"Moneda"),
        get(b"TipoCambio"),
        get(b"SubTotal"),
        get(b"Descuento"),
        get(b"Total"),
        None if taxes is None else taxes.get(b"TotalImpuestosTrasladados"),
        None if taxes is None else taxes.get(b"TotalImpuestosRetenidos"),
        None if local is None else local.get(b"TotaldeTraslados"),
        None if local is None else local.get(b"TotaldeRetenciones"),
        get(b"MetodoPago"),
        get(b"FormaPago"),
        get(b"CondicionesDePago"),
        get(b"LugarExpedicion"),
        get(b"Exportacion"),
        emisor.get(b"Rfc"),
        emisor.get(b"Nombre"),
        receptor.get(b"Rfc"),
        receptor.get(b"Nombre"),
        receptor.get(b"NumRegIdTrib"),
        receptor.get(b"ResidenciaFiscal"),
        receptor.get(b"UsoCFDI"),
        None if info is None else info.get(b"Periodicidad"),
        None if info is None else info.get(b"Meses"),
        None if info is None else info.get("Año"),
        get(b"NoCertificado"),
        timbre.get(b"RfcProvCertif"),
        sha256(sello.encode()).hexdigest(),
        sello[-8:] or None,
        pagos_version,
        amount,
        names,
        None if addenda is None else addenda_names(addenda),
    )
    rows.documents.counts += (position, 0 if info is None else 1, count)
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
    counts, texts = rows.concepts.counts, rows.concepts.texts
    number = 0
    # Choosing by name inside lxml spares a text a node; a plain slice is faster only when names are known.
    for node in conceptos.iterchildren(concepto):
        number += 1
        get = node.get
        texts += (
            get(b"ClaveProdServ"),
            get(b"NoIdentificacion"),
            get(b"Cantidad"),
            get(b"ClaveUnidad"),
            get(b"Unidad"),
            get(b"Descripcion"),
            get(b"ValorUnitario"),
            get(b"Importe"),
            get(b"Descuento"),
            get(b"ObjetoImp"),
        )
        counts += (position, number)
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
            rows.taxes.texts += (
                kind,
                get(b"Impuesto"),
                get(b"TipoFactor"),
                get(b"TasaOCuota"),
                get(b"Base"),
                get(b"Importe"),
            )
            rows.taxes.counts += (position, number)


def _related(nodes: list[Node], position: int, rows: Rows, relacionado: str) -> None:
    number = 0
    for node in nodes:
        relation = node.get(b"TipoRelacion")
        for child in node.iterchildren(relacionado):
            number += 1
            rows.related.texts += (relation, child.get(b"UUID"))
            rows.related.counts += (position, number)


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
