"""What the reader takes from a REP: Pagos 1.0 and 2.0, their documents, amounts and equivalences."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.ingestion.cfdi_kit import (
    PAID,
    at,
    docto,
    flags,
    loaded,
    pago,
    refusal,
    rep,
)

D = Decimal


def test_pagos_20_with_several_payments_and_documents() -> None:
    taxes = (
        '<pago20:ImpuestosDR><pago20:RetencionesDR><pago20:RetencionDR BaseDR="431.03" ImpuestoDR="001" '
        'TipoFactorDR="Tasa" TasaOCuotaDR="0.100000" ImporteDR="43.10"/></pago20:RetencionesDR><pago20:TrasladosDR>'
        '<pago20:TrasladoDR BaseDR="431.03" ImpuestoDR="002" TipoFactorDR="Tasa" TasaOCuotaDR="0.160000" '
        'ImporteDR="68.97"/></pago20:TrasladosDR></pago20:ImpuestosDR>'
    )
    dollars = docto(MonedaDR="USD", EquivalenciaDR="0.0532780001", ImpPagado="270.00", ImpSaldoInsoluto="0")
    rows = loaded(
        rep(
            pago(docto(inner=taxes), dollars, Monto="10000.00", CtaOrdenante="014320000000000001"),
            pago(
                docto(NumParcialidad="2"),
                FechaPago="2026-04-02T00:00:00",
                MonedaP="USD",
                TipoCambioP="18.7694",
            ),
            total="19384.70",
        )
    )
    assert rows["documents"][0]["pagos_version"] == "2.0"
    assert rows["documents"][0]["pagos_monto_total_mxn"] == D("19384.70")
    assert rows["documents"][0]["complements"] == "Pagos"
    assert [
        (p["pago_number"], p["fecha_pago"], p["moneda_p"], p["tipo_cambio_p"], p["monto"])
        for p in rows["payments"]
    ] == [
        (1, at(2026, 3, 31, 12), "MXN", D(1), D(10000)),
        (2, at(2026, 4, 2), "USD", D("18.7694"), D(500)),
    ]
    assert rows["payments"][0]["cta_ordenante"] == "014320000000000001"
    assert rows["payments"][0]["num_operacion"] == "0099"
    keys = ("pago_number", "docto_number", "moneda_dr", "equivalencia_dr", "imp_pagado", "num_parcialidad")
    assert [tuple(d[k] for k in keys) for d in rows["payment_documents"]] == [
        (1, 1, "MXN", D(1), D(500), 1),
        (1, 2, "USD", D("0.0532780001"), D(270), 1),
        (2, 1, "MXN", D(1), D(500), 2),
    ]
    assert rows["payment_documents"][0]["id_documento"] == PAID
    keys = ("pago_number", "docto_number", "position", "kind", "impuesto", "base", "importe")
    assert [tuple(t[k] for k in keys) for t in rows["payment_taxes"]] == [
        (1, 1, 1, "retencion", "001", D("431.03"), D("43.10")),
        (1, 1, 2, "traslado", "002", D("431.03"), D("68.97")),
    ]


def test_pagos_10_reads_tipo_cambio_dr_as_the_equivalence() -> None:
    given = docto(
        "pago10", MonedaDR="USD", TipoCambioDR="0.053278", ImpPagado="5137.42", MetodoDePagoDR="PPD"
    )
    rows = loaded(rep(pago(given, prefix="pago10", Monto="96426.29"), version="1.0"))
    (row,) = rows["payment_documents"]
    assert (row["equivalencia_dr"], row["imp_pagado"], row["metodo_de_pago_dr"]) == (
        D("0.053278"),
        D("5137.42"),
        "PPD",
    )
    assert rows["documents"][0]["pagos_version"] == "1.0"
    assert rows["documents"][0]["pagos_monto_total_mxn"] is None


def test_pagos_10_pesos_paid_in_dollars_convert_by_tipo_cambio_p() -> None:
    given = docto("pago10", TipoCambioDR="1", ImpPagado="1876.94")
    text = rep(
        pago(given, prefix="pago10", MonedaP="USD", TipoCambioP="18.769400", Monto="100.00"), version="1.0"
    )
    assert loaded(text)["payment_documents"][0]["equivalencia_dr"] == D("18.7694")  # 1876.94 / 18.7694 = 100
    assert flags(text) == ["pagos10_equivalence_from_tipo_cambio_p"]


def test_pagos_10_may_leave_the_paid_amount_to_the_monto() -> None:
    alone = rep(pago(docto("pago10", ImpPagado=None), prefix="pago10", Monto="321.09"), version="1.0")
    assert loaded(alone)["payment_documents"][0]["imp_pagado"] == D("321.09")
    assert loaded(alone)["payment_documents"][0]["equivalencia_dr"] == D(1)
    assert flags(alone) == ["imp_pagado_from_monto"]


@pytest.mark.parametrize(
    "doctos",
    [
        (docto("pago10", ImpPagado=None), docto("pago10")),
        (docto("pago10", ImpPagado=None, TipoCambioDR="1"),),
        (docto("pago10", ImpPagado=None, MonedaDR="USD"),),
    ],
)
def test_pagos_10_without_a_paid_amount_that_can_be_known_is_refused(doctos: tuple[str, ...]) -> None:
    found = refusal(rep(pago(*doctos, prefix="pago10"), version="1.0"))
    assert found.code == "imp_pagado_missing"
    assert found.location.endswith("/pago10:Pago[1]/pago10:DoctoRelacionado[1]/@ImpPagado")


def test_pagos_20_must_say_the_paid_amount() -> None:
    assert refusal(rep(pago(docto(ImpPagado=None)))).code == "imp_pagado_missing"


def test_pagos_10_without_documents_is_a_payment_on_account() -> None:
    rows = loaded(rep(pago(prefix="pago10"), version="1.0"))
    assert len(rows["payments"]) == 1
    assert rows["payment_documents"] == []


def test_a_document_id_that_is_no_uuid_is_kept_as_text() -> None:
    rows = loaded(rep(pago(docto(IdDocumento="012-34-567890ABC"))))
    assert rows["payment_documents"][0]["id_documento"] == "012-34-567890abc"


def test_a_payment_to_an_unnamed_document_still_counts() -> None:
    text = rep(pago(docto(IdDocumento=None)))
    assert loaded(text)["payment_documents"][0]["id_documento"] == ""
    assert flags(text) == ["id_documento_missing"]


def test_a_p_without_pagos_loads_and_pagos_elsewhere_does_not() -> None:
    assert flags(rep().replace("pago20:Totales", "pago20:Otra")) == ["without_pagos"]
    assert refusal(rep(pago(docto()), TipoDeComprobante="I")).code == "pagos_not_in_p"
