"""From untrusted bytes to an element tree, by the rules of safety: nothing of a document is obeyed.

Bytes only, never paths. Encodings by an allow-list, no DOCTYPE or ENTITY, caps on size and on the number of
nodes, no network, no recovery. What libxml2 refuses only for its namespaces (the SAT's own
`xmlns:schemaLocation` fault) is read again by `lenient`, and flagged. What a CFDI means is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol, cast

from lxml import etree

from ingestion.cfdi.lenient import read_lenient
from ingestion.cfdi.refused import ASK_AGAIN, NOT_SAFE, Refused, shown

MAX_BYTES = 20 * 1024 * 1024
# What keeps 20 MB of XML under 300 MB of memory and 5 seconds; counted as `<` and `=`.
MAX_TAGS = 400_000
MAX_ATTRIBUTES = 600_000
_COUNT_FROM = 1024 * 1024

# The declarations that nearly every PAC writes: such bytes need no further look.
_PLAIN_STARTS = tuple(
    f"<?xml version={q}1.0{q} encoding={q}{name}{q}{rest}".encode()
    for q in ('"', "'")
    for name in ("UTF-8", "utf-8")
    for rest in ("?>", " ?>", f" standalone={q}yes{q}?>", f" standalone={q}no{q}?>")
)
_DECLARATION = re.compile(
    r"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:\"1\.[0-9]\"|'1\.[0-9]')"
    r"(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:\"(?P<a>[A-Za-z][\w.\-]*)\"|'(?P<b>[A-Za-z][\w.\-]*)'))?"
    r"(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:\"(?:yes|no)\"|'(?:yes|no)'))?[ \t\r\n]*\?>",
    re.ASCII,
)
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "iso-8859-1": "iso-8859-1",
    "iso8859-1": "iso-8859-1",
    "iso_8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "latin-1": "iso-8859-1",
    "windows-1252": "windows-1252",
    "cp1252": "windows-1252",
    "cp-1252": "windows-1252",
}
_FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)


_from_bytes = cast("Callable[[bytes, etree.XMLParser], Node]", etree.fromstring)


class Node(Protocol):
    """What the reader uses of an element: its name, its own attributes by name, its children."""

    @property
    def tag(self) -> str:
        """The name as `{namespace}local`."""
        ...

    def get(self, name: str | bytes) -> str | None:
        """An attribute without prefix; an ASCII name given as bytes is found a sixth faster."""
        ...

    def __iter__(self) -> Iterator[Node]: ...
    def __getitem__(self, index: slice, /) -> list[Node]: ...
    def iterchildren(self, tag: str) -> Iterator[Node]:
        """The children of one name."""
        ...


def safe_parser() -> etree.XMLParser:
    """An lxml parser that fetches nothing, expands nothing and repairs nothing."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def parse(data: bytes, parser: etree.XMLParser, flags: list[str]) -> Node:
    """The root of a document given as UTF-8 (see `to_utf8`). Adds to `flags` what was odd."""
    try:
        root: Node = _from_bytes(data, parser)
    except etree.XMLSyntaxError:
        return _after_refusal(data, flags)
    return root


def _after_refusal(data: bytes, flags: list[str]) -> Node:
    """Read again with a clean error log; only faults of namespaces earn the lenient reader."""
    parser = safe_parser()
    try:
        return cast("Node", etree.fromstring(data, parser))
    except etree.XMLSyntaxError as error:
        faults = {entry.domain_name for entry in parser.error_log}
        if faults == {"NAMESPACE"}:
            return cast("Node", read_lenient(data, flags))
        raise malformed(error) from error


def malformed(error: etree.XMLSyntaxError) -> Refused:
    """The refusal for XML that is not well formed, with the parser's line and column."""
    line, column = error.position
    message = re.sub(r",? line \d+(, column \d+)?(?= \(|$).*", "", error.msg or "").strip()
    detail = f" ({shown(message)[1:-1]})" if message else ""
    return Refused(
        "xml_malformed",
        f"línea {line}, columna {column}",
        f"El XML está mal formado o incompleto{detail}",
        ASK_AGAIN,
    )


def to_utf8(data: bytes, flags: list[str]) -> bytes:
    """The document as UTF-8 bytes that are safe to parse, or a refusal."""
    if len(data) > _COUNT_FROM:
        _check_size(data)
    if not data.startswith(_PLAIN_STARTS):
        data = _transcoded(data, flags)
    if b"!" in data and _FORBIDDEN.search(data):
        raise Refused(
            "doctype",
            "archivo",
            "El XML trae una declaración DOCTYPE o ENTITY, que un CFDI nunca lleva y puede alterar importes",
            NOT_SAFE,
        )
    return data


def _check_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        megabytes = len(data) / 1024 / 1024
        raise Refused(
            "too_large", "archivo", f"El archivo mide {megabytes:.1f} MB y el máximo es 20 MB", NOT_SAFE
        )
    if data.count(b"<") > MAX_TAGS or data.count(b"=") > MAX_ATTRIBUTES:
        raise Refused(
            "too_complex",
            "archivo",
            f"El XML tiene más de {MAX_TAGS:,} etiquetas o {MAX_ATTRIBUTES:,} atributos",
            NOT_SAFE,
        )


def _transcoded(data: bytes, flags: list[str]) -> bytes:
    """Decode by BOM, by the look of the first bytes, then by the declaration; anything else is refused."""
    if not data.strip(b" \t\r\n\0"):
        raise Refused("empty", "archivo", "El archivo está vacío", ASK_AGAIN)
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise _encoding("UTF-32")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _recoded(data, "utf-16", flags)
    if data.startswith((b"<\x00", b"\x00<")):
        return _recoded(data, "utf-16-le" if data[0] else "utf-16-be", flags)
    if data.startswith(b"\xef\xbb\xbf"):
        return _recoded(data[3:], "utf-8", flags)
    if not data.startswith(b"<?xml"):
        return data  # no declaration: UTF-8, and the parser checks that it is
    match = _DECLARATION.match(data[:300].decode("latin-1"))
    if match is None:
        raise Refused("xml_malformed", "línea 1", "La declaración del XML está mal formada", ASK_AGAIN)
    declared = match["a"] or match["b"] or "utf-8"
    encoding = _ENCODINGS.get(declared.lower())
    if encoding is None:
        raise _encoding(declared)
    return data if encoding == "utf-8" else _recoded(data, encoding, flags)


def _recoded(data: bytes, encoding: str, flags: list[str]) -> bytes:
    """The same text as UTF-8 without its declaration, which would now lie."""
    try:
        text = data.decode(encoding)
        match = _DECLARATION.match(text)
        if match is None and text.startswith("<?xml"):
            raise Refused("xml_malformed", "línea 1", "La declaración del XML está mal formada", ASK_AGAIN)
        recoded = text[match.end() if match else 0 :].encode()
    except UnicodeError as error:
        raise Refused(
            "bad_encoding", "archivo", f"El archivo no es texto {encoding.upper()} válido", ASK_AGAIN
        ) from error
    if encoding != "utf-8":
        flags.append(f"encoding:{encoding[:6] if encoding.startswith('utf-16') else encoding}")
    return recoded


def _encoding(name: str) -> Refused:
    return Refused(
        "encoding_not_allowed",
        "archivo",
        f"El XML está en la codificación {shown(name)}; se aceptan UTF-8, UTF-16, ISO-8859-1 y Windows-1252",
        ASK_AGAIN,
    )
