"""Mappings: what another system's headers mean, one YAML document a mapping. Reading and checking them only.

A mapping with `match` speaks for one system's export and is taken when all of those headers are there. One without
`match` (the shipped `generico.yml`) lists synonyms and is taken when every required column is found. Contract names
are always understood. The home's mappings win over the shipped ones, by name and when both fit.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from cartera.errors import InputError
from ingestion.amounts import AmountError, parse_date
from ingestion.contracts import REGISTERS
from ingestion.tables.names import normalise
from ingestion.tables.selection import Selection, Values, plain

SHIPPED = Path(__file__).parent.parent / "mappings"
_MAX_BYTES = 1 << 20
_DELIVERIES = ("partial", "full")


class MappingError(InputError):
    """A mapping file that cannot be used: the message names the file and the key."""


@dataclass(frozen=True)
class ColumnSpec:
    """Where one contract column comes from: one of `headers`, or several joined, or a constant."""

    headers: tuple[str, ...] = ()
    format: str | None = None
    const: str | None = None
    join: tuple[str, ...] = ()
    separator: str = "-"
    zone: str | None = None  # of a moment that does not say its own: its date in Mexico City counts


@dataclass(frozen=True)
class Mapping:
    """One mapping; see DATA_CONTRACT section 2 for the keys."""

    name: str
    kind: str
    columns: dict[str, ColumnSpec] = field(default_factory=dict)
    match: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str | None = None  # None: the other mark of the pair, where it cannot be misread
    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    ignore: tuple[str, ...] = ()
    ignore_rest: bool = False  # `ignore: all`
    rows: Selection = field(default_factory=Selection)
    also: tuple[str, ...] = ()  # mappings that read the same rows: one export, several registers
    delivery: str = "partial"
    file_names: tuple[str, ...] = ()
    origin: str = "shipped"  # shipped | home | built_in
    source: str = ""
    content_hash: str = ""

    @property
    def is_generic(self) -> bool:
        """Whether it lists synonyms instead of speaking for one system."""
        return not self.match

    @cached_property
    def synonyms(self) -> dict[str, tuple[str, ...]]:
        """Contract column → normalised headers that mean it, the contract's own name first."""
        found: dict[str, tuple[str, ...]] = {}
        for column in REGISTERS[self.kind].columns:
            spec = self.columns.get(column.name)
            if spec is None:
                found[column.name] = (normalise(column.name),)
            elif spec.headers:
                own = (normalise(column.name),) if self.is_generic else ()
                found[column.name] = tuple(dict.fromkeys((*own, *(normalise(h) for h in spec.headers))))
        return found

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every normalised header that this mapping could use: a row with none of them is no header."""
        joined = (normalise(header) for spec in self.columns.values() for header in spec.join)
        return frozenset(header for names in self.synonyms.values() for header in names).union(joined)

    @cached_property
    def ignored(self) -> frozenset[str]:
        """Normalised headers that are known and not wanted."""
        return frozenset(normalise(header) for header in self.ignore)


def load_mappings(home_mappings_dir: Path | None) -> list[Mapping]:
    """The home's mappings, then the shipped ones that the home does not replace by name."""
    home = _read_folder(home_mappings_dir, "home") if home_mappings_dir and home_mappings_dir.is_dir() else []
    taken = {mapping.name for mapping in home}
    found = home + [mapping for mapping in _read_folder(SHIPPED, "shipped") if mapping.name not in taken]
    names = {mapping.name for mapping in found}
    for mapping in found:
        for name in mapping.also:
            if name not in names:
                raise _error(mapping.source, "also", f"«{name}» no es el nombre de ningún mapeo")
    return found


def mappings_hash(mappings: Iterable[Mapping]) -> str:
    """One hash of a set of mappings, whatever their order."""
    return hashlib.sha256("".join(sorted(m.content_hash for m in mappings)).encode()).hexdigest()[:16]


def _read_folder(folder: Path, origin: str) -> list[Mapping]:
    found: list[Mapping] = []
    names: dict[str, str] = {}
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in {".yml", ".yaml"} and p.is_file()):
        if path.stat().st_size > _MAX_BYTES:
            raise _error(path.name, "", "el mapeo pesa más de 1 MB")
        for mapping in parse_mappings(path.read_bytes(), path.name, origin):
            if mapping.name in names:
                raise _error(path.name, "name", f"«{mapping.name}» ya está en {names[mapping.name]}")
            names[mapping.name] = path.name
            found.append(mapping)
    return found


