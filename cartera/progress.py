"""What long work tells while it goes on. The command line draws it; tests and Dagster may keep it silent."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Receives progress. `step` opens a stage in words; `advance` says how far it is; `note` is a line."""

    def step(self, title: str, total: int | None = None) -> None:
        """A stage begins; `total` units of work if known."""

    def advance(self, units: int = 1) -> None:
        """So many more units of the current stage are done."""

    def note(self, text: str) -> None:
        """Something a person should know."""


class Silent:
    """A reporter that says nothing."""

    def step(self, title: str, total: int | None = None) -> None:
        """Nothing."""

    def advance(self, units: int = 1) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""
