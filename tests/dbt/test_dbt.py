"""dbt itself builds the whole project over one company, with its unit tests: straight.py makes the very same marts."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.transform import PROJECT
from tests.dbt import straight
from tests.dbt.compiled import dbt, write_home
from tests.dbt.raw_home import OWN_RFC
from tests.dbt.test_matching import both

AS_OF = "2026-06-30"
MODELS = PROJECT / "models"
# what a model with a denominator, a bucket or a deadline calls, and the parameters that are numbers of a rule
CALLS = re.compile(r"\b(?:pct|ratio|bucket|bucket_rows|bucket_place|rep_deadline)\(")
PARAMETERS = re.compile(r"var\(['\"](\w+)['\"]")
NO_RULE = {"report_currency", "own_rfcs", "history_starts", "sat_enabled"}
# models with dates, windows or an order of their own, which none of these words shows
DATED = {
    "cash_forecast", "cash_forecast_lines", "dim_report_dates", "int_applied_events", "int_behaviour_spans",
    "int_countback", "int_customer_contacts", "int_dispute_states", "int_disputed_items", "int_loss_rates",
    "int_month_flows", "int_months", "int_payment_lags", "int_promised_items", "int_survival", "int_week_items",
    "int_weeks", "provision_by_segment", "unapplied_credit", "weekly_bridge", "weekly_movements", "worklist",
}  # fmt: skip
# a bucket read from the seed inside a macro, or nearly every mart as input: where in Python their values are
IN_PYTHON = {
    "aging_open_items": "test_rule_values.py",
    "fct_invoices": "test_rule_values.py",
    "int_kpis_balances": "test_measures.py",
    "int_kpis_process": "test_rule_values.py",
    "int_roll_cells": "test_balances_cases.py",
    "int_unvalued_cells": "test_unvalued.py",
    "int_unvalued_rolls": "test_unvalued.py",
}

REFS = re.compile(r"ref\(['\"](\w+)['\"]\)")


def unit_tests() -> dict[str, list[str]]:
    """The names of the unit tests of each model."""
    found: dict[str, list[str]] = {}
    for path in MODELS.rglob("*.yml"):
        for test in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("unit_tests", []):
            found.setdefault(test["model"], []).append(test["name"])
    return found


def with_rules() -> set[str]:
    """The models that have a denominator, a bucket, a deadline or a number of days that is a parameter."""
    found = set(DATED)
    for path in MODELS.rglob("*.sql"):
        sql = path.read_text(encoding="utf-8")
        if CALLS.search(sql) or set(PARAMETERS.findall(sql)) - NO_RULE:
            found.add(path.stem)
    return found


def test_every_model_with_a_rule_has_a_unit_test() -> None:
    tested = set(unit_tests())
    assert with_rules() - tested - set(IN_PYTHON) == set()
    assert tested & set(IN_PYTHON) == set()
    assert tested <= {path.stem for path in MODELS.rglob("*.sql")}
    assert set(IN_PYTHON) <= with_rules()
    assert all((Path(__file__).parent / file).is_file() for file in IN_PYTHON.values())


def test_every_unit_test_gives_all_that_its_model_reads() -> None:
    """dbt asks for it, but finds what is missing in a project that it has built before."""
    missing = []
    for path in MODELS.rglob("*.yml"):
        for test in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("unit_tests", []):
            [model] = MODELS.rglob(f"{test['model']}.sql")
            sql = re.sub(r"^-- depends_on.*$", "", model.read_text(encoding="utf-8"), flags=re.MULTILINE)
            given = {name for one in test["given"] for name in REFS.findall(one["input"])}
            missing += [f"{test['name']}: {name}" for name in sorted(set(REFS.findall(sql)) - given)]
    assert missing == []


@pytest.mark.slow
def test_dbt_and_its_sql_run_straight_make_the_same(tmp_path: Path) -> None:
    paths = write_home(tmp_path / "home", both())
    results = dbt(paths, "build", as_of=AS_OF, own_rfcs=[OWN_RFC])
    done = Counter((str(r.node.resource_type), str(r.status)) for r in results)
    assert {status for _, status in done} == {"success", "pass", "no-op"}
    assert done["unit_test", "pass"] == sum(map(len, unit_tests().values()))
    with straight.run(both(), AS_OF) as connection:
        made = straight.contents(connection)
        types = {mart: connection.execute(f"describe {mart}").fetchall() for mart in made}
        assert done["model", "success"] == len(
            connection.execute(
                "select 1 from duckdb_tables() where schema_name in ('marts', 'intermediate') "
                "union all select 1 from duckdb_views() where schema_name in ('staging', 'intermediate')"
            ).fetchall()
        )
        assert straight.broken(connection, AS_OF) == {}
    assert sum(map(len, made.values())) > 500
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{paths.marts_file}' as marts_db (read_only); use marts_db.marts")
        assert straight.contents(connection) == made
        assert {mart: connection.execute(f"describe {mart}").fetchall() for mart in made} == types