def parse_mappings(text: bytes, source: str, origin: str = "home") -> list[Mapping]:
    """Every mapping of one YAML file; `source` is the name that errors show."""
    try:
        documents = list(yaml.load_all(text.decode("utf-8-sig"), Loader=_StrictLoader))
    except UnicodeDecodeError as error:
        raise _error(source, "", "el mapeo no está en UTF-8") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (línea {mark.line + 1})" if mark else ""
        raise _error(
            source, "", f"no es YAML válido{place}: {getattr(error, 'problem', None) or error}"
        ) from error
    return [_build(document, source, origin) for document in documents if document is not None]


class _StrictLoader(yaml.SafeLoader):
    """YAML without repeated keys (one would silently win) and without aliases (which can grow without end)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("los alias (*) no se usan en los mapeos")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"la clave «{key}» está repetida", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _error(
    source: str, key: str, what: str, action: str = "Corrige el mapeo y vuelve a correr."
) -> MappingError:
    return MappingError(what, f"Mapeo {source}" + (f", clave «{key}»" if key else ""), action)


_KEYS = {
    "name", "kind", "match", "columns", "decimal", "thousands", "sheet", "header_row", "encoding", "delimiter",
    "ignore", "delivery", "file_names", "only", "except", "also",
}  # fmt: skip


def _build(document: object, source: str, origin: str) -> Mapping:
    if not isinstance(document, dict):
        raise _error(source, "", "un mapeo es una lista de claves y valores (name, kind, columns…)")
    for key in document:
        if key not in _KEYS:
            raise _error(source, str(key), f"clave desconocida; se conocen {', '.join(sorted(_KEYS))}")
    kind = _text(document, "kind", source)
    if kind not in REGISTERS:
        raise _error(
            source, "kind", f"«{kind}» no es un tipo de registro; son {', '.join(sorted(REGISTERS))}"
        )
    decimal = _one_of(document, "decimal", source, (".", ","), ".")
    thousands = document.get("thousands")
    if thousands is not None:
        thousands = _one_of(document, "thousands", source, (",", ".", " ", "'", ""), "")
        if thousands == decimal:
            raise _error(source, "thousands", "no puede ser igual a «decimal»")
    mapping = Mapping(
        name=_text(document, "name", source),
        kind=kind,
        columns=_columns(document.get("columns") or {}, kind, source),
        match=_texts(document, "match", source),
        decimal=decimal,
        thousands=thousands,
        sheet=_optional_text(document, "sheet", source),
        header_row=_header_row(document.get("header_row"), source),
        encoding=_encoding(document, source),
        delimiter=_delimiter(document, source),
        ignore=() if document.get("ignore") == "all" else _texts(document, "ignore", source),
        ignore_rest=document.get("ignore") == "all",
        rows=Selection(_values(document, "only", source), _values(document, "except", source)),
        also=_texts(document, "also", source),
        delivery=_one_of(document, "delivery", source, _DELIVERIES, "partial"),
        file_names=_texts(document, "file_names", source),
        origin=origin,
        source=source,
        content_hash=hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()[
            :16
        ],
    )
    if not mapping.columns and not mapping.match:
        raise _error(source, "columns", "falta decir qué encabezado es cada columna")
    return mapping


def _columns(found: object, kind: str, source: str) -> dict[str, ColumnSpec]:
    if not isinstance(found, dict):
        raise _error(source, "columns", "debe ser una lista de «columna: encabezado»")
    types = {column.name: column.type for column in REGISTERS[kind].columns}
    specs = {}
    for name, value in found.items():
        key = f"columns.{name}"
        if name not in types:
            raise _error(source, key, f"«{name}» no es columna de {kind}; son {', '.join(types)}")
        specs[str(name)] = _spec(value, key, types[str(name)], source)
    return specs


def _spec(value: object, key: str, column_type: str, source: str) -> ColumnSpec:
    if not isinstance(value, dict):
        return ColumnSpec(_headers(value, key, source))
    unknown = set(value) - {"from", "format", "zone", "const", "join", "separator"}
    if unknown:
        raise _error(
            source,
            f"{key}.{min(map(str, unknown))}",
            "se conocen from, format, zone, const, join y separator",
        )
    if len({"from", "const", "join"} & set(value)) != 1:
        raise _error(source, key, "necesita exactamente una de: from, const, join")
    if "const" in value:
        if isinstance(value["const"], bool | dict | list) or value["const"] is None:
            raise _error(source, f"{key}.const", "debe ser un texto o un número; ponlo entre comillas")
        return ColumnSpec(const=str(value["const"]))
    if "join" in value:
        if column_type != "text":
            raise _error(source, f"{key}.join", "solo se unen columnas de texto")
        separator = value.get("separator", "-")
        if not isinstance(separator, str):
            raise _error(source, f"{key}.separator", "debe ser un texto entre comillas")
        return ColumnSpec(join=_headers(value["join"], f"{key}.join", source), separator=separator)
    date_format = value.get("format")
    if date_format is not None:
        _check_format(date_format, f"{key}.format", column_type, source)
    zone = value.get("zone")
    if zone is not None:
        _check_zone(zone, date_format, f"{key}.zone", column_type, source)
    return ColumnSpec(_headers(value["from"], f"{key}.from", source), date_format, zone=zone)


def _check_zone(zone: object, date_format: object, key: str, column_type: str, source: str) -> None:
    if column_type != "date" or date_format is not None:
        raise _error(source, key, "«zone» solo se usa en columnas de fecha, y sin «format»")
    try:
        ZoneInfo(str(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        what = f"«{zone}» no es una zona horaria; por ejemplo UTC o America/Tijuana"
        raise _error(source, key, what) from error


def _check_format(date_format: object, key: str, column_type: str, source: str) -> None:
    if column_type != "date":
        raise _error(source, key, "«format» solo se usa en columnas de fecha")
    if date_format == "excel":
        return
    if not isinstance(date_format, str) or not _names_a_date(date_format):
        raise _error(source, key, "el formato debe llevar día, mes y año, como «%d/%m/%Y»")
    try:
        parse_date("", date_format)
    except AmountError as error:
        if "no se conoce" in str(error):
            raise _error(source, key, str(error)) from error


def _names_a_date(date_format: str) -> bool:
    return (
        date_format.count("%d") == 1
        and sum(date_format.count(m) for m in ("%m", "%b", "%B")) == 1
        and sum(date_format.count(y) for y in ("%Y", "%y")) == 1
        and all(date_format.count(t) <= 1 for t in ("%H", "%M", "%S"))
    )


def _headers(value: object, key: str, source: str) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [value]
    for text in texts:
        if not isinstance(text, str) or not normalise(text):
            raise _error(source, key, f"«{text}» no es un encabezado; ponlo entre comillas")
    return tuple(texts)


def _text(document: dict[str, Any], key: str, source: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _error(source, key, "falta, y debe ser un texto")
    return value.strip()


def _optional_text(document: dict[str, Any], key: str, source: str) -> str | None:
    return _text(document, key, source) if document.get(key) is not None else None


def _texts(document: dict[str, Any], key: str, source: str) -> tuple[str, ...]:
    value = document.get(key)
    return () if value is None else _headers(value, key, source)


def _values(document: dict[str, Any], key: str, source: str) -> Values:
    """`only` and `except`: header → list of values. A number is taken as it is written."""
    found = document.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict) or not found:
        raise _error(source, key, "debe ser «encabezado: [valor, valor]»")
    lists: Values = {}
    for header, value in found.items():
        _headers(header, key, source)
        texts = value if isinstance(value, list) else [value]
        if not texts or any(isinstance(text, bool | dict | list) or text is None for text in texts):
            raise _error(
                source, f"{key}.{header}", 'los valores van en una lista, entre comillas: ["uno", "otro"]'
            )
        lists[str(header)] = tuple(plain(str(text)) for text in texts)
    return lists


def _one_of(document: dict[str, Any], key: str, source: str, allowed: tuple[str, ...], default: str) -> str:
    value = document.get(key, default)
    if value not in allowed or not isinstance(value, str):
        raise _error(source, key, f"«{value}» no se acepta; puede ser {' '.join(f'«{a}»' for a in allowed)}")
    return value


def _header_row(value: object, source: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000:
        raise _error(source, "header_row", "debe ser el número de la fila del encabezado (1 a 1000)")
    return value


def _encoding(document: dict[str, Any], source: str) -> str | None:
    name = _optional_text(document, "encoding", source)
    if name is None:
        return None
    try:
        codec = codecs.lookup(name)
        codec.decode(b"", "strict")
    except (LookupError, ValueError, TypeError, UnicodeError) as error:
        raise _error(source, "encoding", f"«{name}» no es una codificación que se conozca") from error
    if not getattr(codec, "_is_text_encoding", True):
        raise _error(source, "encoding", f"«{name}» no es una codificación de texto")
    return codec.name


def _delimiter(document: dict[str, Any], source: str) -> str | None:
    value = document.get("delimiter")
    if value is None:
        return None
    value = "\t" if value in {"tab", "\\t"} else value
    if (
        not isinstance(value, str)
        or len(value) != 1
        or value in '"\n\r'
        or not value.isascii()
        or value.isalnum()
    ):
        raise _error(source, "delimiter", "debe ser un solo carácter, como «,» o «;», o «tab»")
    return value
