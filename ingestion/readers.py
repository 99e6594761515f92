"""Who reads the tasks of an intake: this process, or others beside it where there is much to read.

Other processes take a moment to start, so they are told as soon as much is expected, and start while this one lists
and prepares.
"""

from __future__ import annotations

from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

from ingestion import bulk
from ingestion.bulk import Batch, Task

FROM_FILES, FROM_BYTES = 3000, 16 << 20  # below these, starting others costs more than it saves


class Readers:
    """The readers of one intake; `with` sends them home at its end."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def expect(self, files: int, size_bytes: int = 0) -> None:
        """So much is to be read, at least."""
        if self._pool is None and self.workers > 1 and (files >= FROM_FILES or size_bytes >= FROM_BYTES):
            self._pool = ProcessPoolExecutor(self.workers, get_context("spawn"), bulk.start)
            self._pool.submit(bulk.start)  # the first task starts them all

    @property
    def ahead(self) -> int:
        """How many tasks may wait for their turn."""
        return 2 * self.workers if self._pool else 0

    def read(self, task: Task) -> Future[Batch]:
        """The task, read now or soon."""
        if self._pool:
            return self._pool.submit(bulk.read, task)
        done: Future[Batch] = Future()
        done.set_result(bulk.read(task))
        return done
