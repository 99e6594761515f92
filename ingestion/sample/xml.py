"""The sample's CFDI 4.0 as text: type I, E and P (Pagos 2.0), stamped, from string templates.

Text, not an XML library, because tens of thousands are written in a demo. Whatever comes from a name or a
description passes `esc`. Seals and certificates are plausible noise that depends on the UUID only: they
prove nothing, and no Cartera check takes them for real.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from ingestion.sample.model import (
    FOREIGN_RFC,
    MXN,
    PUBLIC_RFC,
    ZERO,
    Application,
    Company,
    CreditNote,
    Customer,
    Invoice,
    Line,
    Payment,
    Tax,
    money,
)  # fmt: skip

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"{pago_ns} '
    'xsi:schemaLocation="http://www.sat.gob.mx/cfd/4 http://www.sat.gob.mx/sitio_internet/cfd/4/cfdv40.xsd{pago_xsd}" '
    'Version="4.0"'
)
PAGO_NS = ' xmlns:pago20="http://www.sat.gob.mx/Pagos20"'
PAGO_XSD = " http://www.sat.gob.mx/Pagos20 http://www.sat.gob.mx/sitio_internet/cfd/Pagos/Pagos20.xsd"
HEAD_PLAIN = HEAD.format(pago_ns="", pago_xsd="")
HEAD_PAGO = HEAD.format(pago_ns=PAGO_NS, pago_xsd=PAGO_XSD)
CERTIFICATE_NUMBER = "00001000000700000017"
PAC_CERTIFICATE_NUMBER = "00001000000700000099"
PAC_RFC = "PAC010101AA6"  # invented
SIX = Decimal("0.000001")
TEN = Decimal("0.0000000001")
VAT_TOTALS = {"0.160000": "IVA16", "0.080000": "IVA8", "0.000000": "IVA0", "": "IVAExento"}
RETENTION_TOTALS = {"001": "ISR", "002": "IVA"}


@lru_cache(maxsize=20_000)
def esc(text: str) -> str:
    """Text for an attribute in double quotes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def noise(text: str, size: int = 256) -> str:
    """Base64 of `size` bytes that depend on the text alone."""
    return base64.b64encode(hashlib.shake_256(text.encode()).digest(size)).decode()


@lru_cache(maxsize=4)
def _certificate(rfc: str) -> str:
    return noise("certificado " + rfc, 1038)


def _head(company: Company, head: str, uuid: str, at: datetime, kind: str, attributes: str) -> str:
    return (
        f'{head}{attributes} Fecha="{at:%Y-%m-%dT%H:%M:%S}" Sello="{noise(uuid)}" '
        f'NoCertificado="{CERTIFICATE_NUMBER}" Certificado="{_certificate(company.rfc)}" '
        f'TipoDeComprobante="{kind}" Exportacion="01" LugarExpedicion="37000">'
    )


def _related(groups: Iterable[tuple[str, list[str]]]) -> str:
    return "".join(
        f'<cfdi:CfdiRelacionados TipoRelacion="{relation}">'
        + "".join(f'<cfdi:CfdiRelacionado UUID="{uuid}"/>' for uuid in uuids)
        + "</cfdi:CfdiRelacionados>"
        for relation, uuids in groups
    )


def _parties(company: Company, customer: Customer, use: str) -> str:
    abroad = ""
    if customer.num_reg_id_trib:
        abroad = f' ResidenciaFiscal="{customer.country}" NumRegIdTrib="{customer.num_reg_id_trib}"'
    if customer.rfc in (PUBLIC_RFC, FOREIGN_RFC) and use not in ("CP01",):
        use = "S01"
    return (
        f'<cfdi:Emisor Rfc="{esc(company.rfc)}" Nombre="{esc(company.fiscal_name)}" RegimenFiscal="601"/>'
        f'<cfdi:Receptor Rfc="{esc(customer.rfc)}" Nombre="{esc(customer.fiscal_name)}" '
        f'DomicilioFiscalReceptor="{customer.postcode}"{abroad} RegimenFiscalReceptor="{customer.regimen}" '
        f'UsoCFDI="{use}"/>'
    )


