"""Registers that make no sense in ways nobody thought of: no row, however odd, breaks an identity or stops the models.

Rows of the sample company are mutated within what the readers let through: repeated under other names, pointing at
anything, with other dates, amounts, currencies. A seed that fails is named by the test and fails again alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from benchmarks.marts_data import make_base
from data_quality.candidate import KEYS, check_candidate
from ingestion.contracts import RAW_TABLES, Column
from tests.dbt import straight
from tests.dbt.raw_home import Raw

pytestmark = pytest.mark.slow

AS_OF = "2026-06-30"
SEEDS = int(os.environ.get("CARTERA_FUZZ_COMPANIES", "6"))
Rows = dict[str, list[dict[str, Any]]]
# columns that name a thing, or point at one
NAMES = {
    "invoice_id", "replaces_invoice_id", "related_invoice_id", "payment_id", "application_id", "cn_id", "write_off_id",
    "uuid", "rep_uuid", "invoice_uuid", "related_uuid", "id_documento", "customer_id", "serie", "folio", "reference",
    "bank_reference", "num_operacion", "receptor_rfc", "rfc", "emisor_rfc", "company_rfc", "dispute_id", "promise_id",
    "incident_id", "reminder_id", "bank_line_id", "report_id", "sale_id",
}  # fmt: skip
MOST = Decimal("999999999999.99")
DAYS = (-4000, -400, -30, -1, 1, 30, 400, 2000)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The raw rows of a small sample company."""
    paths = make_base(tmp_path_factory.mktemp("odd"), 160)
    found: Rows = {}
    with duckdb.connect(str(paths.warehouse_file), read_only=True) as connection:
        for name in RAW_TABLES:
            cursor = connection.execute(f"select * from raw.{name}")
            columns = [column[0] for column in cursor.description or ()]
            found[name] = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_row_breaks_an_identity(sample: Rows, seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    rows = _odd(sample, rng, rng.choice((0.03, 0.1, 0.3)))
    with straight.run(Raw(rows), AS_OF) as marts:
        assert straight.broken(marts, AS_OF) == {}
        for mart, key in KEYS.items():
            blank = " or ".join(f"{column} is null" for column in key)
            repeated = marts.execute(
                f"select {', '.join(key)}, count(*) from {mart} group by all having count(*) > 1 or {blank} limit 3"
            ).fetchall()
            assert repeated == [], mart
        candidate = tmp_path / "candidate.duckdb"
        marts.execute(f"attach '{candidate}' as candidate; create schema candidate.marts")
        for (mart,) in marts.execute(
            "select table_name from duckdb_tables() where database_name = 'marts_db'"
        ).fetchall():
            marts.execute(f"create table candidate.marts.{mart} as from marts_db.marts.{mart}")
        marts.execute("detach candidate")
    refused = [
        (check.name, check.message) for check in check_candidate(candidate, None) if check.status == "failed"
    ]
    assert refused == []


def _odd(sample: Rows, rng: Random, share: float) -> Rows:
    """The rows with this share of them changed, repeated, or repeated and changed."""
    rows = deepcopy(sample)
    names = [row[c] for found in rows.values() for row in rng.sample(found, min(len(found), 40))
             for c in sorted(NAMES & row.keys()) if row[c]]  # fmt: skip
    for name, found in rows.items():
        table = RAW_TABLES[name]
        is_cfdi = name.startswith("cfdi__")
        fixed = (
            {*table.key, "uuid", "version", "tipo_de_comprobante", "kind", "position"} if is_cfdi else set()
        )
        columns = [column for column in table.columns if column.name not in fixed]
        for row in [row for row in found if rng.random() < share]:
            changed = row
            if not is_cfdi and rng.random() < 0.3:
                changed = dict(row)
                found.append(changed)
                if rng.random() < 0.5:  # a correction; else it came again as another thing
                    changed["delivery_date"] += timedelta(days=rng.choice((0, 1, 5)))
                elif isinstance(changed[table.key[0]], str):
                    changed[table.key[0]] = rng.choice((f"{changed[table.key[0]]}X", rng.choice(names)))
                changed["row_hash"] = f"{rng.random()}"
            if columns:
                column = rng.choice(columns)
                odd = _value(
                    column, changed[column.name], rng, names, lambda c=column, f=found: rng.choice(f)[c.name]
                )
                if odd is not None or not column.required:
                    changed[column.name] = odd
        for number, row in enumerate(found, start=2):
            if not is_cfdi:
                row["row_number"] = number
    return rows


def _value(column: Column, old: Any, rng: Random, names: list[Any], another: Callable[[], Any]) -> Any:
    """Another value that the readers let through."""
    amount = Decimal(1) if old is None else old
    if column.name in NAMES:
        odd = [rng.choice(names), old.upper() if old else old, old.lower() if old else old]
    elif column.type in ("date", "timestamp"):
        start = old or (date(2026, 3, 1) if column.type == "date" else datetime(2026, 3, 1))  # noqa: DTZ001
        odd = [start + timedelta(days=days) for days in DAYS]
    elif column.type == "money":
        typed = min(max(amount * 10**6, -MOST), MOST)  # without its decimal point
        odd = [Decimal(0), Decimal(-1), -amount, typed, amount + Decimal("0.01"), Decimal("0.005"), MOST]
    elif column.type == "rate":
        odd = [Decimal(0), Decimal(-1), Decimal("0.0000000001"), Decimal(99999), Decimal(1)]
    elif column.type == "integer":
        odd = [0, -1, 1, 2, 99999]
    elif column.type == "boolean":
        odd = [not old]
    elif "currency" in column.name or column.name.startswith("moneda"):
        odd = ["USD", "EUR", "XXX", "JPY", "MXN"]
    else:
        odd = ["|", "'", "->", "x" * 600, "0", "PPD", "PUE", "publico"]
    return rng.choice((another(), None, *odd))
