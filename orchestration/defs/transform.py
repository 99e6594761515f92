"""Assets of dbt: every model and seed, built by one `dbt build` in process, its tests kept as checks."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, build_dbt_asset_specs

from cartera.home import resolve_home
from orchestration.context import RunContext
from orchestration.outcomes import settle_documents
from orchestration.transform import build, manifest_file


class SchemaTableKeys(DagsterDbtTranslator):
    """Keys equal `schema/table`, as everywhere in the project."""

    def get_asset_key(self, dbt_resource_props: Any) -> dg.AssetKey:
        """`marts/aging_by_customer`, `raw/cfdi__documents`."""
        return dg.AssetKey(
            [dbt_resource_props["schema"], dbt_resource_props.get("alias") or dbt_resource_props["name"]]
        )


def _specs() -> list[dg.AssetSpec]:
    manifest = manifest_file(resolve_home(None))
    specs = build_dbt_asset_specs(manifest=manifest, dagster_dbt_translator=SchemaTableKeys())
    return [spec.replace_attributes(group_name=spec.key.path[0]) for spec in specs]


@dg.multi_asset(name="build_marts", specs=_specs())
def build_marts(run: dg.ResourceParam[RunContext]) -> Iterator[dg.MaterializeResult[None]]:
    """Rebuild staging, intermediate and marts from raw, and settle what the models decided about files."""
    built = build(run.paths, run.settings, run.request.as_of, run.reporter)
    run.checks.extend(built.checks)
    settle_documents(run)
    rows: dict[tuple[str, str], int] = {}
    for path in (run.paths.warehouse_file, run.paths.marts_file):
        with duckdb.connect(str(path), read_only=True) as connection:
            for schema, table, size in connection.execute(
                "select schema_name, table_name, estimated_size from duckdb_tables()"
            ).fetchall():
                rows[(schema, table)] = size
    for schema, table in built.models:  # Dagster wants them in the order of their dependencies
        found = rows.get((schema, table))
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey([schema, table]), metadata={} if found is None else {"rows": found}
        )