def _stamp(uuid: str, at: datetime) -> str:
    return (
        '<tfd:TimbreFiscalDigital xmlns:tfd="http://www.sat.gob.mx/TimbreFiscalDigital" '
        'xsi:schemaLocation="http://www.sat.gob.mx/TimbreFiscalDigital '
        'http://www.sat.gob.mx/sitio_internet/cfd/TimbreFiscalDigital/TimbreFiscalDigitalv11.xsd" '
        f'Version="1.1" UUID="{uuid}" FechaTimbrado="{at + timedelta(minutes=2):%Y-%m-%dT%H:%M:%S}" '
        f'RfcProvCertif="{PAC_RFC}" SelloCFD="{noise(uuid)}" NoCertificadoSAT="{PAC_CERTIFICATE_NUMBER}" '
        f'SelloSAT="{noise("sat" + uuid)}"/>'
    )


def _line_tax(tax: Tax) -> str:
    if not tax.rate:
        return f'<cfdi:Traslado Base="{tax.base}" Impuesto="{tax.impuesto}" TipoFactor="Exento"/>'
    name = "Traslado" if tax.kind == "traslado" else "Retencion"
    return (
        f'<cfdi:{name} Base="{tax.base}" Impuesto="{tax.impuesto}" TipoFactor="Tasa" TasaOCuota="{tax.rate}" '
        f'Importe="{tax.amount}"/>'
    )


def _line(line: Line) -> str:
    added = "".join(_line_tax(t) for t in line.taxes if t.kind == "traslado")
    held = "".join(_line_tax(t) for t in line.taxes if t.kind == "retencion")
    taxes = f"<cfdi:Traslados>{added}</cfdi:Traslados>" + (
        f"<cfdi:Retenciones>{held}</cfdi:Retenciones>" if held else ""
    )
    sku = f' NoIdentificacion="{line.sku}"' if line.sku else ""
    discount = f' Descuento="{line.discount}"' if line.discount else ""
    return (
        f'<cfdi:Concepto ClaveProdServ="{line.clave}"{sku} Cantidad="{line.quantity}" ClaveUnidad="{line.unit}" '
        f'Unidad="{esc(line.unit_name)}" Descripcion="{esc(line.description)}" ValorUnitario="{line.price}" '
        f'Importe="{line.amount}"{discount} ObjetoImp="02"><cfdi:Impuestos>{taxes}</cfdi:Impuestos></cfdi:Concepto>'
    )


def _document_taxes(taxes: list[Tax]) -> str:
    held: dict[str, Decimal] = {}
    for tax in taxes:
        if tax.kind == "retencion":
            held[tax.impuesto] = held.get(tax.impuesto, ZERO) + tax.amount
    added = [t for t in taxes if t.kind == "traslado"]
    attributes = f' TotalImpuestosRetenidos="{sum(held.values(), ZERO)}"' if held else ""
    if any(t.rate for t in added):
        attributes += f' TotalImpuestosTrasladados="{sum((t.amount for t in added), ZERO)}"'
    held_xml = "".join(f'<cfdi:Retencion Impuesto="{k}" Importe="{v}"/>' for k, v in sorted(held.items()))
    return (
        f"<cfdi:Impuestos{attributes}>"
        + (f"<cfdi:Retenciones>{held_xml}</cfdi:Retenciones>" if held else "")
        + "<cfdi:Traslados>" + "".join(_line_tax(t) for t in added) + "</cfdi:Traslados></cfdi:Impuestos>"
    )  # fmt: skip


def _money_attributes(
    currency: str, rate: Decimal, subtotal: Decimal, discount: Decimal, total: Decimal
) -> str:
    exchange = "" if currency == MXN else f' TipoCambio="{rate}"'
    off = f' Descuento="{discount}"' if discount else ""
    return f' SubTotal="{subtotal}"{off} Moneda="{currency}"{exchange} Total="{total}"'


