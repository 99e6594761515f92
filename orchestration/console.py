"""How the command line shows progress and results: rich bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

OUT = Console(highlight=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False, soft_wrap=True)


class ConsoleReporter:
    """A stage a line, with a bar where the total is known. Use as a context manager."""

    def __init__(self, console: Console = ERR) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = None
        self._title = ""
        self._started = 0.0

    def __enter__(self) -> ConsoleReporter:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish()
        self._progress.stop()

    def step(self, title: str, total: int | None = None) -> None:
        """Close the stage before and open this one."""
        self._finish()
        self._title, self._started = title, time.monotonic()
        self._task = self._progress.add_task(title, total=total)

    def advance(self, units: int = 1) -> None:
        """So many more units are done."""
        if self._task is not None:
            self._progress.advance(self._task, units)

    def note(self, text: str) -> None:
        """A line above the bars."""
        self._console.print(f"  {text}", markup=False)

    def _finish(self) -> None:
        if self._task is None:
            return
        task = self._progress.tasks[-1]
        done = task.total if task.total is not None else max(task.completed, 1)
        self._progress.update(self._task, total=done, completed=done)
        if not self._console.is_terminal:
            seconds = time.monotonic() - self._started
            self._console.print(f"  {self._title}: {seconds:.1f} s", markup=False)
        self._task = None


def is_interactive() -> bool:
    """Whether a person is at a terminal."""
    return sys.stdout.isatty()
