"""The Pagos complement, 1.0 and 2.0: payments, the documents they pay, and those documents' taxes.

Amounts stay as written, in the currency of the document (ImpPagado is in MonedaDR). Only what Pagos 1.0 may
leave out by its own rules is completed here, and flagged; anything else that is missing refuses the CFDI.
"""

from __future__ import annotations

from ingestion.cfdi.names import PAGOS10, PAGOS20
from ingestion.cfdi.refused import Refused, note, repeated
from ingestion.cfdi.rows import Rows
from ingestion.cfdi.xml import Node


class PagosTags:
    """The element names of one Pagos namespace."""

    def __init__(self, uri: str, version: str):
        self.version = version
        self.pagos = f"{{{uri}}}Pagos"
        self.pago = f"{{{uri}}}Pago"
        self.totales = f"{{{uri}}}Totales"
        self.docto = f"{{{uri}}}DoctoRelacionado"
        self.impuestos = f"{{{uri}}}ImpuestosDR"
        self.traslados = f"{{{uri}}}TrasladosDR"
        self.retenciones = f"{{{uri}}}RetencionesDR"
        self.equivalence = "EquivalenciaDR" if version == "2.0" else "TipoCambioDR"


PAGOS = {tags.pagos: tags for tags in (PagosTags(PAGOS20, "2.0"), PagosTags(PAGOS10, "1.0"))}


def read_pagos(
    complements: dict[str, Node], position: int, rows: Rows, kind: str, flags: list[str]
) -> tuple[str | None, str | None]:
    """Add the payments and their documents; gives the version and MontoTotalPagos."""
    present = [tag for tag in PAGOS if tag in complements]
    if not present:
        if kind == "P":
            flags.append("without_pagos")
        return None, None
    if len(present) > 1:
        raise repeated("cfdi:Complemento/pago20:Pagos")
    pagos, tags = complements[present[0]], PAGOS[present[0]]
    if kind != "P":
        raise Refused(
            "pagos_not_in_p",
            "/cfdi:Comprobante/cfdi:Complemento/pago20:Pagos",
            f"El complemento de pagos viene en un CFDI de tipo {kind} y solo cabe en uno de tipo P",
        )
    totals: Node | None = None
    number = 0
    for pago in pagos[:]:
        tag = pago.tag
        if tag == tags.totales:
            if totals is not None:
                raise repeated("cfdi:Complemento/pago20:Pagos/pago20:Totales")
            totals = pago
        if tag != tags.pago:
            continue
        number += 1
        get = pago.get
        currency, amount = get("MonedaP"), get("Monto")
        rows.payments += (
            position,
            number,
            get("FechaPago"),
            get("FormaDePagoP"),
            currency,
            get("TipoCambioP"),
            amount,
            get("NumOperacion"),
            get("RfcEmisorCtaOrd"),
            get("CtaOrdenante"),
            get("RfcEmisorCtaBen"),
            get("CtaBeneficiario"),
        )
        _payment_documents(pago, (position, number), rows, tags, flags)
    if not number:
        flags.append("without_pagos")
    return tags.version, None if totals is None else totals.get("MontoTotalPagos")


def _payment_documents(
    pago: Node, key: tuple[int, int], rows: Rows, tags: PagosTags, flags: list[str]
) -> None:
    position, pago_number = key
    flat = rows.payment_documents
    number = 0
    for docto in pago[:]:
        if docto.tag != tags.docto:
            continue
        number += 1
        get = docto.get
        equivalence, paid, currency = get(tags.equivalence), get("ImpPagado"), get("MonedaDR")
        if not equivalence or not paid:
            equivalence, paid = _completed(pago, docto, (pago_number, number), tags, flags)
        elif tags.version == "1.0" and currency == "MXN" and pago.get("MonedaP") != "MXN":
            # Rule CRP220 makes the issuer write "1" here, which converts nothing: TipoCambioP does.
            equivalence = pago.get("TipoCambioP")
            note(flags, "pagos10_equivalence_from_tipo_cambio_p")
        flat += (
            position,
            pago_number,
            number,
            _document_id(get("IdDocumento"), flags),
            get("Serie"),
            get("Folio"),
            currency,
            equivalence,
            get("MetodoDePagoDR"),
            get("NumParcialidad"),
            get("ImpSaldoAnt"),
            paid,
            get("ImpSaldoInsoluto"),
            get("ObjetoImpDR"),
        )
        for taxes in docto[:]:
            if taxes.tag == tags.impuestos:
                _payment_taxes(taxes, (position, pago_number, number), rows, tags)


def _document_id(text: str | None, flags: list[str]) -> str:
    """The document that is paid; without one the payment still counts, and finds no invoice."""
    if text:
        return text
    note(flags, "id_documento_missing")
    return ""


def _completed(
    pago: Node, docto: Node, key: tuple[int, int], tags: PagosTags, flags: list[str]
) -> tuple[str | None, str | None]:
    """The equivalence and the amount paid where the document leaves them out.

    Same currency: the equivalence is 1 by definition. Pagos 1.0 may leave ImpPagado out when the payment
    has one document and nothing to convert: then it is the Monto (CRP235 otherwise).
    """
    equivalence, paid = docto.get(tags.equivalence) or None, docto.get("ImpPagado") or None
    same = docto.get("MonedaDR") == pago.get("MonedaP")
    if paid is None:
        alone = len(list(pago.iterchildren(tags.docto))) == 1
        if tags.version != "1.0" or not alone or not same or equivalence is not None:
            prefix = "pago10" if tags.version == "1.0" else "pago20"
            raise Refused(
                "imp_pagado_missing",
                f"/cfdi:Comprobante/cfdi:Complemento/{prefix}:Pagos/{prefix}:Pago[{key[0]}]"
                f"/{prefix}:DoctoRelacionado[{key[1]}]/@ImpPagado",
                "Falta el importe pagado del documento y no se puede deducir del Monto",
            )
        paid = pago.get("Monto")
        note(flags, "imp_pagado_from_monto")
    if equivalence is None and same:
        equivalence = "1"
    return equivalence, paid


def _payment_taxes(impuestos: Node, key: tuple[int, int, int], rows: Rows, tags: PagosTags) -> None:
    number = 0
    for group in impuestos[:]:
        if group.tag == tags.traslados:
            kind = "traslado"
        elif group.tag == tags.retenciones:
            kind = "retencion"
        else:
            continue
        for node in group[:]:
            number += 1
            get = node.get
            rows.payment_taxes += (
                *key,
                number,
                kind,
                get("ImpuestoDR"),
                get("TipoFactorDR"),
                get("TasaOCuotaDR"),
                get("BaseDR"),
                get("ImporteDR"),
            )
