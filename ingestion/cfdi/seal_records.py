"""Which CFDIs have no verdict on their seal yet, and the verdicts kept as evidence in the ledger file.

A document is verified once by each version of the verifier. Its bytes come from the archive, pack by pack, and
verdicts are stored every few thousand: a run that is stopped loses none of those.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

import duckdb
import pyarrow as pa

from cartera.errors import WarehouseError
from cartera.home import HomePaths
from cartera.progress import Reporter
from cartera.warehouse import first_row, writable
from ingestion import archive
from ingestion.archive import Place
from ingestion.cfdi import seals

CHUNK = 5_000
SCHEMA = """
create table if not exists cfdi_seals (
  sha256 varchar, verifier varchar, verified_at timestamp, outcome varchar, issuer varchar, detail varchar)
"""
_WAITING = (
    "from places p where exists (from uuids u where u.sha256 = p.sha256) and not exists "
    f"(from cfdi_seals s where s.sha256 = p.sha256 and s.verifier = '{seals.VERSION}')"
)


def verify_waiting(paths: HomePaths, now: dt.datetime, reporter: Reporter) -> dict[str, int]:
    """Verify every CFDI without a verdict; gives how many had each outcome. Raises InputError without the library."""
    seals.require_library()
    outcomes: Counter[str] = Counter()
    if not paths.ledger_file.exists():
        return {}
    with writable(paths.ledger_file) as ledger:
        ledger.execute(SCHEMA)
        found = first_row(ledger, f"select count(*) {_WAITING}")
        reporter.step("Verificando sellos", int(found[0]) if found else 0)
        while places := _waiting(ledger):
            verdicts = _verified(paths, places, reporter)
            _keep(ledger, verdicts, now)
            outcomes.update(verdict.outcome for _, verdict in verdicts)
    return dict(sorted(outcomes.items()))


def _waiting(ledger: duckdb.DuckDBPyConnection) -> list[Place]:
    rows = ledger.execute(
        "select p.sha256, p.pack, p.frame_offset, p.frame_bytes, p.inner_offset, p.size_bytes "
        f"{_WAITING} order by p.pack, p.frame_offset, p.inner_offset limit {CHUNK}"
    ).fetchall()
    return [Place(*row) for row in rows]


def _verified(paths: HomePaths, places: list[Place], reporter: Reporter) -> list[tuple[str, seals.Verdict]]:
    """A verdict for each place; one whose pack is lost or damaged has one too, or it would be asked for ever."""
    verdicts: dict[str, seals.Verdict] = {}
    try:
        for sha256, data in archive.fetch_all(paths.ledger_file.parent, places):
            verdicts[sha256] = seals.verify(data)
            reporter.advance()
    except WarehouseError as error:
        reporter.note(str(error))
    lost = seals.Verdict("unreadable", detail="el original no se pudo leer del archivo histórico")
    return [(place.sha256, verdicts.get(place.sha256, lost)) for place in places]


def _keep(
    ledger: duckdb.DuckDBPyConnection, verdicts: list[tuple[str, seals.Verdict]], now: dt.datetime
) -> None:
    rows = pa.table({
        "sha256": [sha256 for sha256, _ in verdicts],
        "outcome": [verdict.outcome for _, verdict in verdicts],
        "issuer": [verdict.issuer for _, verdict in verdicts],
        "detail": [verdict.detail for _, verdict in verdicts],
    })  # fmt: skip
    ledger.register("new_verdicts", rows)
    ledger.execute(
        "insert into cfdi_seals select sha256, ?, ?, outcome, issuer, detail from new_verdicts",
        [seals.VERSION, now],
    )
    ledger.unregister("new_verdicts")


def into_raw(paths: HomePaths) -> None:
    """Make `raw.sat__seals` again from the ledger: the verdict of this version on each content."""
    from ingestion.load import refill  # heavy

    select = (
        "select sha256[:16] as source_file_id, outcome, issuer, detail, verified_at::date as delivery_date, "
        "row_number() over (order by sha256) as row_number, sha256[:16] as row_hash, null as extra "
        "from ledger.cfdi_seals where verifier = ?"
    )
    refill(paths, "sat__seals", SCHEMA, select, [seals.VERSION])
