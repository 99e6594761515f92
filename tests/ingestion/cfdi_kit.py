"""Synthetic CFDIs made by code, for the tests of the reader: valid by default, and bent by argument."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ingestion.cfdi.reader import CfdiBatch, Outcome, read_cfdis
from ingestion.reading import Refusal

DAY = date(2026, 6, 30)
UUID = "9FB6ED1A-5F37-4FEF-980A-7F8C83B51894"
PAID = "0a1b2c3d-0000-4000-8000-000000000001"
SELLO = "A" * 336 + "/kLm89=="
URIS = {"4.0": "http://www.sat.gob.mx/cfd/4", "3.3": "http://www.sat.gob.mx/cfd/3"}
TFD_URI = "http://www.sat.gob.mx/TimbreFiscalDigital"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

CONCEPT = (
    '<cfdi:Concepto ClaveProdServ="43211500" NoIdentificacion="007" Cantidad="2" ClaveUnidad="H87" Unidad="Pza" '
    'Descripcion="Servicio &amp; soporte" ValorUnitario="500.00" Importe="1000.00" ObjetoImp="02">'
    '<cfdi:Impuestos><cfdi:Traslados><cfdi:Traslado Base="1000.00" Impuesto="002" TipoFactor="Tasa" '
    'TasaOCuota="0.160000" Importe="160.00"/></cfdi:Traslados></cfdi:Impuestos></cfdi:Concepto>'
)
TAXES = (
    '<cfdi:Impuestos TotalImpuestosTrasladados="160.00"><cfdi:Traslados><cfdi:Traslado Base="1000.00" '
    'Impuesto="002" TipoFactor="Tasa" TasaOCuota="0.160000" Importe="160.00"/></cfdi:Traslados></cfdi:Impuestos>'
)
HEADER = {
    "Serie": "A",
    "Folio": "0123",
    "Fecha": "2026-03-05T10:20:30",
    "Sello": SELLO,
    "NoCertificado": "30001000000500003416",
    "Certificado": "MIIF",
    "FormaPago": "99",
    "CondicionesDePago": "CREDITO 30 DIAS",
    "SubTotal": "1000.00",
    "Moneda": "MXN",
    "TipoCambio": "1",
    "Total": "1160.00",
    "TipoDeComprobante": "I",
    "Exportacion": "01",
    "MetodoPago": "PPD",
    "LugarExpedicion": "64000",
}
P_HEADER = {
    "FormaPago": None,
    "CondicionesDePago": None,
    "SubTotal": "0",
    "Moneda": "XXX",
    "TipoCambio": None,
    "Total": "0",
    "TipoDeComprobante": "P",
    "MetodoPago": None,
}


def attributes(values: dict[str, str | None]) -> str:
    return " ".join(f'{name}="{value}"' for name, value in values.items() if value is not None)


def timbre(
    uuid: str | None = UUID, sello: str = SELLO, stamped: str = "2026-03-05T10:25:00", prefix: str = "tfd"
) -> str:
    own = attributes(
        {"Version": "1.1", "UUID": uuid, "FechaTimbrado": stamped, "RfcProvCertif": "SPR190613I52"}
    )
    return f'<{prefix}:TimbreFiscalDigital xmlns:{prefix}="{TFD_URI}" {own} SelloCFD="{sello}" NoCertificadoSAT="3"/>'


def cfdi(
    version: str = "4.0",
    *,
    before: str = "",
    emisor: str = '<cfdi:Emisor Rfc="EKU9003173C9" Nombre="ESCUELA KEMPER URGATE" RegimenFiscal="601"/>',
    receptor: str = '<cfdi:Receptor Rfc="CUSC850516316" Nombre="CESAR OSBALDO" UsoCFDI="G03"/>',
    concepts: str = CONCEPT,
    taxes: str = TAXES,
    complement: str = "",
    stamp: str | None = None,
    after: str = "",
    declaration: str = DECLARATION,
    root: str = "",
    **header: str | None,
) -> str:
    """The text of a CFDI; keyword arguments in SAT spelling replace attributes of the root (None: left out)."""
    stamp = timbre() if stamp is None else stamp
    values: dict[str, str | None] = {"Version": version, **HEADER, **header}
    if version == "3.3":
        values["Exportacion"] = None
    return (
        f'{declaration}<cfdi:Comprobante xmlns:cfdi="{URIS[version]}" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {root} {attributes(values)}>{before}{emisor}{receptor}'
        f"<cfdi:Conceptos>{concepts}</cfdi:Conceptos>{taxes}<cfdi:Complemento>{complement}{stamp}</cfdi:Complemento>"
        f"{after}</cfdi:Comprobante>"
    )


def docto(prefix: str = "pago20", inner: str = "", **values: str | None) -> str:
    given: dict[str, str | None] = {
        "IdDocumento": PAID,
        "Serie": "A",
        "Folio": "77",
        "MonedaDR": "MXN",
        "EquivalenciaDR": "1" if prefix == "pago20" else None,
        "NumParcialidad": "1",
        "ImpSaldoAnt": "1160.00",
        "ImpPagado": "500.00",
        "ImpSaldoInsoluto": "660.00",
        **values,
    }
    return f"<{prefix}:DoctoRelacionado {attributes(given)}>{inner}</{prefix}:DoctoRelacionado>"


def pago(*doctos: str, prefix: str = "pago20", **values: str | None) -> str:
    given: dict[str, str | None] = {
        "FechaPago": "2026-03-31T12:00:00",
        "FormaDePagoP": "03",
        "MonedaP": "MXN",
        "TipoCambioP": "1" if prefix == "pago20" else None,
        "Monto": "500.00",
        "NumOperacion": "0099",
        **values,
    }
    return f"<{prefix}:Pago {attributes(given)}>{''.join(doctos)}</{prefix}:Pago>"


def rep(*pagos: str, version: str = "2.0", total: str = "500.00", **options: Any) -> str:
    """A CFDI of type P."""
    if version == "2.0":
        body = (
            f'<pago20:Pagos xmlns:pago20="http://www.sat.gob.mx/Pagos20" Version="2.0">'
            f'<pago20:Totales MontoTotalPagos="{total}"/>{"".join(pagos)}</pago20:Pagos>'
        )
    else:
        body = f'<pago10:Pagos xmlns:pago10="http://www.sat.gob.mx/Pagos" Version="1.0">{"".join(pagos)}</pago10:Pagos>'
    return cfdi("4.0" if version == "2.0" else "3.3", taxes="", complement=body, **{**P_HEADER, **options})


def old_cfdi(**header: str | None) -> str:
    """A CFDI 3.2."""
    values: dict[str, str | None] = {
        "version": "3.2",
        "serie": "B",
        "folio": "9",
        "fecha": "2015-02-18T11:49:20",
        "sello": SELLO,
        "formaDePago": "PAGO EN UNA SOLA EXHIBICIÓN",
        "noCertificado": "20001000000100005867",
        "subTotal": "1000.00",
        "descuento": "100.00",
        "TipoCambio": "1.00",
        "Moneda": "Pesos",
        "total": "1044.00",
        "tipoDeComprobante": "ingreso",
        "metodoDePago": "03",
        "LugarExpedicion": "Monterrey",
        **header,
    }
    return (
        f'{DECLARATION}<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/3" {attributes(values)}>'
        '<cfdi:Emisor rfc="AAA010101AAA" nombre="EMPRESA"><cfdi:DomicilioFiscal calle="1"/></cfdi:Emisor>'
        '<cfdi:Receptor rfc="BBB010101BB1" nombre="CLIENTE"/><cfdi:Conceptos><cfdi:Concepto cantidad="1.000000" '
        'unidad="PIEZA" descripcion="Cosa" valorUnitario="1000.00" importe="1000.00"/></cfdi:Conceptos>'
        '<cfdi:Impuestos totalImpuestosTrasladados="144.00"><cfdi:Retenciones><cfdi:Retencion impuesto="ISR" '
        'importe="0.00"/></cfdi:Retenciones><cfdi:Traslados><cfdi:Traslado impuesto="IVA" tasa="16.00" '
        'importe="144.00"/></cfdi:Traslados></cfdi:Impuestos><cfdi:Complemento><tfd:TimbreFiscalDigital '
        f'xmlns:tfd="{TFD_URI}" version="1.0" UUID="{UUID}" FechaTimbrado="2015-02-18T11:51:59" '
        f'selloCFD="{values["sello"]}" noCertificadoSAT="2" selloSAT="x"/></cfdi:Complemento></cfdi:Comprobante>'
    )


def read(*documents: str | bytes) -> CfdiBatch:
    """Read documents; their source_file_id is their position."""
    items = [
        (f"{i:016x}", text.encode() if isinstance(text, str) else text) for i, text in enumerate(documents)
    ]
    return read_cfdis(items, [DAY] * len(items))


def loaded(text: str | bytes) -> dict[str, list[dict[str, Any]]]:
    """The rows of one document that must load, by table name without its prefix."""
    batch = read(text)
    assert batch.outcomes[0].refusals == []
    assert batch.outcomes[0].kind == "cfdi"
    return {name.removeprefix("cfdi__"): table.to_pylist() for name, table in batch.tables.items()}


def document(text: str | bytes) -> dict[str, Any]:
    """The one row of `documents`."""
    (row,) = loaded(text)["documents"]
    return row


def flags(text: str | bytes) -> list[str]:
    """The flags of a document that must load."""
    found = document(text)["flags"]
    return found.split(",") if found else []


def outcome(text: str | bytes) -> Outcome:
    """The outcome of a document that must be set aside, whole, with a reason of three parts."""
    batch = read(text)
    (result,) = batch.outcomes
    assert len(result.refusals) == 1
    assert all(table.num_rows == 0 for table in batch.tables.values())
    refusal = result.refusals[0]
    assert refusal.reason.count(". ") >= 1
    assert refusal.reason.endswith(".")
    assert len(refusal.raw_text) <= 500
    return result


def refusal(text: str | bytes) -> Refusal:
    """The one refusal of a document that must be set aside."""
    return outcome(text).refusals[0]


def at(*parts: int) -> datetime:
    """A local time, as CFDIs write it."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001