def invoice_xml(company: Company, invoice: Invoice) -> str:
    """A CFDI of type I."""
    terms = f' CondicionesDePago="{esc(invoice.conditions)}"' if invoice.conditions else ""
    attributes = (
        f' Serie="{invoice.serie}" Folio="{invoice.folio}" FormaPago="{invoice.forma_pago}"{terms} '
        f'MetodoPago="{invoice.metodo_pago}"'
    ) + _money_attributes(
        invoice.currency, invoice.fx_rate, invoice.subtotal, invoice.discount, invoice.total
    )
    relations = []
    if invoice.replaces:
        relations.append(("04", [invoice.replaces.uuid]))
    if invoice.advance:
        relations.append(("07", [invoice.advance.uuid]))
    globals_ = ""
    if invoice.is_global:
        at = invoice.issued_at
        globals_ = f'<cfdi:InformacionGlobal Periodicidad="04" Meses="{at:%m}" Año="{at:%Y}"/>'
    return (
        _head(company, HEAD_PLAIN, invoice.uuid, invoice.issued_at, "I", attributes)
        + globals_
        + _related(relations)
        + _parties(company, invoice.customer, "G01" if invoice.lines[0].unit == "H87" else "G03")
        + f"<cfdi:Conceptos>{''.join(map(_line, invoice.lines))}</cfdi:Conceptos>"
        + _document_taxes(invoice.taxes)
        + f"<cfdi:Complemento>{_stamp(invoice.uuid, invoice.issued_at)}</cfdi:Complemento></cfdi:Comprobante>\n"
    )


def credit_note_xml(company: Company, note: CreditNote) -> str:
    """A CFDI of type E."""
    form = "30" if note.relation == "07" else "15" if note.relation == "01" else "03"
    attributes = f' Serie="NC" Folio="{note.folio}" FormaPago="{form}" MetodoPago="PUE"' + _money_attributes(
        note.currency, note.fx_rate, note.subtotal, ZERO, note.total
    )
    line = Line(
        "84111506", "ACT", "Actividad", "", note.reason, 1, note.subtotal, note.subtotal, ZERO, note.taxes
    )
    return (
        _head(company, HEAD_PLAIN, note.uuid, note.issued_at, "E", attributes)
        + (_related([(note.relation, [i.uuid for i in note.related])]) if note.related else "")
        + _parties(company, note.customer, "G02")
        + f"<cfdi:Conceptos>{_line(line)}</cfdi:Conceptos>"
        + _document_taxes(note.taxes)
        + f"<cfdi:Complemento>{_stamp(note.uuid, note.issued_at)}</cfdi:Complemento></cfdi:Comprobante>\n"
    )


class _PaidTaxes:
    """Sums the taxes of a Pago: per document as declared, per payment in its currency."""

    def __init__(self) -> None:
        self.added: dict[tuple[str, str], list[Decimal]] = {}
        self.held: dict[str, Decimal] = {}

    def of_document(self, item: Application, equivalence: Decimal) -> str:
        """The DoctoRelacionado's ImpuestosDR, adding to the sums."""
        added, held = "", ""
        share = item.amount / item.invoice.total
        for tax in item.invoice.taxes:
            base = money(tax.base * share)
            amount = money(base * Decimal(tax.rate or 0))
            body = f'BaseDR="{base}" ImpuestoDR="{tax.impuesto}" TipoFactorDR="{"Tasa" if tax.rate else "Exento"}"'
            if tax.rate:
                body += f' TasaOCuotaDR="{tax.rate}" ImporteDR="{amount}"'
            if tax.kind == "retencion":
                held += f"<pago20:RetencionDR {body}/>"
                self.held[tax.impuesto] = self.held.get(tax.impuesto, ZERO) + amount / equivalence
                continue
            added += f"<pago20:TrasladoDR {body}/>"
            sums = self.added.setdefault((tax.impuesto, tax.rate), [ZERO, ZERO])
            sums[0] += base / equivalence
            sums[1] += amount / equivalence
        held = f"<pago20:RetencionesDR>{held}</pago20:RetencionesDR>" if held else ""
        added = f"<pago20:TrasladosDR>{added}</pago20:TrasladosDR>"
        return f"<pago20:ImpuestosDR>{held}{added}</pago20:ImpuestosDR>"

    def of_payment(self) -> str:
        """The Pago's ImpuestosP."""
        held = "".join(
            f'<pago20:RetencionP ImpuestoP="{k}" ImporteP="{_six(v)}"/>' for k, v in sorted(self.held.items())
        )
        added = ""
        for (impuesto, rate), (base, amount) in sorted(self.added.items()):
            factor = f'Tasa" TasaOCuotaP="{rate}" ImporteP="{_six(amount)}"' if rate else 'Exento"'
            added += f'<pago20:TrasladoP BaseP="{_six(base)}" ImpuestoP="{impuesto}" TipoFactorP="{factor}/>'
        held = f"<pago20:RetencionesP>{held}</pago20:RetencionesP>" if held else ""
        return f"<pago20:ImpuestosP>{held}<pago20:TrasladosP>{added}</pago20:TrasladosP></pago20:ImpuestosP>"


