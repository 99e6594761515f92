"""After the build: files get the outcome that the models computed for two CFDIs with one UUID."""

from __future__ import annotations

import duckdb

from ingestion.ledger import Ledger
from orchestration.context import RunContext


def settle_documents(run: RunContext) -> None:
    """Mark files whose CFDI is a duplicate or a conflict of another, and those that count again."""
    with duckdb.connect(str(run.paths.warehouse_file), read_only=True) as warehouse:
        outcomes = warehouse.execute(
            """select d.source_file_id, d.outcome, coalesce(w.source_file_id, '')
               from intermediate.int_cfdi_copies d
               left join intermediate.int_cfdi_copies w on w.uuid = d.uuid and w.outcome = 'counts'
               order by 1"""
        ).fetchall()
    if not outcomes:
        return
    with Ledger.open(run.paths) as ledger:
        ledger.settle_documents(outcomes)
