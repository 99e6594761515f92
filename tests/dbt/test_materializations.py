"""How a model is written: in place, held to its contract, and nothing left of a model that broke it."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from cartera.home import HomePaths
from orchestration import transform

CONTRACT = """
models:
  - name: balances
    config: {contract: {enforced: true}}
    columns:
      - {name: customer_id, data_type: VARCHAR}
      - {name: gross_mxn, data_type: 'DECIMAL(18,2)'}
"""
PROJECT = """
name: small
version: "1.0.0"
config-version: 2
profile: cartera
models: {small: {+materialized: table}}
"""
PROMISED = "select 'C1' as customer_id, cast(1.5 as decimal(18, 2)) as gross_mxn"


class SmallProject:
    """A project of one model that is written by our materializations."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = HomePaths(folder / "home")
        self.paths.warehouse_file.parent.mkdir(parents=True)
        (folder / "models").mkdir()
        (folder / "macros").mkdir()
        shutil.copy(transform.PROJECT / "macros" / "materializations.sql", folder / "macros")
        shutil.copy(transform.PROJECT / "profiles.yml", folder)
        (folder / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
        (folder / "models" / "contract.yml").write_text(CONTRACT, encoding="utf-8")

    def build(self, sql: str) -> str:
        """Build the model with this SQL; dbt's message where it refused, else ''."""
        (self.folder / "models" / "balances.sql").write_text(sql, encoding="utf-8")
        outcome = transform.invoke(self.paths, ["run"], target=self.folder / "target")
        assert outcome.result is not None, outcome.exception
        return "" if outcome.success else " ".join(outcome.result.results[0].message.split())

    def rows(self) -> list[tuple[object, ...]]:
        """What the model holds now."""
        with duckdb.connect(str(self.paths.warehouse_file)) as c:
            return c.execute("select * from main.balances").fetchall()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """The small project in place of ours."""
    project = SmallProject(tmp_path)
    monkeypatch.setattr(transform, "PROJECT", tmp_path)
    return project


def test_a_model_keeps_its_contract_through_a_second_build(small: SmallProject) -> None:
    assert small.build(PROMISED) == ""
    assert small.build(PROMISED.replace("1.5", "2.5")) == ""
    assert [str(amount) for _, amount in small.rows()] == ["2.50"]


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(PROMISED.replace("18, 2", "18, 4"), id="another type"),
        pytest.param(PROMISED + ", 1 as extra", id="one column more"),
        pytest.param("select 'C1' as customer_id", id="one column less"),
        pytest.param(
            "select cast(1 as decimal(18, 2)) as gross_mxn, 'C1' as customer_id", id="another order"
        ),
    ],
)
def test_a_model_that_breaks_its_contract_is_refused_and_the_table_before_it_stays(
    small: SmallProject, sql: str
) -> None:
    assert small.build(PROMISED) == ""
    assert "contract" in small.build(sql)
    assert [(customer, str(amount)) for customer, amount in small.rows()] == [("C1", "1.50")]


def test_a_table_may_become_a_view_and_a_table_again(small: SmallProject) -> None:
    as_view = "{{ config(materialized='view', contract={'enforced': false}) }}\n" + PROMISED
    for sql in (PROMISED, as_view, as_view, PROMISED):
        assert small.build(sql) == ""
        assert len(small.rows()) == 1
