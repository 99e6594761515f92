"""Seals checked offline, on documents sealed here with a certificate of our own; the chain is written by hand."""

from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path

import duckdb
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from cartera.errors import InputError
from cartera.home import HomePaths
from cartera.progress import Silent
from ingestion.cfdi import seal_records, seals
from orchestration.cli_home import init
from tests.ingestion.cfdi_kit import UUID, cfdi, old_cfdi, timbre

RFC, SERIAL = "EKU9003173C9", "30001000000500003416"
NOW = dt.datetime(2026, 7, 1)  # noqa: DTZ001 - UTC without a zone, as the ledger keeps it
RECEPTOR = (
    '<cfdi:Receptor Rfc="CUSC850516316" Nombre="CESAR  OSBALDO" DomicilioFiscalReceptor="45638" '
    'RegimenFiscalReceptor="612" UsoCFDI="G03"/>'
)
CHAIN = (  # the SAT's annex 20: values in order, blanks collapsed, between pipes
    f"||4.0|A|0123|2026-03-05T10:20:30|99|{SERIAL}|CREDITO 30 DIAS|1000.00|MXN|1|1160.00|I|01|PPD|64000"
    f"|{RFC}|ESCUELA KEMPER URGATE|601|CUSC850516316|CESAR OSBALDO|45638|612|G03"
    "|43211500|007|2|H87|Pza|Servicio & soporte|500.00|1000.00|02|1000.00|002|Tasa|0.160000|160.00"
    "|1000.00|002|Tasa|0.160000|160.00|160.00||"
)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(rfc: str = RFC, serial: str = SERIAL, years: tuple[int, int] = (2023, 2027)) -> str:
    """A self-signed certificate in the SAT's shape: serial of digits, RFC as x500UniqueIdentifier."""
    name = x509.Name([
        x509.NameAttribute(x509.NameOID.COMMON_NAME, "EMPRESA DE PRUEBA"),
        x509.NameAttribute(x509.ObjectIdentifier("2.5.4.45"), f"{rfc} / XAXX010101000"),
    ])  # fmt: skip
    start, end = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in years)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
        .serial_number(int.from_bytes(serial.encode())).not_valid_before(start).not_valid_after(end)
        .sign(KEY, hashes.SHA256())
    )  # fmt: skip
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


CHAIN_33 = (  # without Exportacion, ObjetoImp, the receiver's place and regime, nor the base of the total taxes
    f"||3.3|A|0123|2021-03-05T10:20:30|99|{SERIAL}|CREDITO 30 DIAS|1000.00|MXN|1|1160.00|I|PPD|64000"
    f"|{RFC}|ESCUELA KEMPER URGATE|601|CUSC850516316|CESAR OSBALDO|G03"
    "|43211500|007|2|H87|Pza|Servicio & soporte|500.00|1000.00|1000.00|002|Tasa|0.160000|160.00"
    "|002|Tasa|0.160000|160.00|160.00||"
)
CHAIN_32 = (  # without serie, folio nor the number of the certificate; the address counts
    "||3.2|2015-02-18T11:49:20|ingreso|PAGO EN UNA SOLA EXHIBICIÓN|1000.00|100.00|1.00|Pesos|1044.00|03"
    "|Monterrey|AAA010101AAA|EMPRESA|Uno|Monterrey|NL|MX|64000|BBB010101BB1|CLIENTE|1.000000|PIEZA|Cosa|1000.00|1000.00"
    "|ISR|0.00|IVA|16.00|144.00|144.00||"
)


def signed(chain: str, algorithm: hashes.HashAlgorithm) -> str:
    return base64.b64encode(KEY.sign(chain.encode(), PKCS1v15(), algorithm)).decode()


def sealed(chain: str = CHAIN, stamp: str | None = None, own: str = "", **header: str | None) -> bytes:
    """A CFDI 4.0 with the seal of `chain`."""
    sello = signed(chain, hashes.SHA256())
    given = {"NoCertificado": SERIAL, "Certificado": certificate(), "Sello": sello, **header}
    emisor = f'<cfdi:Emisor Rfc="{own or RFC}" Nombre="ESCUELA KEMPER URGATE" RegimenFiscal="601"/>'
    return cfdi(receptor=RECEPTOR, emisor=emisor, stamp=stamp or timbre(sello=sello), **given).encode()


def sealed_33(**header: str | None) -> bytes:
    """A CFDI 3.3 with the seal of its own chain."""
    sello = signed(CHAIN_33, hashes.SHA256())
    given = {"Fecha": "2021-03-05T10:20:30", "NoCertificado": SERIAL, "Sello": sello,
             "Certificado": certificate(years=(2019, 2023)), **header}  # fmt: skip
    return cfdi("3.3", stamp=timbre(sello=sello), **given).encode()


def sealed_32(algorithm: hashes.HashAlgorithm | None = None, **header: str | None) -> bytes:
    """A CFDI 3.2, which is signed with SHA-1."""
    serial = "20001000000100005867"
    given = {"sello": signed(CHAIN_32, algorithm or hashes.SHA1()), "noCertificado": serial,
             "certificado": certificate("AAA010101AAA", serial, (2014, 2018)), **header}  # fmt: skip
    address = 'calle="Uno" municipio="Monterrey" estado="NL" pais="MX" codigoPostal="64000"'
    return old_cfdi(**given).replace('calle="1"', address).encode()


