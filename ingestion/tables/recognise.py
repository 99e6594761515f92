"""Which register is this, and which column is which: header rows against mappings. No values are read here.

Several kinds may fit one header (a header of `Folio, Cliente, Fecha, Importe, Moneda` says little). One wins when it
explains all that the other does and more, or clearly more; otherwise the file's name decides, or the file is refused.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion.contracts import REGISTERS
from ingestion.tables.cells import CURRENCY_WORDS
from ingestion.tables.grid import FileRefused
from ingestion.tables.mapping import Mapping
from ingestion.tables.names import normalise

SEARCH_ROWS = 60
PAYMENT_LINKS = ("customer_id", "invoice_id", "invoice_uuid")
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_CLEARLY = 2
_HOW_TO_MAP = "Corrige el encabezado o haz un mapeo con «cartera mapping suggest» y ponlo en mappings/."


@dataclass(frozen=True)
class Match:
    """A header row read with one mapping."""

    mapping: Mapping
    columns: dict[str, tuple[int, ...]]  # contract column → positions (several where they are joined)
    missing: tuple[str, ...]
    repeated: tuple[str, ...]  # headers that stand twice and are needed
    told: bool  # every header of the mapping's `match` is there
    is_literal: bool = False  # every required column stands under its contract name
    telling: dict[str, int] = field(default_factory=dict)  # headers of `only` and `except` → position

    @property
    def fits(self) -> bool:
        """Whether the sheet can be read with it."""
        return self.told and not self.missing

    @property
    def kind(self) -> str:
        """The register's kind."""
        return self.mapping.kind

    @property
    def explained(self) -> frozenset[int]:
        """Positions whose header means something in this mapping."""
        return frozenset(p for positions in self.columns.values() for p in positions)

    @property
    def needed(self) -> frozenset[int]:
        """Positions that fill a required column."""
        required = [column.name for column in REGISTERS[self.kind].columns if column.required]
        return frozenset(p for name in required for p in self.columns.get(name, ()))


@dataclass(frozen=True)
class Verdict:
    """What a sheet is: a match and its header row (0-based), or the reason why not."""

    match: Match | None = None
    header_row: int = 0
    problem: FileRefused | None = None

    @property
    def rank(self) -> tuple[int, int, int]:
        """For choosing among delimiters: recognised first, a system's mapping first, then how much is understood."""
        if self.match:
            return (2, -_tier(self.match), len(self.match.explained))
        return (0, 0, 0) if self.problem is None or self.problem.code == "unknown_headers" else (1, 0, 0)


def candidates(mappings: Sequence[Mapping]) -> list[Mapping]:
    """The mappings to try: those given, and contract names for the kinds that no synonym list covers.

    A mapping that another one names in its `also` reads beside that one, never by itself.
    """
    beside = {name for mapping in mappings for name in mapping.also}
    mappings = [mapping for mapping in mappings if mapping.name not in beside]
    covered = {mapping.kind for mapping in mappings if mapping.is_generic}
    plain = [Mapping(name=kind, kind=kind, origin="built_in") for kind in REGISTERS if kind not in covered]
    return [*mappings, *plain]


def judge(
    rows: Sequence[Sequence[str | None]],
    mappings: Sequence[Mapping],
    stem: str,
    sheet: str = "",
) -> Verdict:
    """Find the header among the first rows and tell the kind."""
    usable = [m for m in mappings if m.sheet is None or not sheet or normalise(m.sheet) == normalise(sheet)]
    known = frozenset().union(*(m.vocabulary for m in usable))
    partial: list[tuple[Match, int]] = []
    for number, row in enumerate(rows[:SEARCH_ROWS]):
        headers = [_header(cell or "", known) for cell in row]
        if known.isdisjoint(headers):
            continue
        found = [
            _match(headers, mapping)
            for mapping in usable
            if mapping.header_row is None or mapping.header_row == number + 1
        ]
        fitting = [match for match in found if match.fits]
        if fitting:
            return _choose(fitting, found, number, stem, usable, row)
        partial.extend((match, number) for match in found if len(match.explained) >= 2)
    return _near(partial, rows, stem)


def match_beside(row: Sequence[str | None], mapping: Mapping, number: int) -> Match:
    """A header row read with a mapping that another one's `also` names. Raises FileRefused where it cannot be."""
    match = _match([_header(cell or "", mapping.vocabulary) for cell in row], mapping)
    if match.fits:
        return match
    headers = {normalise(cell or "") for cell in row}
    lacking = [h for h in (*mapping.match, *mapping.rows.headers) if normalise(h) not in headers]
    if match.missing:
        raise _missing(match, number, row)
    names = ", ".join(f"«{header}»" for header in dict.fromkeys(lacking))
    raise FileRefused(
        "missing_column",
        f"El mapeo «{mapping.name}» también lee este archivo y le falta {names} (encabezado en la fila "
        f"{number + 1}). Exporta también esas columnas.",
        mapping.kind,
        _shown(row),
    )


