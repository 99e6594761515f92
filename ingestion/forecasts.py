"""Published cash forecasts, kept in the ledger file so that their accuracy outlives any rebuild of the warehouse.

A forecast is kept when its snapshot goes to the front, and comes back as `raw.log__published_forecasts` at every
build. Which one counts where a day was published twice is the models' to say. Forecasts are no part of a run's
fingerprint: one never changes the figures of its own day.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from cartera.calendar import utc_now
from cartera.home import HomePaths
from cartera.warehouse import attach, writable

SCHEMA = """
create table if not exists published_forecasts (
  run_id varchar, published_at timestamp, as_of date, week_start varchar, week_start_date date,
  expected_mxn decimal(18, 2), promised_mxn decimal(18, 2))
"""


def keep(paths: HomePaths, candidate: Path, run_id: str, as_of: dt.date) -> None:
    """Store the forecast of `candidate` for its own day. Safe to repeat."""
    with writable(paths.ledger_file) as ledger:
        ledger.execute(SCHEMA)
        attach(ledger, candidate, "candidate")
        ledger.execute("begin; delete from published_forecasts where run_id = ?", [run_id])
        ledger.execute(
            "insert into published_forecasts select ?, ?, as_of, week_start, week_start_date, expected_mxn, "
            "promised_mxn from candidate.marts.cash_forecast where as_of = ? order by position",
            [run_id, utc_now(), as_of],
        )
        ledger.execute("commit")


def into_raw(paths: HomePaths) -> None:
    """Make `raw.log__published_forecasts` again from the ledger."""
    from ingestion.load import refill  # heavy, and publishing has no need of it

    select = (
        "select *, 'log' as source_file_id, published_at::date as delivery_date, "
        "row_number() over (order by run_id, week_start) as row_number, "
        "md5(run_id || week_start)[:16] as row_hash, null as extra from ledger.published_forecasts"
    )
    refill(paths, "log__published_forecasts", SCHEMA, select)
