"""Gate 1: may the new rows of one kind enter raw? Read from `delivery.duckdb`, schema `delivery`.

A delivery is the new rows of one kind in one run. Ordinary mess (a typing error, a repeated id, a blank
UUID) only warns: it becomes an exception or a quarantined row elsewhere. Critical is what says that the
file was misread as a whole, or what would wreck every figure: that kind's rows stay out, and the run goes
on. The check's subject is the raw table. Adding a check here is adding one `_bad_rows` or one Spec.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from data_quality.delivery_facts import SPANISH, TABLES
from data_quality.engine import CheckResult, Severity, Spec, outcome, run_suite
from data_quality.opening import tables_of

SCHEMA = "delivery"
CFDI = "cfdi"
LARGEST_AMOUNT = 10**12  # a million millions: no invoice, surely a misread column
REFUSED_ROWS = 20  # fewer are too few to judge the file by
# a document's own rate, and the currency it is of
DOCUMENT_RATES = {"fx_rate": "currency", "tipo_cambio": "moneda", "tipo_cambio_p": "moneda_p"}
UUID_FORM = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@dataclass(frozen=True)
class Table:
    """One table of the delivery that has rows."""

    name: str
    rows: int
    columns: Mapping[str, str]

    @property
    def label(self) -> str:
        """Its name in words."""
        return SPANISH.get(self.name, self.name.partition("__")[2])

    @property
    def is_main(self) -> bool:
        """Whether its rows are the kind's things, not the parts of them."""
        return not self.name.startswith("cfdi__") or self.name == "cfdi__documents"

    @property
    def place(self) -> str:
        """SQL that says where a row stands, for the message."""
        return "' (fila ' || row_number || ')'" if "row_number" in self.columns else "''"

    def of_type(self, *starts: str) -> list[str]:
        """Its own columns of these SQL types."""
        return [c for c, kind in self.columns.items() if kind.startswith(starts) and c != "delivery_date"]


def check_delivery(
    delivery_file: Path, tables: Sequence[str], refused: Mapping[str, int] | None = None
) -> list[CheckResult]:
    """Judge the new rows of the named raw tables, or kinds. A `failed` result keeps its kind's rows out.

    `refused`: by kind, how many rows of this delivery were quarantined.
    """
    kinds = {kind_of(name) for name in tables}
    found = [
        Table(name, rows, columns)
        for name, (rows, columns) in tables_of(delivery_file, SCHEMA).items()
        if kind_of(name) in kinds
    ]
    shares = [
        _refused_share(table, (refused or {}).get(kind_of(table.name), 0)) for table in found if table.is_main
    ]
    return shares + run_suite(delivery_file, [spec for table in found for spec in _specs(table)])


def kind_of(table: str) -> str:
    """The kind a raw table belongs to: `cfdi` for all of a CFDI's tables. A kind is its own."""
    if table.startswith("sat__"):
        return table.replace("__", "_")
    return CFDI if table.startswith("cfdi__") else table.removeprefix("register__")


def _refused_share(table: Table, refused: int) -> CheckResult:
    """More than half of the rows refused: the mapping or the file is wrong, not the rows."""
    read = table.rows + refused
    is_wrong = read >= REFUSED_ROWS and refused * 2 > read
    message = "Correcto."
    if is_wrong:
        message = (
            f"Se apartaron {refused:,} de {read:,} filas de {table.label}: más de la mitad. Parece otro "
            "formato u otro mapeo; revisa los motivos en cuarentena antes de cargar el resto."
        )
    status = outcome("critical", not is_wrong)
    share = f"{Decimal(100 * refused) / read:.1f} %"
    return CheckResult("refused_share", table.name, status, "critical", message, share)


def _specs(table: Table) -> Iterator[Spec]:
    """Every expectation of one table, from what the gate knows of it and from its columns' types."""
    facts = TABLES.get(table.name)
    required = [c for c in facts.required if c in table.columns] if facts else []
    blank = {c: f"{c} is null" for c in [*required, "source_file_id"]}
    yield from _bad_rows(
        table,
        "required_values",
        blank,
        "{n} [fila|filas] de {label} [llegó|llegaron] sin un dato obligatorio: {examples}. Corrige "
        "el archivo o el mapeo.",
    )
    yield from _amounts(table)
    yield from _dates(table, required)
    yield from _codes(table)
    if facts and facts.key:
        yield _repeated(table, facts.key)
    if facts and facts.positive:
        yield from _positive(table, facts.positive)


def _amounts(table: Table) -> Iterator[Spec]:
    yield from _bad_rows(
        table,
        "plausible_amounts",
        {c: f"abs({c}) >= {LARGEST_AMOUNT}" for c in table.of_type("DECIMAL(24,6)")},
        "{n} [fila|filas] de {label} [trae|traen] importes de un billón o más: {examples}. Seguramente se leyó otra "
        "columna (un folio, una cuenta): revisa el mapeo.",
    )
    # a rate of the table values every balance; a document's own rate only itself, and in pesos nothing
    odd = "{n} [fila|filas] de {label} [trae|traen] un tipo de cambio en cero, negativo o mayor que mil: {examples}. "
    if "mxn_per_unit" in table.columns:
        yield from _bad_rows(
            table,
            "plausible_mxn_per_unit",
            {"mxn_per_unit": "(mxn_per_unit <= 0 or mxn_per_unit > 1000)"},
            odd + "Valuaría mal la cartera en moneda extranjera: corrígelo.",
        )
    for column, currency in DOCUMENT_RATES.items():
        if column in table.columns:
            yield from _bad_rows(
                table,
                f"plausible_{column}",
                {column: f"({column} <= 0 or {column} > 1000) and upper({currency}) not in ('MXN', 'XXX')"},
                odd + "En cero o negativo vale el de la tabla; mayor que mil, cuenta como viene: revísalo.",
                severity="warning",
            )


