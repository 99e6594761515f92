"""Documents that are odd and load all the same: encodings, namespaces, prefixes, escapes."""

from __future__ import annotations

import pytest

from tests.ingestion.cfdi_kit import (
    UUID,
    cfdi,
    docto,
    document,
    flags,
    loaded,
    pago,
    rep,
    timbre,
)
from tests.ingestion.test_cfdi_torture import ENYE, FAULT, GOOD, declared


@pytest.mark.parametrize(
    ("data", "flag"),
    [
        (declared("UTF-8").encode(), None),
        (declared("utf8").encode(), None),
        (cfdi(emisor=ENYE, declaration="").encode(), None),
        (b"\n\n" + cfdi(emisor=ENYE, declaration="").encode(), None),
        (declared("UTF-8").encode("utf-8-sig"), None),
        (declared("ISO-8859-1").encode("utf-8-sig"), None),  # the BOM is right, the declaration lies
        (declared("UTF-16").encode("utf-16"), "encoding:utf-16"),
        (declared("UTF-8").encode("utf-16"), "encoding:utf-16"),
        (declared("UTF-16").encode("utf-16-le"), "encoding:utf-16"),
        (declared("UTF-16").encode("utf-16-be"), "encoding:utf-16"),
        (b"\xfe\xff" + declared("UTF-16").encode("utf-16-be"), "encoding:utf-16"),
        (declared("ISO-8859-1").encode("iso-8859-1"), "encoding:iso-8859-1"),
        (declared("latin1").encode("iso-8859-1"), "encoding:iso-8859-1"),
        (declared("windows-1252").encode("windows-1252"), "encoding:windows-1252"),
        (declared("Windows-1252").encode("windows-1252"), "encoding:windows-1252"),
    ],
)
def test_encodings_that_are_read(data: bytes, flag: str | None) -> None:
    row = document(data)
    assert (row["emisor_rfc"], row["emisor_nombre"]) == ("ÑAÑ010101AA1", "Peña & Cía")
    assert row["flags"] == flag


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (cfdi(stamp=timbre().replace(" Version=", f" {FAULT} Version=", 1)), ["sat_schema_location"]),
        (cfdi(root=FAULT), ["sat_schema_location"]),
        (cfdi(after="<cfdi:Addenda><otra:nota>hola</otra:nota></cfdi:Addenda>"), ["unbound_prefix"]),
        (cfdi(after="<cfdi:Addenda><a><b:c d:e='1'/></a></cfdi:Addenda>"), ["namespace_fault"]),
        (
            GOOD.replace('xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"', 'xsi:x="1"'),
            ["unbound_prefix"],
        ),
        (cfdi(after='<cfdi:Addenda xmlns:z="a b"><z:c/></cfdi:Addenda>'), ["namespace_fault"]),
    ],
)
def test_faults_of_namespaces_are_read_again_and_flagged(text: str, expected: list[str]) -> None:
    assert flags(text) == expected
    rows, usual = loaded(text), loaded(GOOD)
    names = rows["documents"][0].pop("addenda_names"), usual["documents"][0].pop("addenda_names")
    assert names[1] is None
    rows["documents"][0]["flags"] = None
    assert rows == usual


def test_the_second_reader_reads_payments_too() -> None:
    text = rep(pago(docto(), docto(IdDocumento="x")), pago(docto()))
    faulty = text.replace("<pago20:Pagos ", f"<pago20:Pagos {FAULT} ")
    rows, usual = loaded(faulty), loaded(text)
    assert rows["documents"][0].pop("flags") == "sat_schema_location"
    usual["documents"][0].pop("flags")
    assert rows == usual
    assert len(rows["payment_documents"]) == 3


def test_prefixes_do_not_matter_only_their_namespaces() -> None:
    other = (
        GOOD.replace("cfdi:", "cf:")
        .replace("xmlns:cfdi", "xmlns:cf")
        .replace("tfd:", "t-1:")
        .replace(":tfd=", ":t-1=")
    )
    default = GOOD.replace("cfdi:", "").replace("xmlns:cfdi", "xmlns")
    assert loaded(other) == loaded(default) == loaded(GOOD)


def test_comments_instructions_and_cdata_change_nothing() -> None:
    text = GOOD.replace("<cfdi:Emisor", "<!-- hola --><?x y?><![CDATA[<z/>]]><cfdi:Emisor")
    text = text.replace("<cfdi:Concepto ", "<!-- Total='9' --><cfdi:Concepto ")
    assert loaded(text) == loaded(GOOD)


def test_legal_escapes_in_values() -> None:
    text = "a &lt;b&gt; &quot;c&quot; &#xA;&#9;d &#241; > ñ"
    concept = f'<cfdi:Concepto Cantidad="1" Descripcion="{text}" ValorUnitario="1" Importe="1"/>'
    assert loaded(cfdi(concepts=concept))["concepts"][0]["descripcion"] == 'a <b> "c" \n\td ñ > ñ'


def test_lower_case_uuid_is_the_same_uuid() -> None:
    assert document(cfdi(stamp=timbre(UUID.lower())))["uuid"] == document(GOOD)["uuid"]
