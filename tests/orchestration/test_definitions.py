"""Dagster's definitions: they load, nothing dangles, and nothing phones home."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import pytest
import yaml

from cartera.home import HomePaths
from ingestion.contracts import RAW_TABLES
from orchestration.cli_home import make_home
from orchestration.run import prepare_environment


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    paths = HomePaths(tmp_path_factory.mktemp("dagster") / "home")
    make_home(paths)
    before = dict(os.environ)
    prepare_environment(paths)
    from orchestration.definitions import defs

    yield defs()
    os.environ.clear()
    os.environ.update(before)


def test_every_key_that_is_needed_is_made(definitions):
    graph = definitions.resolve_asset_graph()
    missing = {
        (parent.to_user_string(), node.key.to_user_string())
        for node in graph.asset_nodes
        for parent in node.parent_keys
        if not graph.has(parent) or not graph.get(parent).is_materializable
    }
    assert missing == set()


def test_every_check_is_of_an_asset_that_exists(definitions):
    graph = definitions.resolve_asset_graph()
    for check in graph.asset_check_keys:
        assert graph.has(check.asset_key), check
        assert graph.get(check.asset_key).is_materializable, check


def test_raw_and_marts_are_assets_named_like_their_tables(definitions):
    keys = {key.to_user_string() for key in definitions.resolve_asset_graph().materializable_asset_keys}
    assert {f"raw/{name}" for name in RAW_TABLES} <= keys
    assert {"marts/aging_by_customer", "marts/kpis", "meta/snapshot"} <= keys


def test_one_job_one_schedule_one_sensor(definitions):
    job = definitions.resolve_job_def("cartera_run")
    assert job.executor_def.name == "in_process"
    schedule = definitions.resolve_schedule_def("daily")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 6 * * *", "America/Mexico_City")
    assert definitions.resolve_sensor_def("inbox_sensor").job_name == "cartera_run"


def test_the_sensor_asks_for_a_run_only_when_the_inbox_changed(definitions):
    sensor = definitions.resolve_sensor_def("inbox_sensor")
    context = dg.build_sensor_context()
    asked = sensor(context)
    assert isinstance(asked, dg.RunRequest)
    assert isinstance(sensor(dg.build_sensor_context(cursor=context.cursor)), dg.SkipReason)
    (HomePaths(Path(os.environ["CARTERA_HOME"])).inbox / "nuevo.csv").write_text("a,b", encoding="utf-8")
    assert sensor(dg.build_sensor_context(cursor=context.cursor)).run_key != asked.run_key


def test_telemetry_is_off_everywhere():
    root = Path(__file__).resolve().parents[2]
    project = yaml.safe_load((root / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["flags"]["send_anonymous_usage_stats"] is False
    home = Path(os.environ["DAGSTER_HOME"]) if "DAGSTER_HOME" in os.environ else None
    if home is not None:
        assert yaml.safe_load((home / "dagster.yaml").read_text())["telemetry"] == {"enabled": False}
    streamlit = (root / "dashboards" / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert "gatherUsageStats = false" in streamlit
