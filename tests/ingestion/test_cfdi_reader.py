"""What the reader takes from a CFDI: every field of the contract, in the right place and exact."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256

import pytest

from ingestion.contracts import CFDI_TABLES, RAW_TABLES
from tests.ingestion.cfdi_kit import (
    DAY,
    PAID,
    SELLO,
    UUID,
    at,
    cfdi,
    docto,
    document,
    flags,
    loaded,
    old_cfdi,
    outcome,
    pago,
    read,
    refusal,
    rep,
    timbre,
)

D = Decimal


def test_an_invoice_has_every_field_in_its_place() -> None:
    assert document(cfdi()) == {
        "uuid": UUID.lower(),
        "version": "4.0",
        "tipo_de_comprobante": "I",
        "serie": "A",
        "folio": "0123",
        "fecha": at(2026, 3, 5, 10, 20, 30),
        "fecha_timbrado": at(2026, 3, 5, 10, 25),
        "moneda": "MXN",
        "tipo_cambio": D(1),
        "subtotal": D(1000),
        "descuento": None,
        "total": D(1160),
        "total_traslados": D(160),
        "total_retenciones": None,
        "implocal_traslados": None,
        "implocal_retenciones": None,
        "metodo_pago": "PPD",
        "forma_pago": "99",
        "condiciones_de_pago": "CREDITO 30 DIAS",
        "lugar_expedicion": "64000",
        "exportacion": "01",
        "emisor_rfc": "EKU9003173C9",
        "emisor_nombre": "ESCUELA KEMPER URGATE",
        "receptor_rfc": "CUSC850516316",
        "receptor_nombre": "CESAR OSBALDO",
        "receptor_num_reg_id_trib": None,
        "receptor_residencia_fiscal": None,
        "uso_cfdi": "G03",
        "global_periodicidad": None,
        "global_meses": None,
        "global_anio": None,
        "is_global": False,
        "no_certificado": "30001000000500003416",
        "rfc_prov_certif": "SPR190613I52",
        "sello_sha256": sha256(SELLO.encode()).hexdigest(),
        "sello_last8": "/kLm89==",
        "pagos_version": None,
        "pagos_monto_total_mxn": None,
        "concepts_count": 1,
        "complements": None,
        "addenda_names": None,
        "flags": None,
        "source_file_id": "0" * 16,
        "delivery_date": DAY,
    }


def test_concepts_and_taxes_are_told_apart_by_their_path() -> None:
    rows = loaded(cfdi())
    assert rows["concepts"] == [
        {
            "uuid": UUID.lower(),
            "position": 1,
            "clave_prod_serv": "43211500",
            "no_identificacion": "007",
            "cantidad": D(2),
            "clave_unidad": "H87",
            "unidad": "Pza",
            "descripcion": "Servicio & soporte",
            "valor_unitario": D(500),
            "importe": D(1000),
            "descuento": None,
            "objeto_imp": "02",
            "source_file_id": "0" * 16,
            "delivery_date": DAY,
        }
    ]
    assert [
        (t["kind"], t["impuesto"], t["tasa_o_cuota"], t["base"], t["importe"]) for t in rows["taxes"]
    ] == [("traslado", "002", D("0.16"), D(1000), D(160))]


def test_tables_have_the_schemas_of_the_contract() -> None:
    for batch in (read(cfdi(), rep(pago(docto()))), read(), read("<a/>")):
        assert {name: table.schema for name, table in batch.tables.items()} == {
            table.name: RAW_TABLES[table.name].arrow_schema for table in CFDI_TABLES.values()
        }


def test_retentions_and_local_taxes() -> None:
    # 1000 + 160 - 100 - 106.67 - 5 = 948.33: what the customer owes
    taxes = (
        '<cfdi:Impuestos TotalImpuestosRetenidos="206.67" TotalImpuestosTrasladados="160.00"><cfdi:Retenciones>'
        '<cfdi:Retencion Impuesto="001" Importe="100.00"/><cfdi:Retencion Impuesto="002" Importe="106.67"/>'
        '</cfdi:Retenciones><cfdi:Traslados><cfdi:Traslado Base="1000" Impuesto="002" TipoFactor="Tasa" '
        'TasaOCuota="0.160000" Importe="160.00"/></cfdi:Traslados></cfdi:Impuestos>'
    )
    local = (
        '<implocal:ImpuestosLocales xmlns:implocal="http://www.sat.gob.mx/implocal" version="1.0" '
        'TotaldeRetenciones="5.00" TotaldeTraslados="0.00"/>'
    )
    rows = loaded(cfdi(taxes=taxes, complement=local, Total="948.33"))
    row = rows["documents"][0]
    owed = (
        row["subtotal"]
        + row["total_traslados"]
        - row["total_retenciones"]
        + row["implocal_traslados"]
        - row["implocal_retenciones"]
    )
    assert owed == row["total"] == D("948.33")
    assert row["complements"] == "ImpuestosLocales"
    assert [(t["position"], t["kind"], t["importe"]) for t in rows["taxes"]] == [
        (1, "retencion", D(100)),
        (2, "retencion", D("106.67")),
        (3, "traslado", D(160)),
    ]


def test_relations_of_several_kinds() -> None:
    other = "11111111-2222-4333-8444-5555555555AA"
    nodes = (
        f'<cfdi:CfdiRelacionados TipoRelacion="01"><cfdi:CfdiRelacionado UUID="{PAID}"/>'
        f'<cfdi:CfdiRelacionado UUID="{other}"/></cfdi:CfdiRelacionados>'
        f'<cfdi:CfdiRelacionados TipoRelacion="07"><cfdi:CfdiRelacionado UUID="{other}"/></cfdi:CfdiRelacionados>'
    )
    rows = loaded(cfdi(before=nodes, TipoDeComprobante="E"))["related"]
    assert [(r["position"], r["tipo_relacion"], r["related_uuid"]) for r in rows] == [
        (1, "01", PAID),
        (2, "01", other.lower()),
        (3, "07", other.lower()),
    ]


def test_a_global_invoice_and_a_foreign_customer() -> None:
    info = '<cfdi:InformacionGlobal Periodicidad="04" Meses="03" Año="2026"/>'
    row = document(cfdi(before=info))
    assert (row["is_global"], row["global_periodicidad"], row["global_meses"], row["global_anio"]) == (
        True,
        "04",
        "03",
        "2026",
    )
    foreign = (
        '<cfdi:Receptor Rfc="XEXX010101000" Nombre="ACME" ResidenciaFiscal="USA" NumRegIdTrib="121585958"/>'
    )
    row = document(cfdi(receptor=foreign))
    assert (row["receptor_num_reg_id_trib"], row["receptor_residencia_fiscal"]) == ("121585958", "USA")


def test_complements_are_named_and_unknown_ones_tolerated() -> None:
    text = cfdi(
        complement='<cce20:ComercioExterior xmlns:cce20="http://www.sat.gob.mx/ComercioExterior20" Version="2.0"/>'
        '<x:Novedad xmlns:x="http://ejemplo.mx/novedad"><x:TimbreFiscalDigital UUID="no"/></x:Novedad>'
    )
    assert document(text)["complements"] == "ComercioExterior,Novedad"
    assert flags(text) == ["unknown_complement:Novedad"]


def test_several_complemento_nodes_hold_the_stamp_in_any() -> None:
    text = cfdi(after=f"<cfdi:Complemento>{timbre()}</cfdi:Complemento>", stamp="")
    assert document(text)["uuid"] == UUID.lower()
    assert flags(text) == ["several_complemento_nodes"]


def test_an_addenda_is_named_and_never_read() -> None:
    fake = cfdi(Total="1.00", stamp=timbre("AAAAAAAA-0000-4000-8000-000000000000")).replace(
        '<?xml version="1.0" encoding="UTF-8"?>', ""
    )
    text = cfdi(after=f"<cfdi:Addenda><otro xmlns='urn:x'>1</otro>{fake}</cfdi:Addenda>")
    row = document(text)
    assert (row["uuid"], row["total"], row["addenda_names"]) == (UUID.lower(), D(1160), "otro,Comprobante")


def test_a_stamp_that_is_only_in_the_addenda_does_not_count() -> None:
    text = cfdi(
        stamp="", after=f"<cfdi:Addenda><cfdi:Complemento>{timbre()}</cfdi:Complemento></cfdi:Addenda>"
    )
    assert outcome(text).kind == "cfdi_draft"


@pytest.mark.parametrize("kind", ["I", "E", "T", "N"])
def test_every_type_loads(kind: str) -> None:
    assert document(cfdi(TipoDeComprobante=kind))["tipo_de_comprobante"] == kind


def test_payroll_keeps_totals_only() -> None:
    nomina = '<nomina12:Nomina xmlns:nomina12="http://www.sat.gob.mx/nomina12" TotalPercepciones="9"/>'
    row = document(cfdi(TipoDeComprobante="N", complement=nomina))
    assert row["complements"] == "Nomina"


def test_version_33() -> None:
    row = document(cfdi("3.3"))
    assert (row["version"], row["exportacion"], row["total"]) == ("3.3", None, D(1160))


def test_version_32_in_todays_words() -> None:
    rows = loaded(old_cfdi())
    row = rows["documents"][0]
    expected = {
        "uuid": UUID.lower(),
        "version": "3.2",
        "tipo_de_comprobante": "I",
        "serie": "B",
        "folio": "9",
        "moneda": "MXN",
        "descuento": D(100),
        "total": D(1044),
        "total_traslados": D(144),
        "metodo_pago": "PUE",
        "forma_pago": "03",
        "emisor_rfc": "AAA010101AAA",
        "receptor_nombre": "CLIENTE",
        "fecha": at(2015, 2, 18, 11, 49, 20),
        "concepts_count": 1,
        "flags": None,
    }
    assert {key: row[key] for key in expected} == expected
    assert [(t["kind"], t["impuesto"], t["tasa_o_cuota"], t["importe"]) for t in rows["taxes"]] == [
        ("traslado", "002", D("0.16"), D(144)),
        ("retencion", "001", None, D(0)),
    ]
    assert rows["concepts"][0]["descripcion"] == "Cosa"


@pytest.mark.parametrize(
    ("written", "currency"),
    [("M.N.", "MXN"), ("Dólares", "USD"), ("usd", "USD"), ("EUR", "EUR"), (None, "MXN")],
)
def test_version_32_currencies(written: str | None, currency: str) -> None:
    assert document(old_cfdi(Moneda=written))["moneda"] == currency


def test_version_32_refusals_say_its_own_names() -> None:
    assert refusal(old_cfdi(total="1,044.00")).location == "/cfdi:Comprobante/@total"
    assert refusal(old_cfdi(tipoDeComprobante="nota")).location == "/cfdi:Comprobante/@tipoDeComprobante"
    assert refusal(old_cfdi(Moneda="Colones")).code == "bad_currency"


def test_values_are_normalised_where_identity_needs_it() -> None:
    text = cfdi(
        receptor='<cfdi:Receptor Rfc=" ñañ010101aa1 " Nombre=" ACME  SA " UsoCFDI=""/>',
        Moneda="mxn",
        Folio=" 12 ",
    )
    row = document(text)
    assert (row["receptor_rfc"], row["receptor_nombre"], row["uso_cfdi"]) == (
        "ÑAÑ010101AA1",
        "ACME  SA",
        None,
    )
    assert (row["moneda"], row["folio"]) == ("MXN", "12")
    assert flags(text) == []


def test_an_rfc_of_impossible_form_is_flagged_only() -> None:
    assert flags(cfdi(receptor='<cfdi:Receptor Rfc="ABC" Nombre="X"/>')) == ["rfc_pattern:receptor"]


def test_a_seal_that_is_not_the_stamped_one_is_flagged() -> None:
    assert flags(cfdi(stamp=timbre(sello="otro"))) == ["seal_mismatch"]
    assert flags(cfdi(Sello=None)) == ["without_seal"]


def test_amounts_are_exact_to_six_decimals() -> None:
    row = document(cfdi(Total="999999999999.999999", TipoCambio="19.1234567890"))
    assert row["total"] == D("999999999999.999999")
    assert row["tipo_cambio"] == D("19.123456789")
