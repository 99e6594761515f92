"""Where things lie in a home: the folder that holds one company's files, warehouse and snapshots."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cartera.errors import HomeError

DEFAULT_HOME = "cartera-home"
FOLDERS = ("inbox", "mappings", "warehouse", "snapshots", "archive", "exports", "dagster")


@dataclass(frozen=True)
class HomePaths:
    """Every path of a home, by name."""

    home: Path

    @property
    def settings_file(self) -> Path:
        """The commented settings."""
        return self.home / "cartera.toml"

    @property
    def inbox(self) -> Path:
        """What people drop; a run never changes it."""
        return self.home / "inbox"

    @property
    def mappings(self) -> Path:
        """The user's own mappings (they win over the shipped ones)."""
        return self.home / "mappings"

    @property
    def warehouse_file(self) -> Path:
        """The working warehouse: raw, staging, intermediate. Disposable."""
        return self.home / "warehouse" / "warehouse.duckdb"

    @property
    def marts_file(self) -> Path:
        """The candidate marts, in a file of their own so that publishing is a file copy.

        Neither this file nor the delivery is named like its schema: DuckDB would find the name ambiguous.
        """
        return self.home / "warehouse" / "candidate.duckdb"

    @property
    def delivery_file(self) -> Path:
        """The new rows of this run, before gate 1."""
        return self.home / "warehouse" / "incoming.duckdb"

    @property
    def dbt_target(self) -> Path:
        """The dbt artifacts of this home."""
        return self.home / "warehouse" / "dbt"

    @property
    def ledger_file(self) -> Path:
        """The ledger of files and the quarantine: with the archive, the truth."""
        return self.home / "archive" / "ledger.duckdb"

    @property
    def snapshots(self) -> Path:
        """The published snapshots and their pointer."""
        return self.home / "snapshots"

    @property
    def exports(self) -> Path:
        """What the export commands write."""
        return self.home / "exports"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.home / "dagster"

    @property
    def last_run_file(self) -> Path:
        """How the last run ended."""
        return self.home / "last_run.json"

    @property
    def lock_file(self) -> Path:
        """Held by the one run at a time."""
        return self.home / "run.lock"


def resolve_home(option: Path | str | None) -> HomePaths:
    """The home of `--home`, else CARTERA_HOME, else ./cartera-home; made absolute, not created."""
    chosen = option or os.environ.get("CARTERA_HOME") or DEFAULT_HOME
    return HomePaths(Path(chosen).expanduser().absolute())


def existing_home(option: Path | str | None) -> HomePaths:
    """`resolve_home`, or HomeError where it is not a home yet."""
    paths = resolve_home(option)
    if not paths.home.is_dir():
        raise HomeError(
            "no existe esa carpeta", str(paths.home), f"Créala con: cartera init {paths.home.name}"
        )
    if not os.access(paths.home, os.R_OK | os.W_OK | os.X_OK):
        raise HomeError("no se puede leer o escribir en esa carpeta", str(paths.home), "Revisa sus permisos")
    if not paths.inbox.is_dir():
        raise HomeError(
            "no es una carpeta de Cartera (le falta inbox/)",
            str(paths.home),
            f"Prepárala con: cartera init {paths.home}",
        )
    return paths
