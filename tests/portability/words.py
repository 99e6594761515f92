"""What DuckDB understands and Spark does not, or takes for something else, looked for where people write it.

The source of a model or test is read line by line: forms of the list below, and calls of functions that nobody has
checked on both engines. Macros are free: dialect differences live there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.portability.compiled import PROJECT

MACROS = PROJECT / "macros"


@dataclass(frozen=True)
class Offence:
    """One line that Spark would not run, or would run differently."""

    path: Path
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        where = self.path.relative_to(PROJECT.parent) if self.path.is_relative_to(PROJECT) else self.path
        return f"{where}:{self.line}: {self.word}: {self.instead}"


_DATE = r"(?:\w+_date|as_of|valid_from|valid_to|week_end|month_end|week_start)"
FORMS = [
    (r"::\s*\w+", "write cast(x as type)"),
    (r"\bas (?:varchar|text)\b(?!\()", "write `string`: both engines know it, Spark's varchar needs a length"),
    (r"\bgroup by all\b", "name the columns"),
    (r"\border by all\b", "name the columns"),
    (r"\bfilter\s*\(\s*where\b", "write sum(case when … then … end)"),
    (r"\bqualify\b", "number the rows in a subquery and filter outside"),
    (r"\b(?:unnest|generate_series|range)\(", "macro date_spine; another explosion: a macro with both dialects"),
    (r"\basof\b", "a join on valid_from and valid_to"),
    (r"(?:\*|\.\*)\s*(?:exclude|replace)\b", "name the columns"),
    (r"\bcolumns\s*\(", "name the columns"),
    (r"\b(?:left |right )?(?:semi|anti) join\b", "write exists, or a left join and `is null`"),
    (r"\bpositional join\b|\bby name\b", "name the columns"),
    (r"\bdistinct on\b", "number the rows in a subquery and filter outside"),
    (r"\bignore nulls\b", "macro last_known"),
    (r"\binterval\s+['\d(]", "macros add_days, add_months, days_between"),
    (rf"\b{_DATE}\s*[-+]\s*(?:\d|\w*\.?{_DATE}\b)", "macros add_days and days_between"),
    (r"\bover\s+\w+\s*[-+*/]", "put the window in brackets, (sum(x) over w) - y: Spark reads `w-y` as a name"),
    (r"\s//\s", "floor(a / b)"),
    (r"\S\s\*\*\s", "power(a, b)"),
    (r"\w\s*->>?\s*'[\w$]|\blambda\b", "a macro with both dialects"),
    (r"\bcreate (?:or replace )?macro\b", "macros_snapshot.sql"),
    (r"\b(?:arg_max|argmax|max_by)\b", "macro last_by"),
    (r"\b(?:arg_min|argmin|min_by)\b", "macro first_by"),
    (r"\b(?:string_agg|group_concat|listagg|array_agg|list_\w+)\(", "macro join_text"),
    (r"\b(?:median|quantile\w*|mode)\(", "macro median_of"),
    (r"\bregexp_\w+\(|\bsimilar to\b", "macro matches"),
    (r"\b(?:date_diff|datediff|date_sub|date_add|date_part|to_days|to_months|make_date|isodow|strftime|strptime)\(",
     "the macros of dates.sql"),
    (r"\bcurrent_date\b|\bnow\(|\btoday\(", "macro as_of: the clock is not an input"),
]  # fmt: skip
# Functions with one meaning on both engines (Spark SQL's built-in functions; DuckDB's functions). Nulls aside where
# both skip them: greatest, least, concat_ws.
PORTABLE = {
    "abs", "avg", "bool_and", "bool_or", "cast", "ceil", "coalesce", "concat_ws", "count", "date_trunc", "dense_rank",
    "exp", "extract", "first_value", "floor", "greatest", "lag", "last_value", "lead", "least", "length", "ln", "lower",
    "max", "min", "nullif", "power", "rank", "replace", "round", "row_number", "sqrt", "substr", "sum", "trim", "upper",
}  # fmt: skip
WITH_BRACKETS = {"decimal", "varchar", "in", "over", "values", "exists"}  # not calls
JINJA = {"ref", "source", "var", "config", "range"}
_COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
_CONTROL = re.compile(r"\{%-?\s*(?:for|if|elif|else|end\w+|macro|do)\b.*?%\}", re.DOTALL)
_CALL = re.compile(r"(?<![\w.])(?<!\| )([a-z_]\w*)\(", re.IGNORECASE)


@cache
def macro_names() -> frozenset[str]:
    """Our own macros: their text is not judged, nor are their names taken for functions."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(MACROS.glob("*.sql")))
    return frozenset(re.findall(r"\{%-?\s*macro (\w+)\(", text))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def scan(path: Path) -> Iterator[Offence]:
    """The offences of one file of models or tests."""
    text = _CONTROL.sub(_blank, _COMMENT.sub(_blank, path.read_text(encoding="utf-8")))
    known = PORTABLE | WITH_BRACKETS | JINJA | macro_names()
    for number, line in enumerate(text.splitlines(), 1):
        found = [(m[0], instead) for form, instead in FORMS for m in re.finditer(form, line, re.IGNORECASE)]
        yield from (Offence(path, number, word.strip(), instead) for word, instead in found)
        listed = " ".join(word for word, _ in found)
        for name in _CALL.findall(line):
            if name.lower() not in known and f"{name}(" not in listed:
                yield Offence(
                    path, number, f"{name}()", "not checked on both engines: a macro, or add it to PORTABLE"
                )


def scan_project() -> list[Offence]:
    """The offences of every model and test."""
    files = [p for folder in ("models", "tests") for p in sorted((PROJECT / folder).rglob("*.sql"))]
    return [offence for path in files for offence in scan(path)]
