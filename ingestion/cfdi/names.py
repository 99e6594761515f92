"""What the SAT calls things: namespaces, element names, and where each raw column stands in a CFDI.

Only names and paths belong here. `locate` turns a table, a column and a row's positions into the XPath
that a refusal shows, with the SAT's customary prefixes whatever the document itself uses.
"""

from __future__ import annotations

from collections.abc import Mapping

CFD4 = "http://www.sat.gob.mx/cfd/4"
CFD3 = "http://www.sat.gob.mx/cfd/3"
TFD = "{http://www.sat.gob.mx/TimbreFiscalDigital}TimbreFiscalDigital"
PAGOS20 = "http://www.sat.gob.mx/Pagos20"
PAGOS10 = "http://www.sat.gob.mx/Pagos"
IMPLOCAL = "{http://www.sat.gob.mx/implocal}ImpuestosLocales"
RETENCIONES = frozenset(
    f"{{http://www.sat.gob.mx/esquemas/retencionpago/{version}}}Retenciones" for version in (1, 2)
)

# Complements that the SAT has published, by local name; any other is loaded too, and flagged.
KNOWN_COMPLEMENTS = frozenset(
    (
        "TimbreFiscalDigital",
        "Pagos",
        "ImpuestosLocales",
        "ComercioExterior",
        "Nomina",
        "CartaPorte",
        "Donatarias",
        "Divisas",
        "EstadoDeCuentaCombustible",
        "ConsumoDeCombustibles",
        "ConsumodeCombustibles",
        "INE",
        "LeyendasFiscales",
        "NotariosPublicos",
        "PFintegranteCoordinado",
        "SPEI_Tercero",
        "Complemento_SPEI",
        "TuristaPasajeroExtranjero",
        "ValesDeDespensa",
        "Aerolineas",
        "VehiculoUsado",
        "certificadodedestruccion",
        "obrasarteantiguedades",
        "parcialesconstruccion",
        "renovacionysustitucionvehiculos",
        "servicioparcialconstruccion",
        "CFDIRegistroFiscal",
        "PagoEnEspecie",
        "detallista",
        "GastosHidrocarburos",
        "IngresosHidrocarburos",
        "PorCuentadeTerceros",
        "instEducativas",
        "VentaVehiculos",
        "acreditamientoIEPS",
        "EstadoDeCuentaBancario",
        "psgcfdsp",
        "psgecfd",
        "DeterminacionDeVentas",
        "HidroYPetro",
    )
)

_ROOT = "/cfdi:Comprobante"
_TIMBRE = f"{_ROOT}/cfdi:Complemento/tfd:TimbreFiscalDigital"
_LOCAL = f"{_ROOT}/cfdi:Complemento/implocal:ImpuestosLocales"
_PAGOS = f"{_ROOT}/cfdi:Complemento/{{prefix}}:Pagos"
_PAGO = f"{_PAGOS}/{{prefix}}:Pago[{{pago_number}}]"
_DOCTO = f"{_PAGO}/{{prefix}}:DoctoRelacionado[{{docto_number}}]"

_DOCUMENTS = {
    "uuid": f"{_TIMBRE}/@UUID",
    "fecha_timbrado": f"{_TIMBRE}/@FechaTimbrado",
    "rfc_prov_certif": f"{_TIMBRE}/@RfcProvCertif",
    "tipo_de_comprobante": f"{_ROOT}/@TipoDeComprobante",
    "subtotal": f"{_ROOT}/@SubTotal",
    "total_traslados": f"{_ROOT}/cfdi:Impuestos/@TotalImpuestosTrasladados",
    "total_retenciones": f"{_ROOT}/cfdi:Impuestos/@TotalImpuestosRetenidos",
    "implocal_traslados": f"{_LOCAL}/@TotaldeTraslados",
    "implocal_retenciones": f"{_LOCAL}/@TotaldeRetenciones",
    "emisor_rfc": f"{_ROOT}/cfdi:Emisor/@Rfc",
    "emisor_nombre": f"{_ROOT}/cfdi:Emisor/@Nombre",
    "receptor_rfc": f"{_ROOT}/cfdi:Receptor/@Rfc",
    "receptor_nombre": f"{_ROOT}/cfdi:Receptor/@Nombre",
    "receptor_num_reg_id_trib": f"{_ROOT}/cfdi:Receptor/@NumRegIdTrib",
    "receptor_residencia_fiscal": f"{_ROOT}/cfdi:Receptor/@ResidenciaFiscal",
    "uso_cfdi": f"{_ROOT}/cfdi:Receptor/@UsoCFDI",
    "global_periodicidad": f"{_ROOT}/cfdi:InformacionGlobal/@Periodicidad",
    "global_meses": f"{_ROOT}/cfdi:InformacionGlobal/@Meses",
    "global_anio": f"{_ROOT}/cfdi:InformacionGlobal/@Año",
    "sello_sha256": f"{_ROOT}/@Sello",
    "pagos_monto_total_mxn": f"{_PAGOS}/{{prefix}}:Totales/@MontoTotalPagos",
}
# Where the rows of a child table stand; their columns are attributes named like the column.
_CHILDREN = {
    "related": f"{_ROOT}/cfdi:CfdiRelacionados//cfdi:CfdiRelacionado[{{position}}]",
    "taxes": f"{_ROOT}/cfdi:Impuestos//cfdi:{{kind}}[{{position}}]",
    "concepts": f"{_ROOT}/cfdi:Conceptos/cfdi:Concepto[{{position}}]",
    "payments": _PAGO,
    "payment_documents": _DOCTO,
    "payment_taxes": f"{_DOCTO}/{{prefix}}:ImpuestosDR//{{prefix}}:{{kind}}DR[{{position}}]",
}
_ATTRIBUTES = {
    "related_uuid": "UUID",
    "tasa_o_cuota": "TasaOCuota",
    "clave_prod_serv": "ClaveProdServ",
    "moneda_p": "MonedaP",
    "tipo_cambio_p": "TipoCambioP",
    "forma_de_pago_p": "FormaDePagoP",
    "moneda_dr": "MonedaDR",
    "metodo_de_pago_dr": "MetodoDePagoDR",
    "objeto_imp_dr": "ObjetoImpDR",
}


def _attribute(column: str) -> str:
    """`valor_unitario` → `ValorUnitario`, unless the SAT writes it otherwise."""
    return _ATTRIBUTES.get(column) or "".join(part.capitalize() for part in column.split("_"))


def locate(table: str, column: str, row: Mapping[str, object], version: str, pagos: str | None) -> str:
    """The XPath of one value, from its table, its column and the positions in its row."""
    prefix = "pago10" if pagos == "1.0" else "pago20"
    if table == "documents":
        path = (_DOCUMENTS.get(column) or f"{_ROOT}/@{_attribute(column)}").format(prefix=prefix)
    else:
        kind = "Retencion" if row.get("kind") == "retencion" else "Traslado"
        base = _CHILDREN[table].format(**{**row, "prefix": prefix, "kind": kind})
        attribute = _attribute(column)
        if table == "payment_taxes":
            attribute += "DR"
        elif column == "equivalencia_dr":
            attribute = "TipoCambioDR" if pagos == "1.0" else "EquivalenciaDR"
        path = f"{base}/@{attribute}"
    if version == "3.2" and not path.startswith(_TIMBRE):  # 3.2 writes its attributes in lower case
        head, at, name = path.rpartition("@")
        path = head + at + (name if name == "LugarExpedicion" else name[:1].lower() + name[1:])
    return path