def test_a_sound_seal_is_valid_and_its_issuer_unknown() -> None:
    assert seals.verify(sealed()) == seals.Verdict("valid", "unknown")


def test_each_alteration_has_its_outcome() -> None:
    other = "00001000000500003416"
    cases = {
        "altered": sealed(Total="1160.01"),
        "wrong_serial": sealed(Certificado=certificate(serial=other)),
        "wrong_rfc": sealed(Certificado=certificate(rfc="AAA010101AAA")),
        "out_of_date": sealed(Certificado=certificate(years=(2020, 2024))),
        "other_stamp": sealed(stamp=timbre(sello="AAAA")),
    }
    assert {name: seals.verify(data).outcome for name, data in cases.items()} == {
        name: name for name in cases
    }
    assert "2020-01-01 a 2024-01-01" in seals.verify(cases["out_of_date"]).detail
    assert seals.verify(sealed(Sello="no es base64")).outcome == "altered"


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (sealed_33(), "valid"),
        (sealed_33(Total="1160.01"), "altered"),
        (sealed_33(Folio="124"), "altered"),
        (sealed_33(Certificado=certificate("AAA010101AAA", years=(2019, 2023))), "wrong_rfc"),
        (sealed_33(Certificado=certificate(years=(2022, 2026))), "out_of_date"),
        (
            sealed_33().replace(b'ObjetoImp="02"', b'ObjetoImp="01"'),
            "valid",
        ),  # no part of that version's chain
        (sealed_32(), "valid"),
        (sealed_32(total="1044.01"), "altered"),
        (sealed_32(tipoDeComprobante="egreso"), "altered"),
        (sealed_32().replace(b'calle="Uno"', b'calle="Dos"'), "altered"),
        (sealed_32(folio="10"), "valid"),  # a folio was no part of the chain then
        (sealed_32(hashes.SHA256()), "altered"),  # not what that version signs with
        (sealed_32(noCertificado="20001000000100005868"), "wrong_serial"),
        (sealed_32(certificado=None), "unreadable"),
        (sealed_32(version="2.2"), "unreadable"),
    ],
)
def test_older_versions_have_their_own_chain(data: bytes, outcome: str) -> None:
    assert seals.verify(data).outcome == outcome


@pytest.mark.parametrize(
    "data",
    [b"", b"<a/>", b"<!DOCTYPE a []><a/>", b"\xff\xfe\x00", sealed(Certificado="MIIF"), sealed()[:900]],
)
def test_what_cannot_be_read_is_told_and_never_raises(data: bytes) -> None:
    assert seals.verify(data).outcome == "unreadable"


def test_validity_is_judged_in_every_zone_of_the_country() -> None:
    """Ended on 2026-01-01 00:00 UTC, 18:00 of the day before in the centre and 19:00 in Cancun."""
    just = sealed(CHAIN.replace("2026-03-05T10:20:30", "2025-12-31T19:00:00"),
                  Certificado=certificate(years=(2020, 2026)), Fecha="2025-12-31T19:00:00")  # fmt: skip
    assert seals.verify(just).outcome == "valid"
    ended = seals.verify(sealed(Certificado=certificate(years=(2020, 2026)), Fecha="2026-01-01T00:00:01",
                                chain=CHAIN.replace("2026-03-05T10:20:30", "2026-01-01T00:00:01")))  # fmt: skip
    assert ended.outcome == "out_of_date"


def test_missing_library_is_said_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"cartera\[seals\]"):
        seals.require_library()


@pytest.fixture
def paths(tmp_path: Path) -> HomePaths:
    """A home whose inbox holds one good and one altered CFDI, read and kept."""
    from cartera.settings import Settings
    from ingestion.load import collect, commit

    init(tmp_path / "h")
    found = HomePaths(tmp_path / "h")
    (found.inbox / "bueno.xml").write_bytes(sealed())
    second = UUID.lower().replace("9fb6", "0000")
    altered = sealed(Total="1160.01").replace(UUID.encode(), second.encode())
    (found.inbox / "alterado.xml").write_bytes(altered)
    collect(found, Settings(), Silent(), full_refresh=False, scheduled=False, settle=False)
    commit(found, {}, Silent())
    return found


def test_verdicts_are_kept_once_and_reach_raw(paths: HomePaths) -> None:
    assert seal_records.verify_waiting(paths, NOW, Silent()) == {"altered": 1, "valid": 1}
    assert seal_records.verify_waiting(paths, NOW, Silent()) == {}
    seal_records.into_raw(paths)
    with duckdb.connect(str(paths.warehouse_file), read_only=True) as warehouse:
        rows = warehouse.execute(
            "select d.total, s.outcome, s.issuer from raw.sat__seals s "
            "join raw.cfdi__documents d using (source_file_id) order by 1"
        ).fetchall()
    assert [(str(total), outcome, issuer) for total, outcome, issuer in rows] == [
        ("1160.000000", "valid", "unknown"), ("1160.010000", "altered", "unknown"),
    ]  # fmt: skip


def test_a_lost_pack_is_a_verdict_and_not_a_failure(paths: HomePaths) -> None:
    for pack in paths.ledger_file.parent.glob("*.pack"):
        pack.unlink()
    assert seal_records.verify_waiting(paths, NOW, Silent()) == {"unreadable": 2}
