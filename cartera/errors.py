"""The exception tree. Every error says what happened, where, and what to do, in Mexican Spanish.

Modules raise these; the CLI prints them as one sentence and exits 1, the app shows them in a box.
"""

from __future__ import annotations


class CarteraError(Exception):
    """What happened (`what`), where (file, key, row, UUID) and what to do (`action`)."""

    def __init__(self, what: str, where: str = "", action: str = "") -> None:
        self.what = what
        self.where = where
        self.action = action
        super().__init__(self.__str__())

    def __str__(self) -> str:
        """One text: `where: what. action.`"""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head.rstrip('.')}. {self.action}".strip() if self.action else f"{head.rstrip('.')}."


class SettingsError(CarteraError):
    """An unknown key or a wrong value in cartera.toml, the environment or a mapping."""


class HomeError(CarteraError):
    """The home cannot be read or written."""


class LockedError(CarteraError):
    """Another run holds this home."""


class WarehouseError(CarteraError):
    """The working warehouse cannot be opened or written (disk full, damaged)."""


class SnapshotError(CarteraError):
    """A published snapshot is missing, damaged, or not the asked one."""


class GateRefused(CarteraError):  # noqa: N818 - it is a verdict, not a fault
    """The gates refuse to publish; the last snapshot stays current (exit 2)."""


class InputError(CarteraError):
    """What the person asked for cannot be done as asked (a wrong date, an unknown id)."""
