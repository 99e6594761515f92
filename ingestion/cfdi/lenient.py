"""The second reader: expat without namespaces, for documents whose only fault is in them.

The SAT itself serves files with `xmlns:schemaLocation`, and some PACs write Addendas with undeclared
prefixes; libxml2 refuses both. Here names are resolved by hand, as strictly as before outside the Addenda.
Of an Addenda only the names of its first level are kept. Input is UTF-8 already freed of DOCTYPE.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from ingestion.cfdi.refused import ASK_AGAIN, NOT_LOADED, NOT_SAFE, Refused, shown

_MAX_DEPTH = 256
_MAX_PREFIXES = 200
_XML = "http://www.w3.org/XML/1998/namespace"


class PlainNode:
    """An element as the reader sees it, whatever parser made it."""

    __slots__ = ("_attributes", "_children", "tag")

    def __init__(self, tag: str, attributes: dict[str, str]):
        self.tag = tag
        self._attributes = attributes
        self._children: list[PlainNode] = []

    def get(self, name: str | bytes) -> str | None:
        """The value of an attribute without prefix."""
        return self._attributes.get(name.decode() if isinstance(name, bytes) else name)

    def append(self, child: PlainNode) -> None:
        """Add a child."""
        self._children.append(child)

    def __iter__(self) -> Iterator[PlainNode]:
        return iter(self._children)

    def __getitem__(self, index: slice, /) -> list[PlainNode]:
        return self._children[index]

    def iterchildren(self, tag: str) -> Iterator[PlainNode]:
        """The children of one name."""
        return (child for child in self._children if child.tag == tag)


class _Builder:
    """Builds the tree from expat's events, resolving prefixes with a stack of scopes."""

    def __init__(self, flags: list[str]):
        self.flags = flags
        self.root: PlainNode | None = None
        self.open: list[PlainNode] = []
        self.depth = 0
        self.scopes: list[dict[str, str]] = [{"xml": _XML}]
        self.addenda_depth = 0  # the depth of the open Addenda, 0 outside

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise Refused("too_deep", "archivo", f"El XML anida más de {_MAX_DEPTH} niveles", NOT_SAFE)
        if self.addenda_depth and self.depth > self.addenda_depth + 1:
            self.scopes.append(self.scopes[-1])
            return
        self.scopes.append(self._scope(attributes))
        for attribute in attributes:
            prefix, colon, _ = attribute.partition(":")
            if colon and prefix != "xmlns" and prefix not in self.scopes[-1]:
                self._flag("unbound_prefix")
        node = PlainNode(self._resolved(name), attributes)
        if self.open:
            self.open[-1].append(node)
        else:
            self.root = node
        self.open.append(node)
        if self.depth == 2 and node.tag.endswith("}Addenda"):
            self.addenda_depth = 2

    def end(self, _name: str) -> None:
        if not self.addenda_depth or self.depth <= self.addenda_depth + 1:
            self.open.pop()
        if self.depth == self.addenda_depth:
            self.addenda_depth = 0
        self.scopes.pop()
        self.depth -= 1

    def doctype(self, *_: object) -> None:
        raise Refused("doctype", "archivo", "El XML trae una declaración DOCTYPE", NOT_SAFE)

    def _scope(self, attributes: dict[str, str]) -> dict[str, str]:
        """The prefixes in force, with those that this element declares."""
        declared = {
            name[6:] if name != "xmlns" else "": uri
            for name, uri in attributes.items()  # expat's plain dict: linear
            if name == "xmlns" or name.startswith("xmlns:")
        }
        if not declared:
            return self.scopes[-1]
        if "schemaLocation" in declared:
            self._flag("sat_schema_location")
        if any(prefix and not uri for prefix, uri in declared.items()) and not self.addenda_depth:
            raise Refused(
                "namespace", "archivo", "El XML declara un prefijo sin espacio de nombres", NOT_LOADED
            )
        scope = {**self.scopes[-1], **declared}
        if len(scope) > _MAX_PREFIXES:
            raise Refused(
                "too_complex", "archivo", f"El XML declara más de {_MAX_PREFIXES} prefijos", NOT_SAFE
            )
        return scope

    def _resolved(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        if not colon:
            uri = self.scopes[-1].get("", "")
            return f"{{{uri}}}{name}" if uri else name
        uri = self.scopes[-1].get(prefix, "")
        if uri and local and ":" not in local:
            return f"{{{uri}}}{local}"
        if self.addenda_depth:
            self._flag("unbound_prefix")
            return local or name
        raise Refused(
            "namespace", "archivo", f"El elemento {shown(name)} usa un prefijo sin declarar", NOT_LOADED
        )

    def _flag(self, name: str) -> None:
        if name not in self.flags:
            self.flags.append(name)


def read_lenient(data: bytes, flags: list[str]) -> PlainNode:
    """Parse UTF-8 bytes; a fault other than of namespaces is refused here too."""
    builder = _Builder(flags)
    parser = expat.ParserCreate(encoding="utf-8")
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        where = f"línea {error.lineno}, columna {error.offset}"
        raise Refused("xml_malformed", where, "El XML está mal formado o incompleto", ASK_AGAIN) from error
    if builder.root is None:
        raise Refused("xml_malformed", "archivo", "El XML no tiene contenido", ASK_AGAIN)
    if "sat_schema_location" not in flags and "unbound_prefix" not in flags:
        flags.append("namespace_fault")
    return builder.root
