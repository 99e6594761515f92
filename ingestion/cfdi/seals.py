"""The seal of a CFDI checked offline: its text against the certificate that it carries, and that certificate.

One document in, one verdict out; pure. It says whether the issuer signed what the file says, with a certificate
of theirs that was in force. It cannot tell whether the SAT cancelled it, nor check the SAT's own seal. What was
verified, and where verdicts are kept, is in `seal_records`. The stylesheets and the roots of the SAT come with
the library satcfdi, an optional extra.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import importlib.util
from functools import cache, lru_cache
from typing import Any, NamedTuple

from lxml import etree

from cartera.errors import InputError
from ingestion.cfdi.names import TFD
from ingestion.cfdi.refused import Refused
from ingestion.cfdi.xml import safe_parser, to_utf8

VERSION = "1"  # what verifies: raising it has every document verified again
_OWNER_ID = "2.5.4.45"  # x500UniqueIdentifier: the RFC of a certificate's holder
# Fecha has no zone: it is between five and eight hours behind UTC anywhere in Mexico.
_EAST, _WEST = dt.timedelta(hours=5), dt.timedelta(hours=8)


class Verdict(NamedTuple):
    """`outcome`: valid, altered, wrong_serial, wrong_rfc, out_of_date, other_stamp or unreadable.

    `issuer`: sat, unknown (not one of the roots at hand: tests and very old ones) or empty.
    """

    outcome: str
    issuer: str = ""
    detail: str = ""


class _Certificate(NamedTuple):
    key: Any
    serial: str
    rfc: str
    valid_from: dt.datetime
    valid_to: dt.datetime
    issuer: str


class _NotReadable(Exception):  # noqa: N818 - an outcome, not a fault of the program
    """The document or its certificate cannot be read; the text says which."""


def require_library() -> None:
    """Raises InputError where the optional extra is not installed."""
    missing = [n for n in ("satcfdi", "cryptography") if importlib.util.find_spec(n) is None]
    if missing:
        raise InputError(
            f"falta {' y '.join(missing)} para verificar sellos",
            "--verify-seals",
            "Instálalo con: pip install 'cartera[seals]', o corre sin --verify-seals",
        )


def verify(data: bytes) -> Verdict:
    """What becomes of one document; nothing in it raises."""
    try:
        root = etree.fromstring(to_utf8(data, []), safe_parser())
        return _judged(root)
    except (_NotReadable, Refused, etree.LxmlError, ValueError) as error:
        detail = str(error) if isinstance(error, _NotReadable) else "el XML no se pudo leer para verificarlo"
        return Verdict("unreadable", detail=detail)


def _judged(root: Any) -> Verdict:
    old = root.get("Version") is None
    get = {name: root.get(name[0].lower() + name[1:] if old else name) or ""
           for name in ("Version", "Sello", "Certificado", "NoCertificado", "Fecha")}  # fmt: skip
    certificate = _certificate(get["Certificado"])
    issuer = certificate.issuer
    if not _is_signed(root, get["Version"], get["Sello"], certificate):
        return Verdict(
            "altered", issuer, "el Sello no corresponde al contenido: el XML cambió después de sellarse"
        )
    if certificate.serial != get["NoCertificado"]:
        return Verdict(
            "wrong_serial", issuer, f"NoCertificado no es el del certificado, {certificate.serial}"
        )
    emisor = next((child for child in root if etree.QName(child).localname == "Emisor"), None)
    rfc = "" if emisor is None else emisor.get("rfc" if old else "Rfc") or ""
    acquirer = emisor is not None and bool(
        emisor.get("FacAtrAdquirente")
    )  # then another signs for the issuer
    if not acquirer and certificate.rfc and certificate.rfc != rfc.strip().upper():
        return Verdict("wrong_rfc", issuer, f"el certificado es de {certificate.rfc} y el emisor es {rfc}")
    moment = dt.datetime.fromisoformat(get["Fecha"]).replace(tzinfo=dt.UTC)
    if moment + _WEST < certificate.valid_from or moment + _EAST > certificate.valid_to:
        span = f"{certificate.valid_from:%Y-%m-%d} a {certificate.valid_to:%Y-%m-%d}"
        return Verdict(
            "out_of_date", issuer, f"el certificado no estaba vigente en la Fecha (vale de {span})"
        )
    stamps = [
        node
        for part in root
        if etree.QName(part).localname == "Complemento"
        for node in part
        if node.tag == TFD
    ]
    if not stamps or get["Sello"] not in (stamps[0].get("SelloCFD"), stamps[0].get("selloCFD")):
        return Verdict("other_stamp", issuer, "el SelloCFD del timbre no es el Sello del comprobante")
    return Verdict("valid", issuer)


def _is_signed(root: Any, version: str, sello: str, certificate: _Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256
    from satcfdi.exceptions import CFDIError  # type: ignore[import-untyped,unused-ignore]
    from satcfdi.transform import xslt_transform  # type: ignore[import-untyped,unused-ignore]

    try:
        signature = base64.b64decode(sello, validate=True)
    except binascii.Error:
        return False
    try:
        chain = str(xslt_transform(root.tag, version)(root)).encode()
    except (CFDIError, OSError) as error:  # lxml's own faults are told apart by the caller
        raise _NotReadable(f"no hay cadena original para la versión {version[:8]}") from error
    algorithm = SHA1() if version == "3.2" else SHA256()  # noqa: S303 - what that version signs with
    try:
        certificate.key.verify(signature, chain, PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=256)
def _certificate(text: str) -> _Certificate:
    """The certificate that a document carries; an issuer has few, so most are read once."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        found = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
        key = found.public_key()
        owners = found.subject.get_attributes_for_oid(x509.ObjectIdentifier(_OWNER_ID))
        serial = found.serial_number.to_bytes((found.serial_number.bit_length() + 7) // 8).decode(
            "ascii", "replace"
        )
        rfc = str(owners[0].value).split("/")[0].strip().upper() if owners else ""
        issuer = "sat" if _is_of_the_sat(found) else "unknown"
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _NotReadable("el Certificado falta o no se puede leer") from error
    if not isinstance(key, RSAPublicKey):
        raise _NotReadable("el Certificado no lleva una llave RSA")
    return _Certificate(key, serial, rfc, found.not_valid_before_utc, found.not_valid_after_utc, issuer)


def _is_of_the_sat(certificate: Any) -> bool:
    """Whether one of the SAT's own authorities signed it; dates of the authority aside, as old ones have expired."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    authority = _authorities().get(certificate.issuer.public_bytes())
    if authority is None:
        return False
    try:
        authority.public_key().verify(
            certificate.signature,
            certificate.tbs_certificate_bytes,
            PKCS1v15(),
            certificate.signature_hash_algorithm,
        )
    except InvalidSignature:
        return False
    return True


@cache
def _authorities() -> dict[bytes, Any]:
    """The SAT's certificate authorities, as the library ships them, by subject."""
    from importlib.resources import files
    from io import BytesIO
    from zipfile import ZipFile

    from cryptography import x509

    with ZipFile(BytesIO(files("satcfdi.transform").joinpath("CertsProd.zip").read_bytes())) as shipped:
        found = [x509.load_der_x509_certificate(shipped.read(entry)) for entry in shipped.infolist()]
    return {one.subject.public_bytes(): one for one in found}