def _dates(table: Table, required: Sequence[str]) -> Iterator[Spec]:
    """Outside 1990–2100 a required date would stretch every calendar; ten years away is only odd."""
    dates = table.of_type("DATE", "TIMESTAMP")
    beyond = {c: f"({c} < date '1990-01-01' or {c} >= date '2101-01-01')" for c in dates}
    problem = (
        "{n} [fila|filas] de {label} [trae|traen] fechas fuera de 1990–2100: {examples}. Revisa el "
        "formato de fecha."
    )
    yield from _bad_rows(table, "required_dates", {c: beyond[c] for c in dates if c in required}, problem)
    optional = {c: beyond[c] for c in dates if c not in required}
    yield from _bad_rows(table, "optional_dates", optional, problem, severity="warning")
    far = "({0} < delivery_date - interval 10 year or {0} > delivery_date + interval 3 year)"
    yield from _bad_rows(
        table,
        "plausible_years",
        {c: far.format(c) for c in dates if "delivery_date" in table.columns},
        "{n} [fila|filas] de {label} [trae|traen] fechas a más de diez años antes o tres después de la entrega: "
        "{examples}. Confírmalas con quien generó el archivo.",
        severity="warning",
    )


def _codes(table: Table) -> Iterator[Spec]:
    """Currencies and UUIDs: some odd ones warn; most of them odd means that another column was read."""
    names = set(table.columns)
    currencies = sorted(
        c for c in names if c == "currency" or c.startswith("moneda") or c.endswith("_currency")
    )
    odd = {c: f"({c} is not null and not regexp_full_match({c}, '[A-Z]{{3}}'))" for c in currencies}
    yield from _bad_rows(
        table,
        "currency_form",
        odd,
        "{n} [fila|filas] de {label} [trae|traen] monedas que no son claves como MXN o USD: {examples}. Sin moneda "
        "conocida no se [valúa|valúan] en pesos: corrígelas en el origen.",
        severity="warning",
    )
    for column in currencies:
        yield _mostly(table, f"currency_share_{column}", column, odd[column])
    for column in sorted(c for c in names if c == "uuid" or c.endswith("_uuid")):
        yield from _bad_rows(
            table,
            f"uuid_form_{column}",
            {column: f"({column} is not null and not regexp_full_match({column}, '{UUID_FORM}'))"},
            "{n} [fila|filas] de {label} [trae|traen] un UUID sin la forma de un folio fiscal: "
            "{examples}. No se [podrá|podrán] "
            "cruzar con su CFDI.",
            severity="critical" if kind_of(table.name) == CFDI and column == "uuid" else "warning",
        )


def _repeated(table: Table, key: Sequence[str]) -> Spec:
    """One id twice inside one file with other data; across files it is a correction, and normal."""
    names = ", ".join(key)
    per_file = names if "source_file_id" in key else f"source_file_id, {names}"
    differs = "count(distinct row_hash) > 1" if "row_hash" in table.columns else "count(*) > 1"
    return Spec(
        "repeated_key",
        f"{SCHEMA}.{table.name}",
        "no_rows",
        "{n} [clave|claves] de {label} [viene repetida|vienen repetidas] en un mismo archivo con "
        "datos distintos: {examples}. Se toma "
        "una sola; revisa cuál es la buena.",
        severity="warning",
        subject=table.name,
        sql=f"select concat_ws(' / ', {names}) as what from {{batch}} group by {per_file} having {differs}",
        words={"label": table.label},
    )


def _positive(table: Table, column: str) -> Iterator[Spec]:
    """Zeros and negatives happen; more than half of them means that another column was read."""
    yield from _bad_rows(
        table,
        f"positive_{column}",
        {column: f"{column} <= 0"},
        "{n} [fila|filas] de {label} [trae|traen] importes en cero o negativos: {examples}. Se "
        "[carga|cargan] tal cual: "
        "confírmalos.",
        severity="warning",
    )
    yield _mostly(table, f"positive_share_{column}", column, f"{column} <= 0")


def _mostly(table: Table, check_name: str, column: str, condition: str) -> Spec:
    """At least twenty values, and more than half of them odd: critical."""
    odd = f"count(*) filter (where {condition})"
    return Spec(
        check_name,
        f"{SCHEMA}.{table.name}",
        "no_rows",
        "Más de la mitad de las filas de {label} ({odd} de {all}) traen {column} sin sentido, por ejemplo "
        "{examples}. Parece otra columna: revisa el mapeo.",
        subject=table.name,
        sql=f'select any_value({column}) filter (where {condition}) as what, {odd} as odd, count(*) as "all" '
        f"from {{batch}} where {column} is not null "
        f"having count(*) >= {REFUSED_ROWS} and {odd} * 2 > count(*)",
        words={"label": table.label, "column": column},
    )


def _bad_rows(
    table: Table,
    check_name: str,
    conditions: Mapping[str, str],
    problem: str,
    severity: Severity = "critical",
) -> Iterable[Spec]:
    """One check over several columns: rows where a column meets its condition, named with its value."""
    if not conditions:
        return
    values = ", ".join(
        f"case when {test} then '{c} ' || coalesce({c}::varchar, 'vacío') end"
        for c, test in conditions.items()
    )
    yield Spec(
        check_name,
        f"{SCHEMA}.{table.name}",
        "no_rows",
        problem,
        severity=severity,
        subject=table.name,
        sql=f"select concat_ws(', ', {values}) || {table.place} as what from {{batch}} "
        f"where {' or '.join(conditions.values())}",
        words={"label": table.label},
    )
