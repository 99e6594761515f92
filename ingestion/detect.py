"""What a file is, by its first bytes; its name only settles a tie between kinds of text.

Detection opens nothing and trusts nothing: it names the reader to try, and that reader judges the content.
Which register a table holds is decided by its headers, in `ingestion.tables`.
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal[
    "cfdi_xml",
    "zip",
    "table_text",
    "xlsx",
    "xls",
    "parquet",
    "sat_metadata",
    "sat_third_parties",
    "ofx",
    "camt053",
    "sat_69",
    "sat_69b",
    "pdf",
    "html",
    "empty",
    "unknown",
]

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Members that a workbook's ZIP begins with, whatever program wrote it.
_WORKBOOK = re.compile(rb"\[Content_Types\]\.xml|xl/|_rels/\.rels|docProps/")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|table|script)\b", re.IGNORECASE)
_OFX = re.compile(
    r"(?:OFXHEADER\s*:|<\?OFX\b|(?:<\?xml[^>]*\?>\s*)?(?:<\?OFX[^>]*\?>\s*)?<OFX>)", re.IGNORECASE
)
_CAMT = re.compile(r"<(?:\w+:)?Document\s[^>]*urn:iso:std:iso:20022:tech:xsd:camt\.053\.")
_METADATA = re.compile(r"uuid~rfcemisor~", re.IGNORECASE)
_THIRD_PARTIES = re.compile(r"uuid~rfcacuentaterceros~", re.IGNORECASE)
# The header line of the SAT's lists; accents may be in any encoding.
_LIST_69 = re.compile(r"^\W*rfc\b[^\n]*raz.{1,2}n social[^\n]*\bsupuesto\b", re.IGNORECASE | re.MULTILINE)
_LIST_69B = re.compile(
    r"^[^\n]{0,20}\brfc\b[^\n]*situaci.{1,2}n del contribuyente", re.IGNORECASE | re.MULTILINE
)
_TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
_ENOUGH = 4096
_CONTROL = bytes(range(9))
_PLAIN_CFDI = (b"<?xml", b"<cfdi:Comprobante", b"\xef\xbb\xbf<?xml")


def detect(name: str, head: bytes) -> Kind:
    """The kind of a file from its name and its first bytes (some 4 KB are enough)."""
    head = head[:_ENOUGH]
    if not head.strip(b" \t\r\n\0"):
        return "empty"
    if head.startswith(_PLAIN_CFDI) and b"<cfdi:Comprobante" in head and b"\0" not in head:
        return "cfdi_xml"  # nearly every file of a large inbox
    return _binary(name, head) or _text(name, head)


def _binary(name: str, head: bytes) -> Kind | None:
    """Kinds that a signature tells."""
    if head.startswith(_ZIP):
        return "xlsx" if _is_workbook(name, head) else "zip"
    if head.startswith(_XLS):
        return "xls"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return "pdf"
    return None


def _is_workbook(name: str, head: bytes) -> bool:
    """A workbook is a ZIP whose first member is one of the format's own."""
    if len(head) < 30 or not head.startswith(b"PK\x03\x04"):
        return False
    member = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    if _WORKBOOK.match(member) is None:
        return False
    return b"xl/" in head or name.lower().endswith((".xlsx", ".xlsm")) or member.startswith(b"[Content")


def _text(name: str, head: bytes) -> Kind:
    """Kinds of text: markup by its first sign, the SAT's own files by their header, else a table."""
    text = _decoded(head)
    if text is None:
        return "unknown"
    start = text.lstrip("\ufeff \t\r\n\0")
    if told := _told(start):
        return told
    if start.startswith("<"):
        return "html" if _is_html(start) else "cfdi_xml"
    if "<cfdi:Comprobante" in start:
        return "cfdi_xml"  # junk before an XML: its reader says what is wrong
    if listed := _sat_list(start):
        return listed
    line = start.partition("\n")[0]
    is_table = any(mark in line for mark in ",;\t|~") or name.lower().endswith(_TABLE_SUFFIXES)
    return "table_text" if is_table else "unknown"


def _sat_list(start: str) -> Kind | None:
    """The SAT's lists, by their header, which may stand below title lines."""
    if _LIST_69B.search(start):
        return "sat_69b"
    return "sat_69" if _LIST_69.search(start) else None


def _told(start: str) -> Kind | None:
    """What says itself what it is: the SAT's metadata; a bank statement in OFX or ISO 20022 camt.053."""
    if _METADATA.match(start):
        return "sat_metadata"
    if _THIRD_PARTIES.match(start):
        return "sat_third_parties"
    if _OFX.match(start):
        return "ofx"
    return "camt053" if start.startswith("<") and _CAMT.search(start) else None


def _is_html(start: str) -> bool:
    """A web page, which people save under any name."""
    near = start[:1000]
    plain = not start.startswith("<?xml") and "Comprobante" not in near
    return bool(_HTML.match(start) or (plain and _HTML.search(near)))


def _decoded(head: bytes) -> str | None:
    """The head as text, or None if it is not text."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head[len(bom) :].decode(encoding, "replace")
    if head[:2] in (b"<\0", b"\0<") or (head[1::2].count(0) > len(head) // 4 and b"\0" not in head[0::2]):
        return head.decode("utf-16-be" if head[0] == 0 else "utf-16-le", "replace")
    body = head.rstrip(b"\0")
    # a few stray control characters are a bad cell of a short file, not a binary
    if b"\0" in body or len(body) - len(body.translate(None, _CONTROL)) > max(len(body) // 100, 3):
        return None
    return body.decode("utf-8", "replace")
