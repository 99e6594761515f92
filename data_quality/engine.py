"""How gates run: a list of `Spec` becomes Great Expectations suites over a DuckDB file, read-only.

The only importer of great_expectations, and only inside functions: the import takes seconds, so
`preload` may be called early from a thread. What is expected of data is said in delivery.py and
candidate.py. Refused rows are quarantined by ingestion; here a whole delivery or candidate is judged.
"""

from __future__ import annotations

import atexit
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

Severity = Literal["critical", "warning"]
Status = Literal["passed", "failed", "warned"]

EXAMPLES = 3
_lock = threading.RLock()  # one gate at a time: Great Expectations keeps state per process


@dataclass(frozen=True)
class CheckResult:
    """What one check found; a row of `meta.checks`. `failed` is critical, `warned` is not."""

    check_name: str
    subject: str
    status: Status
    severity: Severity
    message: str
    observed: str


@dataclass(frozen=True)
class Spec:
    """One expectation of one table (`schema.table`), and the words for when it is not met.

    expects: `not_null` and `unique` take `column`; `between` takes `column`, `low`, `high`; `no_rows`
    takes `sql`, a query that finds what is wrong: `{batch}` stands for the table, a column `what` names
    the culprit. `problem` may use {n} (how many), {examples}, `words` and the columns of the first row;
    `[fila|filas]` is the first where {n} is one, else the second.
    `error_severity`: how bad it is when the check itself cannot run.
    """

    check_name: str
    table: str
    expects: Literal["not_null", "unique", "between", "no_rows"]
    problem: str
    severity: Severity = "critical"
    subject: str = ""
    column: str = ""
    low: Decimal | int | date | None = None
    high: Decimal | int | date | None = None
    sql: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    error_severity: Severity = "critical"


def run_suite(
    database: Path, expectations: Sequence[Spec], attach: Mapping[str, Path] | None = None
) -> list[CheckResult]:
    """Check a DuckDB file; results in the order asked. The file is closed, its lock free, at the end.

    `attach` names other DuckDB files that `no_rows` queries may read, by alias.
    """
    if not expectations:
        return []
    results: dict[int, CheckResult] = {}
    with _lock, _source(database, dict(attach or {})) as source:
        numbered = sorted(
            enumerate(expectations), key=lambda pair: (pair[1].table, pair[1].expects == "no_rows")
        )
        for table, group in groupby(numbered, key=lambda pair: pair[1].table):
            results.update(_check_table(source, table, list(group)))
    return [results[number] for number in range(len(expectations))]


def preload() -> None:
    """Import Great Expectations now: 2.5 s that a caller can overlap with other work."""
    _great_expectations()


def outcome(severity: Severity, ok: bool) -> Status:
    """The status of a check of this severity."""
    if ok:
        return "passed"
    return "failed" if severity == "critical" else "warned"


def _great_expectations() -> Any:
    """Import it silent: no analytics, no warnings of its own, no complaints at the process's end."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    first = "great_expectations" not in sys.modules
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations

        from data_quality import duckdb_dialect

    if first:
        duckdb_dialect.register()
        atexit.register(_forget_modules)
    return great_expectations


def _forget_modules() -> None:
    """Let go of Great Expectations' registries, or DuckDB's binding prints leaks as Python ends."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "great_expectations"]:
        del sys.modules[name]


@contextmanager
def _source(database: Path, attach: dict[str, Path]) -> Iterator[Any]:
    """A Great Expectations SQL source over the file, in a context that lives only here."""
    gx = _great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from data_quality import duckdb_dialect

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = None
        files = {alias: str(path) for alias, path in attach.items()}
        try:
            context = gx.get_context(mode="ephemeral")
            context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
            source = context.data_sources.add_sql(
                name="database",
                connection_string=f"{duckdb_dialect.URL_SCHEME}:///gate",  # a path may hold ? or %
                create_temp_table=False,
                kwargs={"connect_args": {"file": str(database), "attach": files}},
            )
            yield source
        finally:
            if source is not None:
                source.get_execution_engine().close()
            duckdb_dialect.close_opened()


