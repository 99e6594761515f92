"""Dagster's entry: everything under `defs/`."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, checks, jobs, schedules, sensors and resources."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
