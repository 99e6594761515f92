"""The dictionary is whole: every column of every mart in Spanish with its unit, every KPI with its formula."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MARTS: dict[str, dict[str, Any]] = {
    model["name"]: model
    for path in sorted((PROJECT / "models" / "marts").rglob("*.yml"))
    for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
}
# of the name of a column → one of these words stands in its description
UNITS = [
    (r"_mxn(_|$)", ("peso",)),
    (r"_ccy$", ("moneda",)),
    (r"_days$|^days_|^(dso|bpdso|add)_", ("día",)),
    (r"_pct$", ("%", "por ciento", "porcentaje", "0 a 100", "0–100")),
]
ENGLISH = re.compile(r"\b(the|of|amount|customer's|date of|number of|whether)\b", re.IGNORECASE)


def kpis() -> list[dict[str, str]]:
    with (PROJECT / "seeds" / "kpis.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_mart_is_described_in_some_contract() -> None:
    models = {path.stem for path in (PROJECT / "models" / "marts").rglob("*.sql")}
    assert models == set(MARTS)


@pytest.mark.parametrize("mart", MARTS)
def test_every_column_says_what_it_is_with_its_unit(mart: str) -> None:
    model = MARTS[mart]
    assert len(model.get("description", "")) > 20
    assert model["columns"]
    problems = []
    for column in model["columns"]:
        name, said = column["name"], column.get("description", "").strip()
        if len(said) < 4 or said.lower().replace(" ", "_") == name or ENGLISH.search(said):
            problems.append(f"{name}: «{said}»")
        for pattern, words in UNITS:
            if re.search(pattern, name) and not any(word in said.lower() for word in words):
                problems.append(f"{name}: «{said}» names none of {words}")
    assert problems == []


@pytest.mark.parametrize("mart", MARTS)
def test_a_ratio_stands_beside_its_numerator_and_denominator(mart: str) -> None:
    names = {column["name"] for column in MARTS[mart]["columns"]}
    shares = {name.removesuffix("_pct") for name in names if name.endswith("_pct")}
    alone = {s for s in shares if not {f"{s}_num", f"{s}_den"} <= names}
    assert alone == set()


@pytest.mark.parametrize("row", kpis(), ids=lambda row: row["kpi"])
def test_every_kpi_has_a_name_a_formula_a_unit_and_its_mart(row: dict[str, str]) -> None:
    assert row["name_es"]
    assert len(row["formula_es"]) > 15
    assert row["unit"] in {"mxn", "pct", "days", "count", "points"}
    assert row["good_direction"] in {"up", "down", "none"}
    assert row["mart"] in MARTS
    assert row["section"]