def guesses(
    rows: Sequence[Sequence[str | None]], mappings: Sequence[Mapping], stem: str
) -> list[tuple[Match, int]]:
    """What a sheet may be, the likeliest first, for proposing a mapping: matches with their header row (0-based)."""
    known = frozenset().union(*(m.vocabulary for m in mappings))
    named = named_kinds(stem, mappings)
    found: list[tuple[Match, int]] = []
    for number, row in enumerate(rows[:SEARCH_ROWS]):
        headers = [_header(cell or "", known) for cell in row]
        if not known.isdisjoint(headers):
            matches = (_match(headers, mapping) for mapping in mappings)
            found.extend((match, number) for match in matches if match.explained)
    return sorted(
        found,
        key=lambda pair: (
            not pair[0].fits,
            pair[0].kind not in named,
            len(pair[0].missing) - len(pair[0].explained),
            pair[1],
            pair[0].mapping.name,
        ),
    )


def named_kinds(stem: str, mappings: Sequence[Mapping]) -> set[str]:
    """Kinds whose name (or file name in a mapping) begins the file's name; the longest beginning counts."""
    best: dict[int, set[str]] = defaultdict(set)
    for kind in REGISTERS:
        if stem.startswith(normalise(kind)):
            best[len(normalise(kind))].add(kind)
    for mapping in mappings:
        for name in mapping.file_names:
            if stem.startswith(normalise(name)):
                best[len(normalise(name))].add(mapping.kind)
    return best[max(best)] if best else set()


def _header(cell: str, known: frozenset[str]) -> str:
    """A header normalised; what stands in parentheses is left off where that makes it known: `Plazo (días)`.

    Not a currency: `Total (MXN)` beside a currency column may be the pesos of an invoice in dollars.
    """
    whole = normalise(cell)
    if whole in known or "(" not in cell:
        return whole
    inside = {normalise(words) for words in _PARENTHESES.findall(cell)}
    bare = normalise(_PARENTHESES.sub(" ", cell))
    return bare if bare in known and not inside & CURRENCY_WORDS.keys() else whole


def _match(headers: Sequence[str], mapping: Mapping) -> Match:
    """Read a header row with one mapping. Required columns choose first; synonyms never share a header."""
    places: dict[str, list[int]] = defaultdict(list)
    for position, header in enumerate(headers):
        if header and header not in mapping.ignored:
            places[header].append(position)
    columns: dict[str, tuple[int, ...]] = {}
    used: set[int] = set()
    missing: list[str] = []
    repeated: list[str] = []
    for column in sorted(REGISTERS[mapping.kind].columns, key=lambda c: not c.required):
        spec = mapping.columns.get(column.name)
        if spec is not None and spec.join:
            found = [places.get(normalise(header), [])[:1] for header in spec.join]
            positions = tuple(p for place in found for p in place) if all(found) else ()
        else:
            names = mapping.synonyms.get(column.name, ())
            positions = _first_place(names, places, used if mapping.is_generic or spec is None else set())
            repeated.extend(h for h in names if positions == tuple(places.get(h, ())) and len(positions) > 1)
            positions = positions[:1]
        if positions:
            columns[column.name] = positions
            used.update(positions)
        elif spec is not None and spec.const is not None:
            columns[column.name] = ()
        elif column.required:
            missing.append(column.name)
    if mapping.kind == "payments" and not any(link in columns for link in PAYMENT_LINKS):
        missing.append("customer_id")
    telling = {h: headers.index(normalise(h)) for h in mapping.rows.headers if normalise(h) in headers}
    told = len(telling) == len(set(mapping.rows.headers)) and all(
        normalise(header) in places or normalise(header) in headers for header in mapping.match
    )
    is_literal = all(normalise(c.name) in places for c in REGISTERS[mapping.kind].columns if c.required)
    return Match(mapping, columns, tuple(missing), tuple(repeated), told, is_literal, telling)


def _first_place(names: Sequence[str], places: dict[str, list[int]], used: set[int]) -> tuple[int, ...]:
    for name in names:
        free = tuple(p for p in places.get(name, ()) if p not in used)
        if free:
            return free
    return ()


def _tier(match: Match) -> int:
    if match.mapping.is_generic:
        return 2
    return 0 if match.mapping.origin == "home" else 1


def _choose(
    fitting: list[Match],
    found: list[Match],
    number: int,
    stem: str,
    mappings: Sequence[Mapping],
    row: Sequence[str | None],
) -> Verdict:
    """The one match of a header row that at least one mapping fits."""
    tier = min(_tier(match) for match in fitting)
    best: dict[str, Match] = {}
    for match in sorted((m for m in fitting if _tier(m) == tier), key=lambda m: m.mapping.name):
        if match.kind not in best or _weight(match) > _weight(best[match.kind]):
            best[match.kind] = match
    rivals = list(best.values())
    winners = [a for a in rivals if all(a is b or _beats(a, b, rivals) for b in rivals)]
    named = named_kinds(stem, mappings)
    if len(winners) != 1:
        winners = [match for match in rivals if match.kind in named]
    if len(winners) != 1:
        kinds = ", ".join(sorted(best))
        return Verdict(problem=_ambiguous(kinds, row))
    winner = winners[0]
    if tier == 2:
        closer = _closer_partial(winner, found, named)
        if closer is not None:
            return Verdict(problem=_missing(closer, number, row))
    if winner.repeated:
        twice = {f"«{cell}»" for cell in row if cell and normalise(cell) in winner.repeated}
        headers = ", ".join(sorted(twice))
        return Verdict(
            problem=FileRefused(
                "duplicate_header",
                f"El encabezado {headers} aparece dos veces en la fila {number + 1} y no se sabe cuál columna leer. "
                "Cambia el nombre de una de las dos.",
                winner.kind,
                _shown(row),
            )
        )
    return Verdict(winner, number)


