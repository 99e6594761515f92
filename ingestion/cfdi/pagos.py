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
        self.equivalence = b"EquivalenciaDR" if version == "2.0" else b"TipoCambioDR"


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
        currency, amount = get(b"MonedaP"), get(b"Monto")
        rows.payments.texts += (
            get(b"FechaPago"),
            get(b"FormaDePagoP"),
            currency,
            get(b"TipoCambioP"),
            amount,
            get(b"NumOperacion"),
            get(b"RfcEmisorCtaOrd"),
            get(b"CtaOrdenante"),
            get(b"RfcEmisorCtaBen"),
            get(b"CtaBeneficiario"),
        )
        rows.payments.counts += (position, number)
        _payment_documents(pago, (position, number), rows, tags, flags)
    if not number:
        flags.append("without_pagos")
    return tags.version, None if totals is None else totals.get(b"MontoTotalPagos")


def _payment_documents(
    pago: Node, key: tuple[int, int], rows: Rows, tags: PagosTags, flags: list[str]
) -> None:
    position, pago_number = key
    counts, texts = rows.payment_documents.counts, rows.payment_documents.texts
    for number, docto in enumerate(pago.iterchildren(tags.docto), start=1):
        get = docto.get
        equivalence, paid, currency = get(tags.equivalence), get(b"ImpPagado"), get(b"MonedaDR")
        if not equivalence or not paid:
            equivalence, paid = _completed(pago, docto, (pago_number, number), tags, flags)
        elif tags.version == "1.0" and currency == "MXN" and pago.get(b"MonedaP") != "MXN":
            # Rule CRP220 makes the issuer write "1" here, which converts nothing: TipoCambioP does.
            equivalence = pago.get(b"TipoCambioP")
            note(flags, "pagos10_equivalence_from_tipo_cambio_p")
        texts += (
            _document_id(get(b"IdDocumento"), flags),
            get(b"Serie"),
            get(b"Folio"),
            currency,
            equivalence,
            get(b"MetodoDePagoDR"),
            get(b"NumParcialidad"),
            get(b"ImpSaldoAnt"),
            paid,
            get(b"ImpSaldoInsoluto"),
            get(b"ObjetoImpDR"),
        )
        counts += (position, pago_number, number)
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
    equivalence, paid = docto.get(tags.equivalence) or None, docto.get(b"ImpPagado") or None
    same = docto.get(b"MonedaDR") == pago.get(b"MonedaP")
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
        paid = pago.get(b"Monto")
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
            rows.payment_taxes.texts += (
                kind,
                get(b"ImpuestoDR"),
                get(b"TipoFactorDR"),
                get(b"TasaOCuotaDR"),
                get(b"BaseDR"),
                get(b"ImporteDR"),
            )
            rows.payment_taxes.counts += (*key, number)