def _six(value: Decimal) -> str:
    return str(value.quantize(SIX, ROUND_HALF_UP))


def _pago(payment: Payment, totals: dict[str, Decimal]) -> str:
    taxes, documents = _PaidTaxes(), ""
    for item in payment.applications:
        invoice = item.invoice
        same = invoice.currency == payment.currency
        eq = Decimal(1) if same else (item.amount / item.amount_payment).quantize(TEN, ROUND_HALF_UP)
        uuid = invoice.uuid.lower() if invoice.folio % 5 == 0 else invoice.uuid
        documents += (
            f'<pago20:DoctoRelacionado IdDocumento="{uuid}" '
            f'Serie="{invoice.serie}" Folio="{invoice.folio}" MonedaDR="{invoice.currency}" EquivalenciaDR="{eq}" '
            f'NumParcialidad="{item.partiality}" ImpSaldoAnt="{item.balance_before}" ImpPagado="{item.amount}" '
            f'ImpSaldoInsoluto="{item.balance_after}" ObjetoImpDR="02">'
            f"{taxes.of_document(item, eq)}</pago20:DoctoRelacionado>"
        )
    for (_, rate), (base, amount) in taxes.added.items():
        _add(totals, f"TotalTrasladosBase{VAT_TOTALS[rate]}", base * payment.fx_rate)
        if rate:
            _add(totals, f"TotalTrasladosImpuesto{VAT_TOTALS[rate]}", amount * payment.fx_rate)
    for impuesto, amount in taxes.held.items():
        _add(totals, f"TotalRetenciones{RETENTION_TOTALS[impuesto]}", amount * payment.fx_rate)
    _add(totals, "MontoTotalPagos", payment.amount * payment.fx_rate)
    return (
        f'<pago20:Pago FechaPago="{payment.date:%Y-%m-%d}T12:00:00" FormaDePagoP="{payment.forma_pago}" '
        f'MonedaP="{payment.currency}" TipoCambioP="{payment.fx_rate}" Monto="{payment.amount}" '
        f'NumOperacion="{payment.reference}">{documents}{taxes.of_payment()}</pago20:Pago>'
    )


def _add(totals: dict[str, Decimal], name: str, amount: Decimal) -> None:
    totals[name] = totals.get(name, ZERO) + amount


def rep_xml(company: Company, payments: list[Payment]) -> str:
    """A CFDI of type P with one Pago per payment."""
    rep = payments[0].rep
    if rep is None:
        raise ValueError("payment without REP")
    totals: dict[str, Decimal] = {}
    pagos = "".join(_pago(payment, totals) for payment in payments)
    sums = "".join(f' {name}="{money(value)}"' for name, value in totals.items())
    attributes = f' Serie="P" Folio="{rep.folio}" SubTotal="0" Moneda="XXX" Total="0"'
    return (
        _head(company, HEAD_PAGO, rep.uuid, rep.stamped_at, "P", attributes)
        + _parties(company, payments[0].customer, "CP01")
        + '<cfdi:Conceptos><cfdi:Concepto ClaveProdServ="84111506" Cantidad="1" ClaveUnidad="ACT" '
        'Descripcion="Pago" ValorUnitario="0" Importe="0" ObjetoImp="01"/></cfdi:Conceptos>'
        f'<cfdi:Complemento><pago20:Pagos Version="2.0"><pago20:Totales{sums}/>{pagos}</pago20:Pagos>'
        f"{_stamp(rep.uuid, rep.stamped_at)}</cfdi:Complemento></cfdi:Comprobante>\n"
    )
