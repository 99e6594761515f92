"""A mapping proposed from a file's headers, with what it would read: for `cartera mapping suggest FILE`.

The answer is a YAML text that can be saved as it is; doubts, missing columns and the first rows are comments in it.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from ingestion.contracts import REGISTERS
from ingestion.tables.cells import MOMENT
from ingestion.tables.grid import FileRefused, Grid
from ingestion.tables.mapping import Mapping, load_mappings, parse_mappings
from ingestion.tables.names import file_stem, normalise
from ingestion.tables.reader import recognise
from ingestion.tables.recognise import Match, candidates, guesses, judge
from ingestion.tables.rows import SheetReader, SheetReading

_DAY_FIRST, _MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
_SHOWN_ROWS = 5
_LOOKED_AT = 200  # rows that tell whether a column holds moments
_MOST_KINDS = 12
_ROW_KINDS = frozenset(
    {"status", "estado", "estatus", "type", "tipo", "tipodemovimiento", "tipodeoperacion", "operacion", "categoria",
     "transactiontype", "recordtype", "reportingcategory", "situacion"}
)  # fmt: skip
_NO_DATE = date(2000, 1, 1)  # a delivery date for the trial reading, which is thrown away


@dataclass
class _Proposal:
    """A mapping in the making."""

    name: str
    match: Match
    headers: list[str]
    sheet: str = ""
    decimal: str = "."
    formats: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def header(self, column: str) -> str:
        """The header that fills a contract column."""
        return self.headers[self.match.columns[column][0]]

    def text(self) -> str:
        """The mapping as YAML."""
        table = REGISTERS[self.match.kind]
        filled = [c for c in table.columns if self.match.columns.get(c.name)]
        telling = [self.header(c.name) for c in filled if c.required] or [self.header(c.name) for c in filled]
        lines = [f"name: {_quoted(self.name)}", f"kind: {self.match.kind}"]
        lines.append(f"match: [{', '.join(_quoted(h) for h in dict.fromkeys(telling))}]")
        if self.sheet:
            lines.append(f"sheet: {_quoted(self.sheet)}")
        lines.extend(_rules(self.match.mapping))
        lines.append("columns:")
        lines.extend(
            f"  {c.name}: {self._spec(c.name)}" for c in table.columns if c.name in self.match.columns
        )
        for name in self.match.missing:
            hint = " o {const: MXN}" if name == "currency" else ""
            lines.append(f"  # {name}: FALTA; escribe aquí el encabezado que lo trae{hint}")
        if self.decimal != ".":
            lines.append(f'decimal: "{self.decimal}"')
        return "\n".join(lines) + "\n"

    def _spec(self, column: str) -> str:
        """Where a column comes from: its header, with what its dates need; as the mapping it was read with says."""
        known = self.match.mapping.columns.get(column)
        if known is not None and known.const is not None and not self.match.columns[column]:
            return f"{{const: {_quoted(known.const)}}}"
        if known is not None and known.join:
            parts = ", ".join(_quoted(self.headers[p]) for p in self.match.columns[column])
            return f"{{join: [{parts}], separator: {_quoted(known.separator)}}}"
        header = _quoted(self.header(column))
        zone = self.zones.get(column) or (known.zone if known else None)
        if zone:
            return f"{{from: {header}, zone: {zone}}}"
        form = self.formats.get(column) or (known.format if known else None)
        return f'{{from: {header}, format: "{form}"}}' if form else header


def _rules(mapping: Mapping) -> list[str]:
    """`only`, `except`, `also` and `ignore` of the mapping that a file was recognised with."""
    lines = [f"also: [{', '.join(map(_quoted, mapping.also))}]"] if mapping.also else []
    for key, lists in (("only", mapping.rows.only), ("except", mapping.rows.leave_out)):
        lines.extend([f"{key}:"] if lists else [])
        for header, values in lists.items():
            lines.append(f"  {_quoted(header)}: [{', '.join(map(_quoted, values))}]")
    return [*lines, "ignore: all"] if mapping.ignore_rest else lines


def suggest(name: str, data: bytes) -> str:
    """Propose a mapping for a file. A file that is no table at all answers with the reason, as a comment."""
    mappings = candidates(load_mappings(None))
    try:
        sheets = [grid for grid, _ in recognise(name, data, mappings)]
    except FileRefused as refused:
        return f"# {refused.reason}\n"
    stem = file_stem(name)
    parts = [part for part in (_suggest_sheet(grid, mappings, stem, name) for grid in sheets) if part]
    return "---\n".join(parts) or "# El archivo no trae encabezados que se reconozcan; no hay qué proponer.\n"


def _suggest_sheet(grid: Grid, mappings: list[Mapping], stem: str, name: str) -> str:
    found = guesses(grid.top(60), mappings, stem)
    if not found:
        return ""
    verdict = judge(grid.top(60), mappings, stem, grid.sheet)
    match, row = (verdict.match, verdict.header_row) if verdict.match else found[0]
    headers = [(cell or "").strip() for cell in grid.frame.row(row)]
    proposal = _Proposal(_slug(name), match, headers, grid.sheet)
    _note_doubts(proposal, found, row)
    _note_moments(proposal, grid, row)
    _note_kinds_of_rows(proposal, grid, row)
    trial = _settle(proposal, grid, row, name)
    notes = [*proposal.notes, *_shown(trial, match)] if trial else proposal.notes
    return proposal.text() + "".join(f"# {note}\n" for note in notes)


def _note_doubts(proposal: _Proposal, found: list[tuple[Match, int]], row: int) -> None:
    """Other kinds that fit as well, and headers that no one took."""
    match = proposal.match
    others = sorted({m.kind for m, at in found if at == row and m.fits and m.kind != match.kind})
    if others:
        proposal.notes.append(f"También podría ser: {', '.join(others)}. Revisa «kind».")
    if match.mapping.ignore_rest:
        return
    free = [h for i, h in enumerate(proposal.headers) if h and i not in match.explained]
    names = {normalise(c.name): c.name for c in REGISTERS[match.kind].columns if c.name not in match.columns}
    for column in REGISTERS[match.kind].columns:
        for synonym in (
            match.mapping.synonyms.get(column.name, ()) if column.name not in match.columns else ()
        ):
            names.setdefault(synonym, column.name)
    for header in free:
        close = difflib.get_close_matches(normalise(header), names, n=1, cutoff=0.75)
        proposal.notes.append(
            f"Encabezado sin usar: {_quoted(header)}" + (f"; ¿será {names[close[0]]}?" if close else "")
        )
    if free:
        proposal.notes.append("Los que no quieras guardar, ponlos en ignore: [..].")


def _note_moments(proposal: _Proposal, grid: Grid, row: int) -> None:
    """A date column of moments that say their zone, or whose header says UTC: its day depends on the zone."""
    for column in REGISTERS[proposal.match.kind].columns:
        if column.type != "date" or not proposal.match.columns.get(column.name):
            continue
        known = proposal.match.mapping.columns.get(column.name)
        place = proposal.match.columns[column.name][0]
        texts = grid.frame.get_column(f"c{place}").slice(row + 1, _LOOKED_AT).drop_nulls().to_list()
        moments = [found for text in texts if (found := MOMENT.fullmatch(text.strip()))]
        says_utc = "utc" in normalise(proposal.headers[place])
        if moments and (says_utc or any(found[3] for found in moments)) and not (known and known.zone):
            proposal.zones[column.name] = "UTC"
            header = f"«{proposal.headers[place]}»"
            proposal.notes.append(
                f"{header} trae la hora con su zona: cuenta el día en la Ciudad de México. Revísalo."
            )


def _note_kinds_of_rows(proposal: _Proposal, grid: Grid, row: int) -> None:
    """A free column of few values that tells kinds or states of rows: perhaps not all of them are wanted."""
    for place, header in enumerate(proposal.headers):
        if place in proposal.match.explained or normalise(header) not in _ROW_KINDS:
            continue
        values = grid.frame.get_column(f"c{place}").slice(row + 1).drop_nulls().str.strip_chars()
        values = values.filter(values != "").unique(maintain_order=True).head(_MOST_KINDS + 1)
        if 1 < len(values) <= _MOST_KINDS:
            listed = ", ".join(map(_quoted, values.to_list()))
            proposal.notes.append(
                f"Si no todos los renglones cuentan, deja los que sí: only: {{{_quoted(header)}: [{listed}]}}"
            )


def _settle(proposal: _Proposal, grid: Grid, row: int, name: str) -> SheetReading | None:
    """Read with the proposal, giving it date formats and decimal marks until it reads or cannot."""
    if proposal.match.missing:
        return None
    for _ in range(2 + len(proposal.match.columns)):
        (mapping,) = parse_mappings(proposal.text().encode(), "propuesta")
        verdict = judge([[None]] * row + [grid.top(row + 1)[row]], [mapping], "")
        if verdict.match is None:
            return None
        try:
            return SheetReader(grid, verdict.match, row, name).read("0" * 16, _NO_DATE)
        except FileRefused as refused:
            if not _mend(proposal, refused):
                proposal.notes.append(refused.reason)
                return None
    return None


def _mend(proposal: _Proposal, refused: FileRefused) -> bool:
    """Add to the proposal what a refusal asks for; a guess, so it is noted."""
    if refused.code == "decimal_comma" and proposal.decimal == ".":
        proposal.decimal = ","
        proposal.notes.append('Se supuso coma decimal: decimal: ",". Revísalo.')
        return True
    if refused.code != "ambiguous_date":
        return False
    for column in REGISTERS[proposal.match.kind].columns:
        header = f"«{proposal.header(column.name)}»" if proposal.match.columns.get(column.name) else None
        if (
            column.type == "date"
            and header
            and header in refused.reason
            and column.name not in proposal.formats
        ):
            form = _MONTH_FIRST if "mes/día/año" in refused.reason else _DAY_FIRST
            example = refused.reason.partition("por ejemplo «")[2]
            mark = next((c for c in example if c in "/.-"), "/")
            proposal.formats[column.name] = form.replace("/", mark)
            proposal.notes.append(f"Se supuso el formato {form.replace('/', mark)} en {header}. Revísalo.")
            return True
    return False


def _shown(trial: SheetReading, match: Match) -> list[str]:
    """What the proposal reads: counts, the first rows, the first refusals."""
    refused = Counter(refusal.code for refusal in trial.refusals)
    notes = [f"Con este mapeo: {trial.table.num_rows} filas leídas, {len(trial.refusals)} en cuarentena."]
    wanted = [name for name in match.columns if name in trial.table.column_names]
    for row in trial.table.select(wanted).slice(0, _SHOWN_ROWS).to_pylist():
        notes.append(
            "  "
            + json.dumps({k: v for k, v in row.items() if v is not None}, default=str, ensure_ascii=False)
        )
    notes.extend(f"  {count} con {code}" for code, count in sorted(refused.items()))
    notes.extend(f"  {refusal.reason}" for refusal in trial.refusals[:3])
    return [note.replace("\n", " ") for note in notes]


def _slug(name: str) -> str:
    """A name for the mapping out of the file's: words joined by hyphens."""
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or name
    return "-".join(re.findall(r"\w+", stem.lower())) or "mi-mapeo"


def _quoted(text: str) -> str:
    """A YAML text in double quotes."""
    return json.dumps(text, ensure_ascii=False)