def _check_table(source: Any, table: str, numbered: list[tuple[int, Spec]]) -> dict[int, CheckResult]:
    """Validate one table's expectations: column ones together, then the queries with their rows."""
    import great_expectations as gx

    schema, _, name = table.partition(".")
    try:
        asset = source.add_table_asset(name=table, table_name=name, schema_name=schema)
        batch = asset.add_batch_definition_whole_table(name=table).get_batch()
    except Exception as error:
        return {number: _unable(spec, error) for number, spec in numbered}
    results: dict[int, CheckResult] = {}
    for is_query, group in groupby(numbered, key=lambda pair: pair[1].expects == "no_rows"):
        specs = dict(group)
        expectations = [_expectation(spec, number) for number, spec in specs.items()]
        suite = gx.ExpectationSuite(name=f"{table}/{is_query}", expectations=expectations)
        report = batch.validate(suite, result_format="COMPLETE" if is_query else "SUMMARY")
        for result in report.results:
            number = result.expectation_config.meta["number"]
            results[number] = _read(specs[number], result)
    return results


def _expectation(spec: Spec, number: int) -> Any:
    """The Great Expectations object of a spec; `number` finds its result again."""
    import great_expectations.expectations as gxe

    common = {"meta": {"number": number}, "severity": spec.severity}
    if spec.expects == "not_null":
        return gxe.ExpectColumnValuesToNotBeNull(column=spec.column, **common)
    if spec.expects == "unique":
        return gxe.ExpectColumnValuesToBeUnique(column=spec.column, **common)
    if spec.expects == "between":
        return gxe.ExpectColumnValuesToBeBetween(
            column=spec.column, min_value=spec.low, max_value=spec.high, **common
        )
    # str.format reads the query: braces are doubled; a batch has an alias of its own, hence the select
    query = spec.sql.replace("{", "{{").replace("}", "}}").replace("{{batch}}", "(select * from {batch})")
    return gxe.UnexpectedRowsExpectation(unexpected_rows_query=query, **common)


def _read(spec: Spec, result: Any) -> CheckResult:
    """Turn one Great Expectations result into ours, in words."""
    errors = result.exception_info or {}
    if not isinstance(errors.get("raised_exception"), bool):  # one entry a metric that failed
        errors = next(iter(errors.values()), {})
    if errors.get("raised_exception"):
        return _unable(spec, errors.get("exception_message") or "")
    found = result.result
    if spec.expects == "no_rows":
        rows = [dict(row) for row in found.get("details", {}).get("unexpected_rows", [])]
        count = found.get("observed_value") or 0
        names = [str(row["what"]) for row in rows if row.get("what") is not None]
    else:
        rows = []
        count = found.get("unexpected_count") or 0
        names = [_plain(value) for value in found.get("partial_unexpected_list", []) if value is not None]
    status = outcome(spec.severity, bool(result.success))
    examples = "; ".join(list(dict.fromkeys(names))[:EXAMPLES])
    words = {
        **spec.words,
        **(rows[0] if rows else {}),
        "n": f"{count:,}",
        "examples": examples or "sin identificar",
    }
    message = "Correcto." if status == "passed" else in_number(spec.problem, count).format(**words)
    subject = spec.subject or spec.table
    return CheckResult(spec.check_name, subject, status, spec.severity, message, f"{count}")


def in_number(text: str, count: int) -> str:
    """The text with each `[singular|plural]` in the number of `count`."""
    return re.sub(r"\[([^|\]]*)\|([^\]]*)\]", r"\1" if count == 1 else r"\2", text)


def _unable(spec: Spec, error: object) -> CheckResult:
    """The check could not run: no table, no column. That is no pass."""
    lines = str(error).strip().splitlines()
    reason = (lines[0] if lines else "sin detalle")[:200]
    message = (
        f"No se pudo comprobar «{spec.check_name}» en {spec.table}: {reason} "
        "Vuelve a construir con --full-refresh; si se repite, reporta el problema."
    )
    status = outcome(spec.error_severity, ok=False)
    return CheckResult(spec.check_name, spec.subject or spec.table, status, spec.error_severity, message, "")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
