"""Asset `meta/snapshot`: gate 2 on the candidate, then the publication. The publish step checks for itself."""

import json
from collections.abc import Iterator

import dagster as dg

from cartera import snapshot
from data_quality.candidate import check_candidate
from orchestration.context import RunContext, as_check
from orchestration.publish import last_comparable, publish

KEY = dg.AssetKey(["meta", "snapshot"])
MARTS = (
    "aging_by_customer", "fct_movements", "fct_invoices", "kpis", "weekly_bridge", "exceptions", "worklist",
)  # fmt: skip


@dg.multi_asset(
    name="publish_snapshot",
    specs=[
        dg.AssetSpec(KEY, deps=[["marts", name] for name in MARTS], group_name="publish", kinds={"duckdb"})
    ],
    check_specs=[
        dg.AssetCheckSpec("dbt_tests", asset=KEY, description="Pruebas de dbt"),
        dg.AssetCheckSpec("candidate", asset=KEY, description="Gate 2, contra la última publicación"),
    ],
)
def publish_snapshot(
    context: dg.AssetExecutionContext, run: dg.ResourceParam[RunContext]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Audit the candidate and publish it, or refuse and leave the last snapshot serving."""
    run.reporter.step("Revisando antes de publicar")
    for found in check_candidate(run.paths.marts_file, last_comparable(run)):
        run.checks.append(as_check("candidate", found))
    for gate, name in (("dbt", "dbt_tests"), ("candidate", "candidate")):
        refused = [check.message for check in run.checks if check.gate == gate and check.refuses]
        yield dg.AssetCheckResult(
            asset_key=KEY, check_name=name, passed=not refused, metadata={"messages": refused}
        )
    path = publish(run)
    with snapshot.open_readonly(path) as connection:
        totals, rows = connection.execute("select totals, row_counts from meta.snapshot").fetchall()[0]
    yield dg.MaterializeResult(
        asset_key=KEY,
        metadata={
            "run_id": run.run_id,
            "status": run.status,
            "sha256": snapshot.sha256_of(path),
            "fingerprint": run.fingerprint,
            "totals": dg.MetadataValue.json(json.loads(totals)),
            "rows": dg.MetadataValue.json(json.loads(rows)),
        },
    )
    context.log.info(f"Publicado: {path.name}")
