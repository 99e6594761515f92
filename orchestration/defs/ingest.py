"""Assets `raw/*`: the inbox read, gate 1 passed, rows in raw. The work is in ingestion and data_quality."""

from collections.abc import Iterator

import dagster as dg

from cartera.calendar import utc_now
from data_quality.delivery import check_delivery
from ingestion.cfdi.seal_records import verify_waiting
from ingestion.contracts import RAW_TABLES, kind_of
from ingestion.load import collect, commit
from orchestration.context import RunContext, as_check
from orchestration.fingerprint import request_key


def raw_specs() -> list[dg.AssetSpec]:
    """One asset a raw table. A function: specs at module level would be found as assets of their own."""
    return [
        dg.AssetSpec(["raw", name], group_name="ingest", kinds={"duckdb", "python"}) for name in RAW_TABLES
    ]


def gate_one() -> list[dg.AssetCheckSpec]:
    """Gate 1, a check on each raw table."""
    return [dg.AssetCheckSpec("delivery", asset=["raw", name], description="Gate 1") for name in RAW_TABLES]


@dg.multi_asset(name="ingest_inbox", specs=raw_specs(), check_specs=gate_one())
def ingest_inbox(
    context: dg.AssetExecutionContext, run: dg.ResourceParam[RunContext]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read what is new, judge each delivery, keep what passes."""
    request = run.request
    intake = collect(
        run.paths,
        run.settings,
        run.reporter,
        full_refresh=request.full_refresh,
        scheduled=request.scheduled,
        settle=request.settle,
    )
    run.intake = intake
    if intake.inbox_state:
        run.fingerprint = request_key(run.paths, run.settings, request.as_of, intake.inbox_state)
    results = (
        check_delivery(run.paths.delivery_file, sorted(intake.delivered_rows), intake.refused_rows)
        if intake.delivered_rows
        else []
    )
    held: dict[str, str] = {}
    for found in results:
        check = as_check("delivery", found)
        run.checks.append(check)
        if check.refuses and not request.accept:
            held[kind_of(found.subject)] = check.message
    for kind, reason in held.items():
        run.say(f"Los archivos de «{kind}» quedan pendientes: {reason}")
    run.files = commit(run.paths, held, run.reporter)
    if request.verify_seals:
        run.seals = verify_waiting(run.paths, utc_now(), run.reporter)
    for name in RAW_TABLES:
        failed = [c.message for c in run.checks if c.gate == "delivery" and c.subject == name and c.refuses]
        yield dg.MaterializeResult(
            asset_key=["raw", name],
            metadata={
                "rows_new": intake.delivered_rows.get(name, 0),
                "total_new": intake.delivered_totals.get(name, ""),
                "rows_quarantined": intake.refused_rows.get(kind_of(name), 0),
                "inbox_state": intake.inbox_state[:16],
            },
            check_results=[
                dg.AssetCheckResult(
                    asset_key=dg.AssetKey(["raw", name]),
                    check_name="delivery",
                    passed=not failed,
                    metadata={"messages": failed},
                )
            ],
        )
    context.log.info(f"{intake.files_new} archivos nuevos: {run.files}")
