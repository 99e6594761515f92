"""dbt itself builds the whole project over one company, with its unit tests: straight.py makes the very same marts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tests.dbt import straight
from tests.dbt.compiled import dbt, write_home
from tests.dbt.raw_home import OWN_RFC
from tests.dbt.test_matching import both

pytestmark = pytest.mark.slow

AS_OF = "2026-06-30"


def test_dbt_and_its_sql_run_straight_make_the_same(tmp_path: Path) -> None:
    paths = write_home(tmp_path / "home", both())
    results = dbt(paths, "build", as_of=AS_OF, own_rfcs=[OWN_RFC])
    done = Counter((str(r.node.resource_type), str(r.status)) for r in results)
    assert {status for _, status in done} == {"success", "pass", "no-op"}
    assert done["unit_test", "pass"] >= 5
    with straight.run(both(), AS_OF) as connection:
        made = straight.contents(connection)
        types = {mart: connection.execute(f"describe {mart}").fetchall() for mart in made}
        assert done["model", "success"] == len(
            connection.execute(
                "select 1 from duckdb_tables() where schema_name in ('marts', 'intermediate') "
                "union all select 1 from duckdb_views() where schema_name in ('staging', 'intermediate')"
            ).fetchall()
        )
        assert straight.broken(connection, AS_OF) == {}
    assert sum(map(len, made.values())) > 500
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{paths.marts_file}' as marts_db (read_only); use marts_db.marts")
        assert straight.contents(connection) == made
        assert {mart: connection.execute(f"describe {mart}").fetchall() for mart in made} == types
