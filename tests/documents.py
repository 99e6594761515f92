"""Small documents for tests, written by code: CFDI 4.0 as text, and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

US = "EKU9003173C9"  # the SAT's own test RFCs
THEM = "XIA190128J61"


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _stamp(identity: str, date: str, seal: str) -> str:
    return (
        '<cfdi:Complemento>{extra}<tfd:TimbreFiscalDigital xmlns:tfd="http://www.sat.gob.mx/TimbreFiscalDigital" '
        f'Version="1.1" UUID="{identity}" FechaTimbrado="{date}T12:00:05" RfcProvCertif="SPR190613I52" '
        f'SelloCFD="{seal}" NoCertificadoSAT="30001000000500003456" SelloSAT="c2F0"/></cfdi:Complemento>'
    )


def invoice(
    number: int,
    total: str = "1160.00",
    *,
    date: str = "2026-05-04",
    folio: str = "",
    method: str = "PPD",
    seal: str = "c2VsbG8x",
    kind: str = "I",
    related: str = "",
    addenda: str = "",
    currency: str = "MXN",
) -> bytes:
    """A stamped CFDI 4.0 of type I or E, 16 % VAT inside `total`."""
    form = "99" if method == "PPD" else "03"
    rate = ' TipoCambio="17.5"' if currency != "MXN" else ""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" Version="4.0" Serie="A" '
        f'Folio="{folio or number}" Fecha="{date}T12:00:00" Sello="{seal}" FormaPago="{form}" '
        f'NoCertificado="30001000000500003416" Certificado="Y2VydA==" SubTotal="{total}" Moneda="{currency}"{rate} '
        f'Total="{total}" TipoDeComprobante="{kind}" Exportacion="01" MetodoPago="{method}" '
        f'LugarExpedicion="42501">{related}'
        f'<cfdi:Emisor Rfc="{US}" Nombre="ESCUELA KEMPER URGATE" RegimenFiscal="601"/>'
        f'<cfdi:Receptor Rfc="{THEM}" Nombre="XENON INDUSTRIAL ARTICLES" DomicilioFiscalReceptor="76343" '
        'RegimenFiscalReceptor="601" UsoCFDI="G03"/>'
        '<cfdi:Conceptos><cfdi:Concepto ClaveProdServ="01010101" Cantidad="1" ClaveUnidad="ACT" '
        f'Descripcion="Servicio" ValorUnitario="{total}" Importe="{total}" ObjetoImp="01"/></cfdi:Conceptos>'
        f"{_stamp(uuid(number), date, seal).format(extra='')}{addenda}</cfdi:Comprobante>"
    )
    return text.encode()


def payment(number: int, date: str, paid: Sequence[tuple[int, str, str, str]], method: str = "03") -> bytes:
    """A stamped REP; `paid`: (invoice number, ImpSaldoAnt, ImpPagado, ImpSaldoInsoluto)."""
    documents = "".join(
        f'<pago20:DoctoRelacionado IdDocumento="{uuid(n).upper()}" MonedaDR="MXN" EquivalenciaDR="1" '
        f'NumParcialidad="1" ImpSaldoAnt="{before}" ImpPagado="{amount}" ImpSaldoInsoluto="{after}" ObjetoImpDR="01"/>'
        for n, before, amount, after in paid
    )
    total = sum(int(amount.replace(".", "")) for _, _, amount, _ in paid)
    amount = f"{total // 100}.{total % 100:02d}"
    extra = (
        '<pago20:Pagos xmlns:pago20="http://www.sat.gob.mx/Pagos20" Version="2.0">'
        f'<pago20:Totales MontoTotalPagos="{amount}"/><pago20:Pago FechaPago="{date}T12:00:00" '
        f'FormaDePagoP="{method}" MonedaP="MXN" TipoCambioP="1" Monto="{amount}">{documents}</pago20:Pago>'
        "</pago20:Pagos>"
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" Version="4.0" Serie="P" '
        f'Folio="{number}" Fecha="{date}T12:30:00" Sello="cmVw" NoCertificado="30001000000500003416" '
        'Certificado="Y2VydA==" SubTotal="0" Moneda="XXX" Total="0" TipoDeComprobante="P" Exportacion="01" '
        'LugarExpedicion="42501">'
        f'<cfdi:Emisor Rfc="{US}" Nombre="ESCUELA KEMPER URGATE" RegimenFiscal="601"/>'
        f'<cfdi:Receptor Rfc="{THEM}" Nombre="XENON INDUSTRIAL ARTICLES" DomicilioFiscalReceptor="76343" '
        'RegimenFiscalReceptor="601" UsoCFDI="CP01"/>'
        '<cfdi:Conceptos><cfdi:Concepto ClaveProdServ="84111506" Cantidad="1" ClaveUnidad="ACT" '
        'Descripcion="Pago" ValorUnitario="0" Importe="0" ObjetoImp="01"/></cfdi:Conceptos>'
        f"{_stamp(uuid(number), date, 'cmVw').format(extra=extra)}</cfdi:Comprobante>"
    )
    return text.encode()


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """A CSV with its lines dedented."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [line.strip() for line in text.strip().splitlines()]
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path
