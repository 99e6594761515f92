"""Exposures tell the truth: one a page, report and alert, naming the marts that its code reads, and no others."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dbt.reads import ROOT, TABLES, files_read, functions_read, named_in, view_reads

EXPOSURES: list[dict[str, Any]] = yaml.safe_load(
    (ROOT / "dbt_project" / "models" / "exposures.yml").read_text(encoding="utf-8")
)["exposures"]
META = {exposure["name"]: exposure["config"]["meta"] for exposure in EXPOSURES}


def covered() -> set[Path]:
    return {path for meta in META.values() if "files" in meta for path in ROOT.glob(meta["files"])}


@pytest.mark.parametrize("exposure", EXPOSURES, ids=lambda exposure: str(exposure["name"]))
def test_it_names_what_its_code_reads(exposure: dict[str, Any]) -> None:
    meta = META[exposure["name"]]
    named = {re.sub(r"ref\('(\w+)'\)", r"\1", ref) for ref in exposure.get("depends_on", [])}
    if "files" in meta:
        read = files_read(sorted(ROOT.glob(meta["files"])))
    else:
        read = view_reads(meta["view"], inner=meta["view"] != "dashboards.app")
    assert named == read


def test_every_page_has_one_with_its_address_and_title() -> None:
    tree = ast.parse((ROOT / "dashboards" / "app.py").read_text(encoding="utf-8"))
    sections = next(
        n.value
        for n in tree.body
        if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name) and n.target.id == "SECTIONS"
    )
    views = {node.id for node in ast.walk(sections) if isinstance(node, ast.Name)}  # type: ignore[arg-type]
    pages = {e["config"]["meta"]["view"].rpartition(".")[2]: e for e in EXPOSURES if e["type"] == "dashboard"}
    assert set(pages) == views
    for view, exposure in pages.items():
        text = (ROOT / "dashboards" / "views" / f"{view}.py").read_text(encoding="utf-8")
        constants = dict(re.findall(r'^(TITLE|PATH) = "(.+)"$', text, re.MULTILINE))
        assert (exposure["label"], META[exposure["name"]]["page"]) == (
            constants["TITLE"],
            "/" + constants["PATH"],
        )


def test_every_report_and_alert_that_reads_a_mart_has_one() -> None:
    files = [p for folder in ("reports", "alerts") for p in (ROOT / "dashboards" / folder).rglob("*.py")]
    reading = {path for path in files if TABLES.search(path.read_text(encoding="utf-8"))}
    assert reading <= covered()
    assert reading


def test_a_macro_is_followed_to_the_marts_below_it() -> None:
    read = named_in("select * from marts.aging_as_of($d)")
    assert {"balance_intervals", "disputes", "dim_customers", "unapplied_intervals"} <= read
    assert not read & {"aging_as_of", "disputed_items_as_of", "closing_rates"}


def test_only_the_function_that_is_called_counts() -> None:
    assert functions_read("dashboards.queries.invoices", {"movements"}) == {"fct_movements"}