def _weight(match: Match) -> tuple[int, int]:
    return (len(match.mapping.match), len(match.explained))


def _beats(a: Match, b: Match, rivals: list[Match]) -> bool:
    if len(a.mapping.match) != len(b.mapping.match):
        return len(a.mapping.match) > len(b.mapping.match)
    if a.is_literal != b.is_literal:
        return a.is_literal
    if a.explained > b.explained:
        return True
    return _score(a, rivals) >= _score(b, rivals) + _CLEARLY


def _score(match: Match, rivals: list[Match]) -> int:
    """Headers explained; an id of its own counts more where no rival needs that header."""
    own = REGISTERS[match.kind].key
    key = match.columns.get(own[0], ()) if len(own) == 1 else ()
    needed = {p for rival in rivals if rival is not match for p in rival.needed}
    return len(match.explained) + (_CLEARLY if key and not set(key) & needed else 0)


def _closer_partial(winner: Match, found: list[Match], named: set[str]) -> Match | None:
    """A kind that lacks a required column but explains the header much better, or that the file's name says."""
    for match in sorted(found, key=lambda m: (-len(m.explained), m.kind)):
        if match.fits or not match.mapping.is_generic or match.kind == winner.kind or not match.missing:
            continue
        has_key = REGISTERS[match.kind].key[0] in match.columns
        margin = len(match.explained) - len(winner.explained)
        if has_key and (
            margin >= _CLEARLY or (match.kind in named and winner.kind not in named and margin >= 0)
        ):
            return match
    return None


def _near(partial: list[tuple[Match, int]], rows: Sequence[Sequence[str | None]], stem: str) -> Verdict:
    """No mapping fits: name the missing columns of the one that almost does."""
    named = named_kinds(stem, [match.mapping for match, _ in partial])
    told = [
        (match, number)
        for match, number in partial
        if not match.mapping.is_generic and match.missing and match.told
    ]
    likely = [
        (match, number)
        for match, number in partial
        if match.missing and (match.kind in named or (len(match.missing) == 1 and len(match.explained) >= 3))
    ]
    ranked = sorted(
        told or likely,
        key=lambda pair: (
            pair[0].kind not in named,
            len(pair[0].missing),
            -len(pair[0].explained),
            pair[1],
            pair[0].mapping.name,
        ),
    )
    if ranked:
        return Verdict(problem=_missing(ranked[0][0], ranked[0][1], rows[ranked[0][1]]))
    first = next((row for row in rows if any(normalise(cell or "") for cell in row)), None)
    if first is None:
        return Verdict()
    return Verdict(
        problem=FileRefused(
            "unknown_headers",
            f"No se reconoce qué registro es: los encabezados ({_shown(first)[:300]}) no son los de ninguno. "
            f"{_HOW_TO_MAP}",
            raw_text=_shown(first),
        )
    )


def _missing(match: Match, number: int, row: Sequence[str | None]) -> FileRefused:
    names = ", ".join(f"«{name}»{_spanish(match.mapping, name)}" for name in match.missing)
    plural = "las columnas obligatorias" if len(match.missing) > 1 else "la columna obligatoria"
    return FileRefused(
        "missing_column",
        f"Parece un registro «{match.kind}» (encabezado en la fila {number + 1}), pero falta {plural} {names}. "
        f"{_HOW_TO_MAP}",
        match.kind,
        _shown(row),
    )


def _spanish(mapping: Mapping, column: str) -> str:
    """What else would do, or an example of the header that was looked for."""
    if mapping.kind == "payments" and column == "customer_id":
        return " (o «invoice_id», o «invoice_uuid»)"
    spec = mapping.columns.get(column)
    return f" (por ejemplo «{spec.headers[0]}»)" if spec and spec.headers else ""


def _ambiguous(kinds: str, row: Sequence[str | None]) -> FileRefused:
    return FileRefused(
        "ambiguous_kind",
        f"Los encabezados pueden ser de varios registros: {kinds}. Pon el nombre del registro al principio del "
        "nombre del archivo (por ejemplo «invoices_…» o «facturas…»), o haz un mapeo con «cartera mapping suggest».",
        raw_text=_shown(row),
    )


def _shown(row: Sequence[str | None]) -> str:
    return " | ".join(cell.strip() for cell in row if cell and cell.strip())[:500]
